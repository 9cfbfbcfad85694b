import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { SpanRecord } from '../../src/component/span.ts';
import { hearSdkMessages } from '../../src/telemetry/sdk-messages.ts';
import { type OtelCollector, startOtelCollector } from './otel-collector.ts';
import { namesOf } from './otlp-json.ts';
import { hex, record, records, type Sink, type SinkOptions, startSink } from './trace-records.ts';
import { until } from './until.ts';

let collector: OtelCollector;
beforeAll(async () => {
  collector = await startOtelCollector();
});
afterAll(() => collector.stop());

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
  vi.unstubAllEnvs();
});

/** A sink to the collector of all tests, or another; it is gone after the test. */
function start(options: Partial<SinkOptions> = {}): Sink {
  const started = startSink({ endpoint: collector.endpoint, ...options });
  open.push(() => started.sink.queue.close(AbortSignal.abort()));
  return started;
}

function received(ids: readonly SpanRecord[]): number {
  const wanted = new Set(ids.map(({ spanId }) => spanId));
  return collector.spans.filter(({ spanId }) => wanted.has(spanId)).length;
}

const isReceived = (ids: readonly SpanRecord[]) => () => received(ids) === ids.length;

test('a record arrives as it is: ids, parents, times, attributes, error, resource', async () => {
  const traceId = hex(16);
  const sender = hex(8);
  const startUs = 1_795_123_456_789_012 + 0.25;
  const root = record({
    name: 'model_conversion',
    traceId,
    parentSpanId: sender,
    traceState: 'a=1,b=2',
    sampled: true,
    startUs,
    endUs: startUs + 10_000_000,
    attributes: { 'model.type': 'vit', 'model.parameters': 2 ** 33, share: 0.1, success: false },
    error: 'no core left',
  });
  const layers = record({ name: 'layer_conversion', traceId, parentSpanId: root.spanId, startUs });
  const layer = (i: number, spanUs: number) =>
    record({
      ...{ name: `convert_layer_${i}`, traceId, parentSpanId: layers.spanId },
      ...{ startUs: startUs + i, endUs: startUs + i + spanUs },
    });
  const all = [layer(1, 0.5), layer(0, 123_457), layers, root];
  const { sink, drops } = start();
  sink.take(all);
  await collector.until('all are there', isReceived(all));
  const tree = collector.tree(traceId);
  expect(namesOf(tree)).toEqual([
    [
      'model_conversion',
      [
        [
          'layer_conversion',
          [
            ['convert_layer_0', []],
            ['convert_layer_1', []],
          ],
        ],
      ],
    ],
  ]);
  expect(tree[0]?.span).toEqual({
    name: 'model_conversion',
    traceId,
    spanId: root.spanId,
    parentSpanId: sender,
    traceState: 'a=1,b=2',
    kind: 'internal',
    startNs: 1_795_123_456_789_012_250n,
    endNs: 1_795_123_466_789_012_250n,
    attributes: root.attributes,
    links: [],
    status: 'error',
    statusMessage: 'no core left',
    resource: expect.objectContaining({ 'service.name': 'spikescope', 'service.version': '1.2.3' }),
    scope: 'spikescope@1.2.3',
  });
  const [first, second] = tree[0]?.children[0]?.children.map(({ span }) => span) ?? [];
  expect((first?.endNs ?? 0n) - (first?.startNs ?? 0n)).toBe(123_457_000n);
  expect((second?.endNs ?? 0n) - (second?.startNs ?? 0n)).toBe(500n);
  expect(second?.status).toBe('unset');
  expect(drops.size).toBe(0);
});

test('times are those of recordings too: from 0, not before, and to the end of time', async () => {
  const { sink } = start();
  const early = record({ startUs: -5, endUs: 7 });
  const backward = record({ startUs: 9, endUs: 8 });
  const late = record({ startUs: 2 ** 53 - 2, endUs: 2 ** 53 - 1 });
  const all = [early, backward, late];
  sink.take(all);
  await collector.until('all are there', isReceived(all));
  const timesOf = ({ spanId }: SpanRecord) => {
    const span = collector.spans.find((each) => each.spanId === spanId);
    return [span?.startNs, span?.endNs];
  };
  expect(timesOf(early)).toEqual([0n, 7000n]);
  expect(timesOf(backward)).toEqual([9000n, 9000n]);
  expect(timesOf(late)).toEqual([9_007_199_254_740_990_000n, 9_007_199_254_740_991_000n]);
});

