import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import { afterEach, expect, test, vi } from 'vitest';
import { spikesFrame } from '../../src/emitter/frame-builders.ts';
import { frameMessage } from '../../src/emitter/frame-message.ts';
import { SequenceCounter } from '../../src/emitter/sequence-counter.ts';
import type { Frame } from '../../src/frames/frame.ts';
import { runProgram } from '../cli/program.ts';
import { conversionEvents } from '../operators/conversion-events.ts';
import { connectEmitter } from './nats-reader.ts';
import { startNatsServer } from './nats-server.ts';
import { type OtelCollector, startOtelCollector } from './otel-collector.ts';
import { type ServiceProcess, startService } from './service-process.ts';

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
  vi.unstubAllEnvs();
});

async function startCollector(): Promise<OtelCollector> {
  const collector = await startOtelCollector();
  open.push(() => collector.stop());
  return collector;
}

interface Running {
  readonly service: ServiceProcess;
  readonly emitter: NatsConnection;
  readonly send: (frame: Frame, traceparent?: string) => void;
}

async function start(
  variables: Readonly<Record<string, string>>,
  config = '',
  waiting = 'listening on',
): Promise<Running> {
  const nats = await startNatsServer();
  open.push(() => nats.stop());
  const file = join(nats.folder, 'spikescope.yaml');
  await writeFile(file, config);
  const args = ['run', '--config', file, '--nats', nats.url, '--http', '127.0.0.1:0'];
  const service = await startService(args, { OTEL_BSP_SCHEDULE_DELAY: '20', ...variables });
  open.push(() => service.stop());
  await service.logged(waiting);
  const emitter = await connectEmitter(nats.url);
  open.push(() => emitter.close());
  const counter = new SequenceCounter('test');
  const send = (frame: Frame, traceparent?: string) => {
    const message = frameMessage(frame, { counter });
    const fields = headers();
    for (const [name, value] of message.headers) fields.set(name, value);
    if (traceparent !== undefined) fields.set('traceparent', traceparent);
    emitter.publish(message.subject, message.data, { headers: fields });
  };
  return { service, emitter, send };
}

const T0 = 1_700_000_000_000_000;

function spikes(i: number): Frame {
  return spikesFrame({
    ...{ deviceType: 'cpu', chipId: 'c', t0Us: T0 + i * 1000, spanUs: 1000, emitter: 'e' },
    ...{ layerName: `l${i}`, neuronType: 'lif', neuronCount: 4 },
    ...{ neuronId: Uint32Array.of(1), dtUs: Uint32Array.of(5) },
  });
}

const hex = (bytes: number): string => randomBytes(bytes).toString('hex');
const ENDPOINT = 'OTEL_EXPORTER_OTLP_ENDPOINT';

test('own work: a span a batch with links to the senders, and its ids in the log', async () => {
  const collector = await startCollector();
  // More layers than a metric may have series, so that the service writes a line.
  const config = 'traces: { own_work: true }\nmetrics: { series_max: 20 }\n';
  const { service, emitter, send } = await start({ [ENDPOINT]: collector.endpoint }, config);
  const senders = Array.from({ length: 60 }, () => `${hex(16)}-${hex(8)}`);
  for (const [i, ids] of senders.entries()) {
    send(spikes(i), `00-${ids}-01`);
    if (i % 20 === 19) await emitter.flush();
  }
  const counted = () =>
    collector.spans.reduce((sum, { attributes }) => {
      return sum + Number(attributes['messaging.batch.message_count']);
    }, 0);
  await collector.until('every message is in a batch', () => counted() === senders.length);
  expect(collector.spans.flatMap(({ links }) => links).sort()).toEqual(senders.toSorted());
  for (const span of collector.spans) {
    expect(span).toMatchObject({
      name: 'process spikeformer.{kind}.{device_type}.{chip_id}',
      kind: 'consumer',
      status: 'unset',
      parentSpanId: undefined,
    });
    expect(span.attributes).toMatchObject({
      'messaging.system': 'nats',
      'messaging.system.name': 'nats',
      'messaging.operation.type': 'process',
      'messaging.destination.name': 'spikeformer.spikes.cpu.c',
    });
    expect(span.endNs).toBeGreaterThanOrEqual(span.startNs);
  }
  await service.logged('as many series as it may');
  const lines = service.log().trim().split('\n');
  const line = lines.find((text) => text.includes('as many series as it may')) ?? '{}';
  const { trace_id, span_id } = JSON.parse(line) as Record<string, unknown>;
  const ids = collector.spans.map(({ traceId, spanId }) => `${traceId}-${spanId}`);
  expect(ids).toContain(`${trace_id}-${span_id}`);
  // What is written outside of a batch belongs to none.
  expect(lines[0]).not.toContain('trace_id');
});

