import { expect, it } from 'vitest';
import { reportAnomalies } from '../../../src/http/log-reports.ts';
import type { StoredDocument } from '../../../src/sinks/documents/document.ts';
import { modelQueries } from '../../documents/model-queries.ts';

const HOUR_MS = 3_600_000;
const NOW_MS = 1_764_000_000_000;
const RANGE = { fromMs: NOW_MS - 6 * HOUR_MS, toMs: NOW_MS };
const LAST = NOW_MS - 1;
const BEFORE = RANGE.fromMs - 1;

let nextId = 0;

function many(count: number, index: 'logs' | 'conversions', ms: number, fields: object) {
  return Array.from({ length: count }, (): StoredDocument => {
    return { id: `d-${nextId++}`, index, timeUs: ms * 1000, fields: fields as never };
  });
}

const lines = (count: number, ms: number, fields: object) => many(count, 'logs', ms, fields);
const ends = (count: number, hardware_target: string, success: boolean, error_type?: string) =>
  many(count, 'conversions', LAST, {
    ...{ event: 'finished', hardware_target, success },
    ...(error_type !== undefined && { error_type }),
  });

async function told(documents: readonly StoredDocument[]) {
  return await reportAnomalies(modelQueries(documents), RANGE);
}

it('is content with a quiet store', async () => {
  expect(await told([])).toEqual([]);
  expect(await told(lines(500, LAST, { level: 'INFO' }))).toEqual([]);
});

it.each([
  [10, []],
  [11, [{ type: 'high_error_rate', count: 11, severity: 'warning' }]],
])('takes %i errors in the last hour for %j', async (count, expected) => {
  const rest = [
    ...lines(100, NOW_MS - HOUR_MS - 1, { level: 'ERROR' }),
    ...lines(100, LAST, { level: 'WARNING' }),
    ...lines(100, NOW_MS, { level: 'ERROR' }),
  ];
  const anomalies = await told([...rest, ...lines(count, LAST, { level: 'ERROR' })]);
  expect(anomalies.map(({ type, count, severity }) => ({ type, count, severity }))).toEqual(
    expected,
  );
});

it('tells the three of the kit first', async () => {
  const [first] = await told(lines(12, NOW_MS - HOUR_MS, { level: 'ERROR' }));
  expect(JSON.stringify(first)).toMatch(
    /^\{"type":"high_error_rate","count":12,"severity":"warning"/,
  );
});

it('tells lines of level CRITICAL, however few', async () => {
  expect(await told(lines(1, LAST, { level: 'CRITICAL' }))).toEqual([
    { type: 'critical_errors', count: 1, severity: 'critical' },
  ]);
});

it('tells types of errors that were never there before the range', async () => {
  const error = (error_type: string) => ({ level: 'ERROR', error_type, event_type: 'e' });
  const anomalies = await told([
    ...lines(2, BEFORE, error('OutOfMemory')),
    ...lines(3, LAST, error('OutOfMemory')),
    ...lines(2, LAST, error('MappingError')),
    ...lines(1, LAST, { level: 'ERROR', event_type: 'hardware_error' }),
    ...lines(1, BEFORE, { level: 'INFO', event_type: 'x', error_type: 'Benign' }),
    ...lines(1, LAST, error('Benign')),
  ]);
  const more = { severity: 'warning', type: 'new_error_type', has_history: true };
  expect(anomalies).toEqual([
    { ...more, count: 2, error_type: 'MappingError' },
    { ...more, count: 1, error_type: 'Benign' },
    { ...more, count: 1, error_type: 'hardware_error' },
  ]);
});

it('says so where there is nothing from before to compare with', async () => {
  const fields = { level: 'ERROR', error_type: 'OutOfMemory' };
  expect(await told(lines(2, LAST, fields))).toMatchObject([
    { type: 'new_error_type', count: 2, severity: 'info', has_history: false },
  ]);
});

it('tells hardware on which too many conversions fail, with the test and its p', async () => {
  const anomalies = await told([
    ...ends(10, 'loihi2', false, 'OutOfMemory'),
    ...ends(2, 'loihi2', true),
    ...ends(3, 'spinnaker', false, 'OutOfMemory'),
    ...ends(15, 'spinnaker', true),
  ]);
  expect(anomalies).toEqual([
    {
      ...{ type: 'hardware_failure_share', count: 10, severity: 'warning', hardware: 'loihi2' },
      ...{ failed: 10, finished: 12, failure_share: 10 / 12, failure_share_elsewhere: 3 / 18 },
      test: "Fisher's exact test against all other hardware, one-sided, Holm",
      // 0.000465 of fisher.test for one of two: twice that after Holm.
      p_value: expect.closeTo(2 * 0.00046518094336290503, 10),
    },
  ]);
});

it('takes chance for chance, and one kind of hardware for itself', async () => {
  const even = [
    ...ends(3, 'loihi2', false, 'OutOfMemory'),
    ...ends(9, 'loihi2', true),
    ...ends(2, 'spinnaker', false, 'OutOfMemory'),
    ...ends(16, 'spinnaker', true),
  ];
  expect(await told(even)).toEqual([]);
  expect(await told(ends(50, 'loihi2', false, 'OutOfMemory'))).toEqual([]);
});

it('tells conversions that never finished', async () => {
  const documents = [
    ...ends(2, 'loihi2', false, 'timeout'),
    ...ends(1, 'cpu', false, 'timeout'),
    ...ends(20, 'cpu', true),
    ...ends(20, 'loihi2', true),
  ];
  expect(await told(documents)).toEqual([
    { type: 'timeout', count: 3, severity: 'warning', by_hardware: { loihi2: 2, cpu: 1 } },
  ]);
});
