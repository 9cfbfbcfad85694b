import { headers, type NatsConnection } from '@nats-io/transport-node';
import { unpack } from 'msgpackr';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { spikesFrame } from '../../src/emitter/frame-builders.ts';
import { FrameEncoder } from '../../src/frames/encode.ts';
import { formatSubject } from '../../src/frames/subject.ts';
import { runProgram } from '../cli/program.ts';
import { connectEmitter } from './nats-reader.ts';
import { type NatsServer, startNatsServer } from './nats-server.ts';
import { type ServiceProcess, startService } from './service-process.ts';
import { until } from './until.ts';

const SPAN_US = 100_000;

let nats: NatsServer;
let service: ServiceProcess;
let emitter: NatsConnection;

beforeAll(async () => {
  nats = await startNatsServer();
  service = await startService(['run', '--nats', nats.url, '--http', '127.0.0.1:0'], {
    SPIKESCOPE_SILENCE_AFTER: '1s',
  });
  await service.logged('listening on');
  emitter = await connectEmitter(nats.url);
});

afterAll(async () => {
  await emitter?.close();
  await service?.stop();
  await nats?.stop();
});

interface Told {
  readonly subject: string;
  readonly record: Readonly<Record<string, unknown>>;
}

/** Records of incidents and mutes, as others read them. */
function listen(): readonly Told[] {
  const told: Told[] = [];
  for (const subject of ['spikeformer.anomaly.>', 'spikeformer.derived.mute.>']) {
    emitter.subscribe(subject, {
      callback: (_, message) => {
        told.push({ subject: message.subject, record: unpack(message.data) as Told['record'] });
      },
    });
  }
  return told;
}

/** Sends empty frames of layers all the time, until they are told to stop one by one. */
function sending(layers: Set<string>): () => void {
  const encoder = new FrameEncoder();
  const about = headers();
  about.set('Content-Type', 'application/msgpack');
  let t0Us = Date.now() * 1000;
  const timer = setInterval(() => {
    for (const layerName of layers) {
      const frame = spikesFrame({
        ...{ deviceType: 'cpu', chipId: '0', t0Us, spanUs: SPAN_US, layerName },
        ...{ neuronCount: 4, neuronId: [0], dtUs: [5] },
      });
      const subject = formatSubject('spikeformer', frame);
      emitter.publish(subject, encoder.encode(frame, 'msgpack').slice(), { headers: about });
    }
    t0Us += SPAN_US;
  }, SPAN_US / 1000);
  return () => clearInterval(timer);
}

test('frames that stop open an incident; a mute of its layer is recorded and silences it', async () => {
  const told = listen();
  await emitter.flush();
  const layers = new Set(['a', 'b']);
  const stop = sending(layers);
  const records = (name: string) => told.filter(({ record }) => record['record'] === name);
  // Where this test itself is held up, its chip and the other layer are silent as well.
  const ofLayer = (event: string) => {
    return records('anomaly').find(({ record }) => {
      return record['layer_name'] === 'b' && record['event'] === event;
    });
  };
  // Silence of what has only begun would mean nothing.
  const frames = 'spikescope_frames_total{kind="spikes"}';
  await service.until('frames came for a while', (shown) => (shown.value(frames) ?? 0) > 160);
  layers.delete('b');
  await until('silence is told', () => ofLayer('opened') !== undefined);
  expect(ofLayer('opened')).toMatchObject({
    subject: 'spikeformer.anomaly.silence.cpu.0.b',
    record: { event: 'opened', series: 'frames', layer_name: 'b', severity: 'critical' },
  });
  const args = ['mute', 'cpu/0/b', '--for', '1h', '--reason', 'a new cable', '--nats', nats.url];
  expect(await runProgram(...args)).toMatchObject({ code: 0, stdout: 'cpu/0/b: muted for 1h\n' });
  await until('the mute is recorded', () => records('mute').length > 0);
  expect(records('mute')[0]).toMatchObject({
    subject: 'spikeformer.derived.mute.cpu.0.b',
    record: { event: 'muted', reason: 'a new cable', layer_name: 'b' },
  });
  const muted = await service.until('is muted', (shown) => {
    return (
      shown.value('neuromorphic_anomalies_open') === 0 &&
      shown.value('neuromorphic_anomalies_muted') === 1
    );
  });
  // What Spikescope says itself is no frame of the chip.
  expect(muted.sum('spikescope_frames_total', 'kind="log"')).toBe(0);
  layers.add('b');
  await until('it is over', () => ofLayer('closed') !== undefined);
  expect(ofLayer('closed')?.record).toMatchObject({ muted: true });
  stop();
});

test.each([
  [['mute', 'cpu', '--for', '1h', '--reason', 'x'], /"cpu" is no place/],
  [['mute', 'cpu/0', '--for', 'soon', '--reason', 'x'], /--for needs a time .* got "soon"/],
  [['mute', 'cpu/0', '--for', '1h', '--reason', ' '], /--reason needs 1 to/],
  [['mute', 'cpu/0', '--for', '1h'], /--reason/],
])('%j is a mistake, and nothing is sent', async (args, message) => {
  const ended = await runProgram(...args, '--nats', nats.url);
  expect(ended.code).toBe(2);
  expect(ended.stderr).toMatch(message);
});