test('own work is not traced unless asked for; conversions are, as the variables say', async () => {
  const collector = await startCollector();
  const { service, send } = await start({
    [ENDPOINT]: collector.endpoint,
    OTEL_SERVICE_NAME: 'lab-7',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
  });
  const traceId = hex(16);
  const sender = hex(8);
  for (let i = 0; i < 10; i++) send(spikes(i), `00-${hex(16)}-${hex(8)}-01`);
  const events = conversionEvents('c', T0);
  send(events.started(), `00-${traceId}-${sender}-01`);
  send(events.finished(1_234_567));
  await service.until('all is processed', (seen) => seen.sum('spikescope_frames_total') === 12);
  // Stopping sends all that there is.
  expect(await service.stop()).toBe(0);
  expect(collector.spans).toHaveLength(1);
  const [span] = collector.spans;
  expect(span).toMatchObject({ name: 'model_conversion', traceId, parentSpanId: sender });
  expect((span?.endNs ?? 0n) - (span?.startNs ?? 0n)).toBe(1_234_567_000n);
  expect(span?.resource).toMatchObject({
    'service.name': 'lab-7',
    'deployment.environment.name': 'test',
  });
});

/** Says on stderr which modules of the SDK are asked for. */
const WATCH_MODULES = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  registerHooks({ resolve(name, context, next) {
    if (/sdk-trace|otlp|undici/.test(name)) process._rawDebug('needs ' + name);
    return next(name, context);
  } });
`)}`;

test.each<[string, Record<string, string>, string, boolean]>([
  ['no variable is set', {}, '', false],
  ['own work alone is on', {}, 'traces: { own_work: true }', false],
  ['the SDK is disabled', { [ENDPOINT]: 'http://h', OTEL_SDK_DISABLED: 'true' }, '', false],
  ['it is on', {}, 'traces: { enabled: true }', true],
])('the SDK where %s', async (_when, variables, config, isLoaded) => {
  const hooks = { NODE_OPTIONS: `--import=${WATCH_MODULES}` };
  const { service } = await start({ ...variables, ...hooks }, config);
  expect(/needs @opentelemetry\/sdk-trace/.test(service.log())).toBe(isLoaded);
  expect(service.log().includes('needs @opentelemetry')).toBe(isLoaded);
  expect(service.log().includes('sending traces to http://localhost:4318')).toBe(isLoaded);
});

test('the receiver away: the service goes on, counts, and stops', async () => {
  const collector = await startCollector();
  const { service, send } = await start({
    [ENDPOINT]: collector.endpoint,
    // Refused, the exporter gives up after a second; the rest is for a busy machine.
    OTEL_EXPORTER_OTLP_TIMEOUT: '2000',
  });
  await collector.kill();
  const convert = (id: string) => {
    const events = conversionEvents(id, T0);
    send(events.started());
    send(events.finished(5));
  };
  convert('a');
  const dropped = 'spikescope_dropped_total{sink="traces",reason="export_failed"}';
  await service.until('it is counted', (seen) => seen.value(dropped) === 1);
  await service.logged(/can't send traces to http:.*ECONNREFUSED/);
  await collector.start();
  // One that takes over 2 s on a busy machine is counted as the first was: then the next one.
  const depth = 'spikescope_queue_depth{queue="traces"}';
  let frames = 2;
  let lost = 1;
  for (let isThere = false; !isThere; ) {
    convert(`b${lost}`);
    frames += 2;
    const seen = await service.until('it is sent or given up', (metrics) => {
      return metrics.sum('spikescope_frames_total') === frames && metrics.value(depth) === 0;
    });
    isThere = seen.value(dropped) === lost;
    if (!isThere) expect(seen.value(dropped)).toBe(++lost);
  }
  expect(collector.spans.at(-1)?.attributes).toMatchObject({ 'conversion.id': `b${lost}` });
  await service.logged(/sending traces to http:\S+ again/);
  await collector.kill();
  convert('c');
  await service.until('all is processed', (metrics) => {
    return metrics.sum('spikescope_frames_total') === frames + 2;
  });
  expect(await service.stop()).toBe(0);
});

test('headers go to the receiver, and nowhere else', async () => {
  const seen: { path: string | undefined; headers: IncomingHttpHeaders }[] = [];
  const server = createServer((request, response) => {
    seen.push({ path: request.url, headers: request.headers });
    request.resume();
    response.writeHead(403, 'no canary').end('canary-of-the-answer');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  open.push(() => server.close().closeAllConnections());
  const { port } = server.address() as AddressInfo;
  const variables = {
    [ENDPOINT]: `http://127.0.0.1:${port}/in?api_key=canary-1`,
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `http://127.0.0.1:${port}/in/traces?api_key=canary-1`,
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20canary-2,x-lab=7',
  };
  const { service, send } = await start(variables);
  const events = conversionEvents('a', T0);
  send(events.started());
  send(events.finished(5));
  await service.logged("can't send traces");
  expect(await service.stop()).toBe(0);
  expect(seen[0]?.path).toBe('/in/traces?api_key=canary-1');
  expect(seen[0]?.headers).toMatchObject({ authorization: 'Bearer canary-2', 'x-lab': '7' });
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  const { code, stdout, stderr } = await runProgram('run', '--print-config');
  expect(code).toBe(0);
  expect(stdout).toContain('own_work: false');
  expect(`${service.log()}${stdout}${stderr}`).not.toMatch(/canary-/);
});

test('an endpoint that is no URL is bad configuration, found before anything opens', async () => {
  vi.stubEnv(ENDPOINT, 'canary');
  for (const args of [['run', '--check'], ['run']]) {
    const { code, stderr } = await runProgram(...args);
    expect(code).toBe(78);
    expect(stderr).toContain('OTEL_EXPORTER_OTLP_ENDPOINT needs a URL');
    expect(stderr).not.toContain('canary');
  }
});
