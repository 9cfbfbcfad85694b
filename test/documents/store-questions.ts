import { reportAnomalies, reportPatterns } from '../../src/http/log-reports.ts';
import type { DocumentFilter, DocumentQueries } from '../../src/sinks/documents/document-store.ts';
import type { GeneratedRange } from './generate-documents.ts';

/** The documents that are asked about: as many as a test has the time for. */
export const RANGE: GeneratedRange = {
  seed: 6,
  count: 5000,
  fromMs: 1_764_000_000_000,
  toMs: 1_764_003_600_000,
};

type Ask = (queries: DocumentQueries) => Promise<unknown>;

/** A question, what it is about, and how much the answer has at least. */
export interface Asked {
  readonly what: string;
  readonly ask: Ask;
  readonly least: number;
}

const ALL: DocumentFilter = { index: 'logs', fromMs: RANGE.fromMs, toMs: RANGE.toMs };
const HALF_MS = (RANGE.fromMs + RANGE.toMs) / 2;
const FINISHED: DocumentFilter = {
  ...ALL,
  index: 'conversions',
  having: { event: ['finished'] },
};

/** Filters by what they say, with how many documents they match at least. */
const FILTERS: readonly [string, DocumentFilter, number][] = [
  ['every line', ALL, 2000],
  ['every conversion', { ...ALL, index: 'conversions' }, 1000],
  ['every run', { ...ALL, index: 'runs' }, 100],
  ['rates', { ...ALL, index: 'rates' }, 100],
  ['the first half', { ...ALL, toMs: HALF_MS }, 1000],
  ['the second half', { ...ALL, fromMs: HALF_MS }, 1000],
  ['no time at all', { ...ALL, toMs: ALL.fromMs }, 0],
  ['lines of a level', { ...ALL, having: { level: ['ERROR'] } }, 100],
  ['lines of two levels', { ...ALL, having: { level: ['ERROR', 'CRITICAL'] } }, 100],
  ['lines of a level and type', { ...ALL, having: { level: ['INFO'], event_type: ['x'] } }, 0],
  ['a truth', { ...ALL, having: { requires_attention: [false] } }, 100],
  ['an empty name', { ...ALL, having: { model_type: [''] } }, 10],
  ['names in other scripts', { ...ALL, having: { model_type: ['模型', '🧠'] } }, 10],
  ['names that differ in case', { ...ALL, having: { hardware_target: ['Loihi2'] } }, 10],
  ['lines with an error type', { ...ALL, with: ['error_type'] }, 100],
  ['lines with a number', { ...ALL, with: ['spike_rate', 'duration_seconds'] }, 100],
  ['none', { ...ALL, having: { level: ['FATAL'] } }, 0],
];

const GROUPED: readonly (readonly [DocumentFilter, readonly string[]])[] = [
  [ALL, ['level']],
  [{ ...ALL, having: { event_type: ['conversion_start'] } }, ['model_type']],
  [{ ...ALL, having: { level: ['ERROR', 'CRITICAL'] } }, ['event_type', 'error_type']],
  [ALL, ['requires_attention', 'level']],
  [FINISHED, ['model_type', 'success', 'error_type']],
  [{ ...FINISHED, having: { success: [true, false] } }, ['hardware_target']],
  [{ ...ALL, index: 'runs' }, ['hardware', 'is_complete']],
  [{ ...ALL, index: 'health' }, ['device_type', 'connected']],
];

const SECOND_US = 1e6;
const BUCKETED: readonly (readonly [DocumentFilter, string[], string, number[], number])[] = [
  [FINISHED, ['model_type'], 'duration_us', [0.1, 0.5, 1, 5, 60].map((s) => s * SECOND_US), 5],
  [FINISHED, ['hardware_target', 'success'], 'duration_us', [1e5, 1e6], 8],
  [ALL, ['level'], 'duration_seconds', [0, 1e-300, 5], 4],
  [ALL, ['level'], 'line', [-1, 0, 499], 4],
  [{ ...ALL, toMs: ALL.fromMs }, ['level'], 'line', [1], 0],
];

export const ASKED: readonly Asked[] = [
  ...FILTERS.flatMap(([what, filter, least]): Asked[] => {
    const some = Math.min(least, 1);
    return [
      { what: `how many are ${what}`, ask: (q) => q.count(filter), least },
      { what: `the first of ${what}`, ask: (q) => q.list(filter, 'oldest', 250), least: some },
      { what: `the last of ${what}`, ask: (q) => q.list(filter, 'newest', 250), least: some },
      { what: `three of ${what}`, ask: (q) => q.list(filter, 'newest', 3), least: some },
    ];
  }),
  ...GROUPED.flatMap(([filter, fields]): Asked[] => {
    const what = `of ${filter.index} by ${fields.join(', ')}`;
    return [
      { what: `counts ${what}`, ask: (q) => q.countBy(filter, fields, 1000), least: 2 },
      { what: `the two largest ${what}`, ask: (q) => q.countBy(filter, fields, 2), least: 2 },
    ];
  }),
  ...BUCKETED.map(
    ([filter, fields, numeric, bounds, least]): Asked => ({
      what: `${numeric} by ${bounds.length} bounds and ${fields.join(', ')}`,
      ask: (q) => q.bucketsBy(filter, fields, numeric, bounds, 100),
      least,
    }),
  ),
  {
    what: 'the log analysis its patterns',
    ask: (q) => reportPatterns(q, { fromMs: HALF_MS, toMs: RANGE.toMs }),
    least: 6,
  },
  {
    what: 'the log analysis its anomalies',
    ask: (q) => reportAnomalies(q, { fromMs: HALF_MS, toMs: RANGE.toMs }),
    least: 3,
  },
];

export const SENSELESS: readonly (readonly [string, Ask])[] = [
  ['counts by a text', (queries) => queries.countBy(ALL, ['message'], 10)],
  ['counts by a number', (queries) => queries.countBy(ALL, ['line'], 10)],
  ['counts by nothing', (queries) => queries.countBy(ALL, [], 10)],
  ['counts by what is no field', (queries) => queries.countBy(ALL, ['nope"; --'], 10)],
  ['buckets of a name', (queries) => queries.bucketsBy(ALL, ['level'], 'level', [1], 10)],
  ['bounds that fall', (queries) => queries.bucketsBy(ALL, ['level'], 'line', [2, 1], 10)],
  ['a part of a ms', (queries) => queries.count({ ...ALL, fromMs: 0.5 })],
  ['a value of another type', (queries) => queries.count({ ...ALL, having: { level: [true] } })],
  ['no value', (queries) => queries.count({ ...ALL, having: { level: [] } })],
  ['whether a text is there', (queries) => queries.count({ ...ALL, with: ['message'] })],
];
