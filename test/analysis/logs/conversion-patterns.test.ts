import { expect, it } from 'vitest';
import { reportPatterns } from '../../../src/http/log-reports.ts';
import type { StoredDocument } from '../../../src/sinks/documents/document.ts';
import { modelQueries } from '../../documents/model-queries.ts';

const HOUR_MS = 3_600_000;
const NOW_MS = 1_764_000_000_000;
const RANGE = { fromMs: NOW_MS - HOUR_MS, toMs: NOW_MS };

let nextId = 0;

function document(index: 'logs' | 'conversions', ms: number, fields: object): StoredDocument {
  return { id: `d-${nextId++}`, index, timeUs: ms * 1000, fields: fields as never };
}

/** `conversion_start` lines, as the kit writes them. */
function starts(count: number, ms: number, model_type?: string, hardware_target?: string) {
  const fields = { event_type: 'conversion_start', level: 'INFO', model_type, hardware_target };
  const known = Object.fromEntries(Object.entries(fields).filter(([, value]) => value));
  return Array.from({ length: count }, () => document('logs', ms, known));
}

function ends(count: number, ms: number, model_type: string, more: object) {
  const fields = { event: 'finished', model_type, hardware_target: 'loihi2', ...more };
  return Array.from({ length: count }, () => document('conversions', ms, fields));
}

const FINE = { success: true, duration_us: 2_500_000 };
const BROKEN = { success: false, error_type: 'OutOfMemory', duration_us: 40_000 };
const GIVEN_UP = { success: false, error_type: 'timeout', duration_us: 21_600_000_000 };
const now = NOW_MS - 1;
const before = RANGE.fromMs - 1;

const DOCUMENTS = [
  ...starts(3, now, 'vit', 'loihi2'),
  ...starts(4, now, 'bert', 'spinnaker'),
  ...starts(1, now),
  ...starts(2, before, 'vit', 'loihi2'),
  ...starts(5, before, 'gpt', 'cpu'),
  ...starts(9, before - HOUR_MS, 'vit', 'loihi2'),
  ...starts(9, NOW_MS, 'vit', 'loihi2'),
  // Lines that are of conversions, and no start.
  document('logs', now, { event_type: 'conversion_end', model_type: 'vit' }),
  ...ends(8, now, 'vit', FINE),
  ...ends(1, now, 'vit', BROKEN),
  ...ends(1, now, 'vit', GIVEN_UP),
  ...ends(30, before, 'vit', FINE),
  ...ends(1, now, 'bert', FINE),
  // Steps and starts of conversions are no ends.
  document('conversions', now, { event: 'step', model_type: 'vit', duration_us: 1 }),
];

it('counts the starts of a range by model type and hardware, as the kit does', async () => {
  const patterns = await reportPatterns(modelQueries(DOCUMENTS), RANGE);
  expect(JSON.stringify(patterns).slice(0, 80)).toBe(
    '{"by_model_type":{"bert":4,"vit":3},"by_hardware":{"spinnaker":4,"loihi2":3},"fr',
  );
  expect(patterns).toMatchObject({
    from: '2025-11-24T15:00:00.000Z',
    to: '2025-11-24T16:00:00.000Z',
  });
});

it('tells how conversions ended: shares, errors, quantiles of their durations', async () => {
  const { conversions, errors } = await reportPatterns(modelQueries(DOCUMENTS), RANGE);
  const { all, by_model_type, by_hardware } = conversions;
  expect(errors).toEqual({ OutOfMemory: 1, timeout: 1 });
  expect(by_model_type['vit']).toEqual({
    ...{ started: 3, finished: 10, failed: 2, timed_out: 1, failure_share: 0.2 },
    // Nine took time of their own: eight in (2, 3] s, one in (30, 50] ms. The rank of the median is
    // 4.5, so it stands 3.5 / 8 into its bucket.
    duration_seconds: { '0.5': 2 + 3.5 / 8, '0.9': 2 + 7.1 / 8, '0.99': 2 + 7.91 / 8 },
  });
  expect(by_model_type['bert']).toMatchObject({ started: 4, finished: 1, failure_share: 0 });
  expect(by_hardware['spinnaker']).toEqual({
    ...{ started: 4, finished: 0, failed: 0, timed_out: 0, failure_share: null },
    duration_seconds: { '0.5': null, '0.9': null, '0.99': null },
  });
  expect(all).toMatchObject({ started: 8, finished: 11, failed: 2, timed_out: 1 });
});

it('tells what changed against the range before, of groups that are gone too', async () => {
  const { changes } = await reportPatterns(modelQueries(DOCUMENTS), RANGE);
  expect(changes.before).toEqual({
    from: '2025-11-24T14:00:00.000Z',
    to: '2025-11-24T15:00:00.000Z',
  });
  expect(changes.by_model_type['gpt']?.started).toEqual({ before: 5, now: 0 });
  expect(changes.by_model_type['bert']).toMatchObject({
    started: { before: 0, now: 4 },
    failure_share: { before: null, now: 0, p_value: null },
    median_seconds: { before: null },
  });
  const vit = changes.by_model_type['vit'];
  expect(vit?.started).toEqual({ before: 2, now: 3 });
  // fisher.test of 2 of 10 and 0 of 30: 45 of the 780 pairs of the 40 are both among the ten.
  expect(vit?.failure_share).toMatchObject({ before: 0, now: 0.2 });
  expect(vit?.failure_share.p_value).toBeCloseTo(45 / 780, 12);
  expect(vit?.median_seconds).toEqual({ before: 2.5, now: 2 + 3.5 / 8 });
  expect(changes.test).toContain('Fisher');
});

it('keeps its shape where nothing is stored', async () => {
  const patterns = await reportPatterns(modelQueries([]), RANGE);
  expect(patterns.by_model_type).toEqual({});
  expect(patterns.by_hardware).toEqual({});
  expect(patterns.conversions.all.failure_share).toBeNull();
  expect(patterns.changes.all.finished).toEqual({ before: 0, now: 0 });
});
