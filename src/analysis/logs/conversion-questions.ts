import type { DocumentFilter } from '../../sinks/documents/document-store.ts';
import type { Answers, Question } from '../../sinks/documents/question.ts';
import type { TimeRange } from './time-range.ts';

/** Names of a map: the most frequent. */
export const NAMES_MAX = 1000;
/** Groups that are summed up to fewer afterwards. */
const GROUPS_MAX = 20_000;

/** Durations in µs, six bounds a decade, from 1 ms to 19 h: what quantiles are told from. */
export const DURATION_BOUNDS_US: readonly number[] = [3, 4, 5, 6, 7, 8, 9, 10].flatMap((decade) =>
  [1, 1.5, 2, 3, 5, 7].map((step) => step * 10 ** decade),
);

/** How the groups of conversions are told apart; the names of the fields in their index. */
export const GROUPINGS = ['model_type', 'hardware_target'] as const;
export type Grouping = (typeof GROUPINGS)[number];

/** What is asked of one range. */
export type ConversionAnswers = Answers<ReturnType<typeof conversionQuestions>>;

/**
 * What has to be known of the conversions of a range. Starts are counted by their log lines, as the
 * kit does it, so that lines of other programs count as well; how they ended is in their records.
 */
export function conversionQuestions({ fromMs, toMs }: TimeRange) {
  const range = { fromMs, toMs };
  const starts: DocumentFilter = {
    index: 'logs',
    ...range,
    having: { event_type: ['conversion_start'] },
  };
  const ends: DocumentFilter = { index: 'conversions', ...range, having: { event: ['finished'] } };
  const byOutcome = (field: Grouping) => [field, 'success', 'error_type'];
  return {
    started: { ask: 'count', filter: starts },
    startedBy_model_type: counted(starts, ['model_type'], NAMES_MAX),
    startedBy_hardware_target: counted(starts, ['hardware_target'], NAMES_MAX),
    endedBy_model_type: counted(ends, byOutcome('model_type'), GROUPS_MAX),
    endedBy_hardware_target: counted(ends, byOutcome('hardware_target'), GROUPS_MAX),
    tookBy_model_type: timed(ends, byOutcome('model_type')),
    tookBy_hardware_target: timed(ends, byOutcome('hardware_target')),
  } as const satisfies Record<string, Question>;
}

function counted(filter: DocumentFilter, fields: readonly string[], max: number) {
  return { ask: 'countBy', filter, fields, max } as const;
}

function timed(filter: DocumentFilter, fields: readonly string[]) {
  const durations = { numeric: 'duration_us', bounds: DURATION_BOUNDS_US, max: GROUPS_MAX };
  return { ask: 'bucketsBy', filter, fields, ...durations } as const;
}