test('the receiver away: counted, said once; back again: what comes then arrives', async () => {
  const gone = await startOtelCollector();
  open.push(() => gone.stop());
  // Refused, the exporter gives up after a second; the rest is for a busy machine.
  const { sink, drops, said } = start({ endpoint: gone.endpoint, timeoutMillis: 2000 });
  const arrives = async () => {
    const one = record();
    sink.take([one]);
    await sink.queue.forceFlush();
    const isThere = gone.spans.some(({ spanId }) => spanId === one.spanId);
    // One that took too long on a busy machine may be there and count as failed.
    return isThere && !(said.at(-1) ?? '').startsWith('failing');
  };
  await until('one is there', arrives);
  await gone.kill();
  const failed = () => drops.get('export_failed') ?? 0;
  const before = failed();
  const saidBefore = said.length;
  sink.take(records(3));
  await until('they are given up', () => failed() === before + 3);
  sink.take(records(4));
  await until('so are these', () => failed() === before + 7);
  expect(said.slice(saidBefore)).toEqual([expect.stringMatching(/^failing: .*ECONNREFUSED/)]);
  await gone.start();
  await until('one is there again', arrives);
  expect(said.at(-1)).toBe('recovered');
  expect([...drops.keys()]).toEqual(['export_failed']);
  expect(sink.queue.depth.messages).toBe(0);
});

test('no more wait than may; every span arrives or is counted', async () => {
  const env = { OTEL_BSP_MAX_QUEUE_SIZE: '50', OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '20' };
  const { sink, drops } = start({ env });
  const burst = records(200);
  sink.take(burst);
  // One batch is under way, and what may wait waits.
  expect(sink.queue.depth.messages).toBe(70);
  expect(drops).toEqual(new Map([['queue_full', 130]]));
  await collector.until('those with room are there', () => received(burst) === 70);
  await until('none waits', () => sink.queue.depth.messages === 0);
  const later = records(50);
  sink.take(later);
  await collector.until('there is room again', isReceived(later));
  expect(drops).toEqual(new Map([['queue_full', 130]]));
});

test('stopping sends what waits', async () => {
  const { sink, drops } = start({ env: { OTEL_BSP_SCHEDULE_DELAY: '60000' } });
  const all = records(1300);
  sink.take(all);
  await sink.queue.close(new AbortController().signal);
  expect(received(all)).toBe(1300);
  sink.take(records(1));
  expect(drops).toEqual(new Map([['stopped', 1]]));
});

test('a receiver that never answers delays stopping no longer than it may', async () => {
  const frozen = await startOtelCollector();
  open.push(() => frozen.stop());
  const { sink, drops } = start({ endpoint: frozen.endpoint });
  frozen.signal('SIGSTOP');
  sink.take(records(700));
  // The first 512 are under way, the rest waits.
  expect(sink.queue.depth.messages).toBe(700);
  await sink.queue.close(AbortSignal.timeout(100));
  expect(drops).toEqual(new Map([['stopped', 700]]));
  expect(sink.queue.depth.messages).toBe(0);
  frozen.signal('SIGCONT');
});

test('an export that takes longer than it may is counted as failed', async () => {
  const frozen = await startOtelCollector();
  open.push(() => frozen.stop());
  const env = { OTEL_BSP_EXPORT_TIMEOUT: '50' };
  const { sink, drops, said } = start({ endpoint: frozen.endpoint, env });
  frozen.signal('SIGSTOP');
  sink.take(records(2));
  await until('it is given up', () => drops.get('export_failed') === 2);
  expect(said).toEqual(['failing: took over 50 ms']);
  frozen.signal('SIGCONT');
});

test('spans that the receiver refuses one by one are counted', async () => {
  // ExportTraceServiceResponse { partial_success { rejected_spans: 3, error_message: "no" } }
  const answer = Buffer.from('0a0608031202', 'hex');
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => response.end(Buffer.concat([answer, Buffer.from('no')])));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  open.push(() => server.close());
  const warnings: string[] = [];
  let refused = 0;
  const unhear = hearSdkMessages({
    warn: (text) => warnings.push(text),
    refused: (spans) => {
      refused += spans;
    },
  });
  open.push(unhear);
  const { port } = server.address() as AddressInfo;
  const { sink } = start({ endpoint: `http://127.0.0.1:${port}` });
  sink.take(records(5));
  await until('the answer is read', () => refused === 3);
  sink.take(records(5));
  await until('so is the second', () => refused === 6);
  expect(warnings).toEqual([expect.stringMatching(/^OpenTelemetry: .*"rejectedSpans":3/)]);
});

test('who sends is as the variables say; long texts are cut to their limit', async () => {
  vi.stubEnv('OTEL_SERVICE_NAME', 'lab-7');
  vi.stubEnv('OTEL_RESOURCE_ATTRIBUTES', 'service.name=no,deployment.environment.name=a%20b');
  const { sink, said } = start({ env: { OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT: '4' } });
  const one = record({ attributes: { text: 'abcdef', number: 123_456 } });
  sink.take([one]);
  await collector.until('it is there', isReceived([one]));
  const span = collector.spans.find(({ spanId }) => spanId === one.spanId);
  expect(span?.resource).toMatchObject({
    'service.name': 'lab-7',
    'service.version': '1.2.3',
    'deployment.environment.name': 'a b',
  });
  expect(span?.attributes).toEqual({ text: 'abcd', number: 123_456 });
  expect(said).toEqual([]);
  vi.stubEnv('OTEL_RESOURCE_ATTRIBUTES', 'a');
  expect(start().said).toEqual([expect.stringContaining('OTEL_RESOURCE_ATTRIBUTES')]);
});
