import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SpanRecord } from '../../src/component/span.ts';
import { type OtelCollector, startOtelCollector } from './otel-collector.ts';
import { hex, record, startSink } from './trace-records.ts';

let collector: OtelCollector;
beforeAll(async () => {
  collector = await startOtelCollector();
});
afterAll(() => collector.stop());

const TRACES = 100;

/** Traces of three spans each, as a pipeline may send them: one by one. */
function threeEach(sampled: boolean | undefined): SpanRecord[][] {
  return Array.from({ length: TRACES }, () => {
    const traceId = hex(16);
    return [1, 2, 3].map(() => record({ traceId, sampled }));
  });
}

test.each<[string, string, boolean | undefined, (whole: number) => boolean]>([
  ['always_off', '', undefined, (whole) => whole === 0],
  ['parentbased_always_off', '', true, (whole) => whole === TRACES],
  ['parentbased_always_on', '', false, (whole) => whole === 0],
  ['always_on', '', false, (whole) => whole === TRACES],
  ['traceidratio', '0.5', undefined, (whole) => whole > 0 && whole < TRACES],
  ['traceidratio', '0.5', true, (whole) => whole > 0 && whole < TRACES],
  ['parentbased_traceidratio', '0.5', undefined, (whole) => whole > 0 && whole < TRACES],
  ['parentbased_traceidratio', '0', true, (whole) => whole === TRACES],
])('sampler %s %s, sampled by its sender: %s: traces whole or not at all', async (...given) => {
  const [name, ratio, sampled, isRight] = given;
  const env = { OTEL_TRACES_SAMPLER: name, OTEL_TRACES_SAMPLER_ARG: ratio };
  const { sink, drops } = startSink({ endpoint: collector.endpoint, env });
  const traces = threeEach(sampled);
  for (const i of [0, 1, 2]) sink.take(traces.map((spans) => spans[i] as SpanRecord));
  await sink.queue.close(new AbortController().signal);
  const counts = traces.map(
    ([span]) => collector.spans.filter(({ traceId }) => traceId === span?.traceId).length,
  );
  expect(counts.filter((count) => count !== 0 && count !== 3)).toEqual([]);
  expect(counts.filter((count) => count === 3).length).toSatisfy(isRight);
  expect(drops.size).toBe(0);
});
