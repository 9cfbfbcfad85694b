import { bucketQuantile } from '../../numerics/bucket-quantile.ts';
import type { DocumentBuckets, DocumentGroup } from '../../sinks/documents/document-store.ts';
import {
  type ConversionAnswers,
  DURATION_BOUNDS_US,
  type Grouping,
} from './conversion-questions.ts';

/** Of a conversion that was given up: it did not finish within the bound. */
export const TIMEOUT = 'timeout';

/** Numbers of a group of conversions, as they are told; null where there is nothing to tell. */
export interface GroupNumbers {
  /** Their `conversion_start` lines. */
  readonly started: number;
  /** Ended, however that was. */
  readonly finished: number;
  readonly failed: number;
  /** Of the failed: given up. */
  readonly timed_out: number;
  readonly failure_share: number | null;
  /** Of those that were not given up, failed ones too. */
  readonly duration_seconds: Readonly<Record<'0.5' | '0.9' | '0.99', number | null>>;
}

/** What is added up of a group before its shares are taken. */
interface Sums {
  started: number;
  finished: number;
  failed: number;
  timedOut: number;
  readonly counts: number[];
}

function newSums(): Sums {
  const counts = DURATION_BOUNDS_US.map(() => 0);
  return { started: 0, finished: 0, failed: 0, timedOut: 0, counts: [...counts, 0] };
}

/** The groups of a range by name, those with most starts first, then those with most ends. */
export function conversionGroups(
  answers: ConversionAnswers,
  grouping: Grouping,
): ReadonlyMap<string, GroupNumbers> {
  const sums = new Map<string, Sums>();
  const sumsOf = ({ key: [name] }: DocumentGroup): Sums | undefined => {
    if (typeof name !== 'string') return undefined;
    const known = sums.get(name) ?? newSums();
    sums.set(name, known);
    return known;
  };
  for (const group of answers[`startedBy_${grouping}`]) {
    const of = sumsOf(group);
    if (of !== undefined) of.started += group.count;
  }
  for (const group of answers[`endedBy_${grouping}`]) addEnds(sumsOf(group), group);
  for (const group of answers[`tookBy_${grouping}`]) addDurations(sumsOf(group), group);
  return new Map([...sums].map(([name, each]) => [name, numbersOf(each)]));
}

/** All conversions of a range, also those without a name. */
export function allConversions(answers: ConversionAnswers): GroupNumbers {
  const sums = newSums();
  sums.started = answers.started;
  for (const group of answers.endedBy_model_type) addEnds(sums, group);
  for (const group of answers.tookBy_model_type) addDurations(sums, group);
  return numbersOf(sums);
}

/** How many failed, by error type; most first. */
export function failuresByType(answers: ConversionAnswers): Readonly<Record<string, number>> {
  const byType = new Map<string, number>();
  for (const { key, count } of answers.endedBy_model_type) {
    const [, success, type] = key;
    if (success === false && typeof type === 'string') {
      byType.set(type, (byType.get(type) ?? 0) + count);
    }
  }
  const sorted = [...byType].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return Object.fromEntries(sorted);
}

/** Groups are [name, success, error_type]. */
function addEnds(sums: Sums | undefined, { key, count }: DocumentGroup): void {
  if (sums === undefined) return;
  const [, success, type] = key;
  sums.finished += count;
  if (success === false) sums.failed += count;
  if (success === false && type === TIMEOUT) sums.timedOut += count;
}

function addDurations(sums: Sums | undefined, { key, counts }: DocumentBuckets): void {
  // One that was given up took no time of its own.
  if (sums === undefined || key[2] === TIMEOUT) return;
  for (const [i, count] of counts.entries()) {
    sums.counts[i] = (sums.counts[i] as number) + count;
  }
}

function numbersOf({ started, finished, failed, timedOut, counts }: Sums): GroupNumbers {
  const seconds = (q: number) => {
    const us = bucketQuantile(DURATION_BOUNDS_US, counts, q);
    return us === undefined ? null : us / 1e6;
  };
  return {
    started,
    finished,
    failed,
    timed_out: timedOut,
    failure_share: finished === 0 ? null : failed / finished,
    duration_seconds: { '0.5': seconds(0.5), '0.9': seconds(0.9), '0.99': seconds(0.99) },
  };
}
