import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { headers, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { Unpackr } from 'msgpackr';
import { afterEach, expect, test } from 'vitest';
import { frameMessage } from '../../src/emitter/frame-message.ts';
import { SequenceCounter } from '../../src/emitter/sequence-counter.ts';
import type { Frame } from '../../src/frames/frame.ts';
import { conversionEvents } from '../operators/conversion-events.ts';
import { connectEmitter } from './nats-reader.ts';
import { startNatsServer } from './nats-server.ts';
import { type ServiceProcess, startService } from './service-process.ts';
import { until } from './until.ts';

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

interface Running {
  readonly service: ServiceProcess;
  readonly emitter: NatsConnection;
  readonly send: (frame: Frame) => void;
}

async function start(config: string): Promise<Running> {
  const nats = await startNatsServer();
  open.push(() => nats.stop());
  const file = join(nats.folder, 'spikescope.yaml');
  await writeFile(file, config);
  const args = ['run', '--config', file, '--nats', nats.url, '--http', '127.0.0.1:0'];
  const service = await startService(args);
  open.push(() => service.stop());
  await service.logged('listening on');
  const emitter = await connectEmitter(nats.url);
  open.push(() => emitter.close());
  const counter = new SequenceCounter('test');
  const send = (frame: Frame) => {
    const message = frameMessage(frame, { counter });
    const fields = headers();
    for (const [name, value] of message.headers) fields.set(name, value);
    emitter.publish(message.subject, message.data, { headers: fields });
  };
  return { service, emitter, send };
}

const UNPACKR = new Unpackr({ int64AsType: 'number', useRecords: false });
const T0 = 1_700_000_000_000_000;
const CONVERSIONS = 10_000;
const AT_A_TIME = 1000;

test('10,000 conversions, 1,000 at a time: each counts once, none stays active', async () => {
  const { service, send } = await start('');
  for (let first = 0; first < CONVERSIONS; first += AT_A_TIME) {
    const ids = Array.from({ length: AT_A_TIME }, (_, i) => first + i);
    const events = ids.map((i) => conversionEvents(`c${i}`, T0 + i));
    for (const each of events) send(each.started());
    for (const each of events) send(each.layer(0, 100, 50));
    for (const [i, each] of events.entries()) {
      send(each.finished(1000 * (i + 1), i % 10 === 0 ? 'OutOfMemory' : undefined));
    }
  }
  // One that is left open, so that the end is known from the gauge.
  send(conversionEvents('last', T0).started());
  const total = 'spikescope_frames_total';
  const sent = CONVERSIONS * 3 + 1;
  const metrics = await service.until('all came', (seen) => seen.sum(total) === sent);
  const labels = '{model_type="vit",hardware_target="loihi2"}';
  expect(metrics.value(`spikeformer_conversions_total${labels}`)).toBe(CONVERSIONS * 0.9);
  const errors = 'spikeformer_conversion_errors_total';
  expect(metrics.value(`${errors}{error_type="OutOfMemory",hardware_target="loihi2"}`)).toBe(1000);
  expect(metrics.value('spikeformer_active_conversions')).toBe(1);
  const durations = 'spikeformer_conversion_duration_seconds';
  expect(metrics.value(`${durations}_count{model_size="tiny"}`)).toBe(CONVERSIONS);
  // 1 ms to 1 s, ten times over: 100 of each thousand are at most 0.1 s.
  expect(metrics.value(`${durations}_bucket{model_size="tiny",le="0.1"}`)).toBe(1000);
  expect(metrics.value(`${durations}_sum{model_size="tiny"}`)).toBeCloseTo(5005, 9);
  expect(metrics.sum('spikescope_conversion_events_odd_total')).toBe(0);
  expect(metrics.sum('spikescope_dropped_total')).toBe(0);
});

test('what never finishes is given up: in the metrics, the log, the derived stream', async () => {
  const { service, emitter, send } = await start('conversions: { timeout: 1s }\n');
  const derived: Record<string, unknown>[] = [];
  const callback = (_: Error | null, message: Msg) => {
    derived.push(UNPACKR.unpack(message.data) as Record<string, unknown>);
  };
  emitter.subscribe('spikeformer.derived.conversion.stuck_1', { callback });
  await emitter.flush();
  send(conversionEvents('stuck 1', T0).started());
  const errors = 'spikeformer_conversion_errors_total';
  const timeouts = `${errors}{error_type="timeout",hardware_target="loihi2"}`;
  const metrics = await service.until('it is given up', (seen) => seen.value(timeouts) === 1);
  expect(metrics.value('spikeformer_active_conversions')).toBe(0);
  expect(metrics.sum('spikeformer_conversion_duration_seconds_count')).toBe(0);
  // Its end, should it come, is no second one.
  send(conversionEvents('stuck 1', T0).finished(5_000_000));
  const odd = 'spikescope_conversion_events_odd_total';
  const after = await service.until('the end came', (seen) => seen.sum(odd, 'repeated') === 1);
  expect(after.sum('spikeformer_conversions_total')).toBe(0);
  await until(
    'both records came',
    () => derived.length === 2,
    () => derived,
  );
  expect(derived[0]).toMatchObject({
    ...{ v: 1, record: 'conversion', t0: T0, span_us: 0, conversion_id: 'stuck 1' },
    ...{ event: 'started', model_name: 'vit-tiny', hardware_target: 'loihi2' },
  });
  expect(derived[1]).toMatchObject({ event: 'finished', success: false, error_type: 'timeout' });
  await service.logged('"conversion_error"');
  const lines = service
    .log()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const started = lines.find((line) => line['event_type'] === 'conversion_start');
  expect(started).toMatchObject({
    ...{ level: 'INFO', logger: 'spikeformer', module: 'conversions', function: 'writeLog' },
    ...{ model_id: 'vit-tiny', model_type: 'vit', model_size: 'tiny', hardware_target: 'loihi2' },
    timestamp: '2023-11-14T22:13:20.000Z',
  });
  expect(started?.['line']).toBeGreaterThan(1);
  expect(lines.find((line) => line['event_type'] === 'conversion_error')).toMatchObject({
    level: 'ERROR',
    error_type: 'timeout',
    trace_id: started?.['trace_id'],
  });
});
