import { fisherExact } from '../../numerics/fisher-exact.ts';
import {
  allConversions,
  conversionGroups,
  failuresByType,
  type GroupNumbers,
} from './conversion-groups.ts';
import type { ConversionAnswers, Grouping } from './conversion-questions.ts';
import { rangeBefore, shownRange, type TimeRange } from './time-range.ts';

/** A number of a group in the range before and in the range. */
export interface Change<Value> {
  readonly before: Value;
  readonly now: Value;
}

/** What changed in a group; the share of failures with the chance that it changed by chance. */
export interface GroupChange {
  readonly started: Change<number>;
  readonly finished: Change<number>;
  readonly failure_share: Change<number | null> & { readonly p_value: number | null };
  readonly median_seconds: Change<number | null>;
}

type ByName<Value> = Readonly<Record<string, Value>>;

/** What `logs analyze --json` prints: the first two keys are the kit's. */
export interface ConversionPatterns {
  /** `conversion_start` lines by the type of the model. */
  readonly by_model_type: ByName<number>;
  /** … and by the hardware they are for. */
  readonly by_hardware: ByName<number>;
  readonly from: string;
  readonly to: string;
  readonly conversions: {
    readonly all: GroupNumbers;
    readonly by_model_type: ByName<GroupNumbers>;
    readonly by_hardware: ByName<GroupNumbers>;
  };
  /** Failed ones by the type of their error. */
  readonly errors: ByName<number>;
  readonly changes: {
    /** The range before: as long, and ends where this one begins. */
    readonly before: { readonly from: string; readonly to: string };
    /** How p values are computed. */
    readonly test: string;
    readonly all: GroupChange;
    readonly by_model_type: ByName<GroupChange>;
    readonly by_hardware: ByName<GroupChange>;
  };
}

export const CHANGE_TEST = "Fisher's exact test, two-sided";

/** Patterns of the conversions of a range, beside those of the range before. */
export function conversionPatterns(
  range: TimeRange,
  now: ConversionAnswers,
  before: ConversionAnswers,
): ConversionPatterns {
  const groups = (grouping: Grouping) => conversionGroups(now, grouping);
  const changes = (grouping: Grouping) =>
    changesOf(conversionGroups(before, grouping), groups(grouping));
  return {
    by_model_type: countsOf(now.startedBy_model_type),
    by_hardware: countsOf(now.startedBy_hardware_target),
    ...shownRange(range),
    conversions: {
      all: allConversions(now),
      by_model_type: Object.fromEntries(groups('model_type')),
      by_hardware: Object.fromEntries(groups('hardware_target')),
    },
    errors: failuresByType(now),
    changes: {
      before: shownRange(rangeBefore(range)),
      test: CHANGE_TEST,
      all: changeOf(allConversions(before), allConversions(now)),
      by_model_type: changes('model_type'),
      by_hardware: changes('hardware_target'),
    },
  };
}

/** Lines without the name are in no group. */
function countsOf(groups: ConversionAnswers['startedBy_model_type']): ByName<number> {
  const named = groups.filter(({ key: [name] }) => typeof name === 'string');
  return Object.fromEntries(named.map(({ key: [name], count }) => [name as string, count]));
}

type Groups = ReadonlyMap<string, GroupNumbers>;

function changesOf(before: Groups, now: Groups): ByName<GroupChange> {
  const names = new Set([...now.keys(), ...before.keys()]);
  const changes = [...names].map((name) => {
    return [name, changeOf(before.get(name) ?? NONE, now.get(name) ?? NONE)] as const;
  });
  return Object.fromEntries(changes);
}

const NONE: GroupNumbers = {
  started: 0,
  finished: 0,
  failed: 0,
  timed_out: 0,
  failure_share: null,
  duration_seconds: { '0.5': null, '0.9': null, '0.99': null },
};

function changeOf(before: GroupNumbers, now: GroupNumbers): GroupChange {
  const change = <Value>(of: (numbers: GroupNumbers) => Value): Change<Value> => ({
    before: of(before),
    now: of(now),
  });
  const isComparable = before.finished > 0 && now.finished > 0;
  const table = {
    having: now.failed,
    of: now.finished,
    otherHaving: before.failed,
    otherOf: before.finished,
  };
  return {
    started: change(({ started }) => started),
    finished: change(({ finished }) => finished),
    failure_share: {
      ...change(({ failure_share }) => failure_share),
      p_value: isComparable ? fisherExact(table, 'two-sided') : null,
    },
    median_seconds: change(({ duration_seconds }) => duration_seconds['0.5']),
  };
}
