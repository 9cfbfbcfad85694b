import { connect, type Msg } from '@nats-io/transport-node';
import { pack } from 'msgpackr';
import { afterEach, expect, test } from 'vitest';
import { healthFrame } from '../../src/emitter/frame-builders.ts';
import { encodeFrame } from '../../src/emitter/frame-message.ts';
import { FrameDecoder } from '../../src/frames/decode.ts';
import { parseSubject } from '../../src/frames/subject.ts';
import { startNatsServer } from '../integration/nats-server.ts';
import type { ServiceProcess } from '../integration/service-process.ts';
import { until } from '../integration/until.ts';
import { PythonHost, type PythonStats, runPython } from './python-host.ts';
import { TcpGate } from './tcp-gate.ts';
import { startWatched } from './watched.ts';

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

function startHost(): PythonHost {
  const host = new PythonHost();
  open.push(() => host.end());
  return host;
}

const OPTIONS = { reconnect_wait_seconds: 0.05, batch_span_us: 1 };

test('every call makes frames that count, to the last sample', async () => {
  const { nats, service } = await startWatched(open);
  const host = startHost();
  await host.call('start', { servers: nats.url, chip_id: 'c1' });
  const stats = await host.call<PythonStats>('every');
  const total = 'spikescope_frames_total';
  const metrics = await service.until(
    'all came',
    (seen) => seen.sum(total) >= stats.published_frames,
  );
  expect(stats.dropped_frames).toEqual({});
  expect(metrics.sum(total)).toBe(stats.published_frames);
  expect(metrics.sum('spikescope_samples_total')).toBe(stats.published_samples);
  for (const bad of ['invalid', 'missing', 'repeated', 'recovered']) {
    expect(metrics.sum(`spikescope_frames_${bad}_total`), bad).toBe(0);
  }
  const kinds = ['spikes', 'membrane', 'power', 'cores', 'activity', 'synapses', 'health'];
  for (const kind of [...kinds, 'conversion', 'inference', 'log']) {
    expect(metrics.sum(total, `kind="${kind}"`), kind).toBeGreaterThan(0);
  }
  expect(metrics.value('neural_spikes_total{layer="l1",timestep="2"}')).toBe(3);
  expect(metrics.value('neural_spikes_total{layer="l2",timestep="2"}')).toBe(1);
  const potential = 'membrane_potential';
  expect(metrics.value(`${potential}_count{layer_name="l1",neuron_id="1"}`)).toBe(1);
  expect(metrics.value(`${potential}_sum{layer_name="l1",neuron_id="2"}`)).toBe(-115);
  const chip = 'device_type="cpu",chip_id="c1"';
  expect(metrics.value(`neuromorphic_power_watts{${chip}}`)).toBe(4);
  expect(metrics.value(`neuromorphic_energy_joules_total{${chip}}`)).toBe(3);
  const core = 'neuromorphic_core_utilization_percent';
  expect(metrics.value(`${core}{${chip},core_id="1"}`)).toBe(75.5);
  const activity = 'neuromorphic_activity_total';
  expect(metrics.value(`${activity}{${chip},counter="syn_ops"}`)).toBe(30);
  expect(metrics.value(`${activity}{${chip},counter="packets"}`)).toBe(7);
  expect(metrics.value('synaptic_updates_total{synapse_type="plastic"}')).toBe(4);
  const target = 'hardware_target="loihi2"';
  expect(metrics.value(`spikeformer_conversions_total{model_type="vit",${target}}`)).toBe(1);
  const errors = 'spikeformer_conversion_errors_total';
  expect(metrics.value(`${errors}{error_type="MemoryError",${target}}`)).toBe(1);
  expect(metrics.value('spikeformer_active_conversions')).toBe(0);
});

test('NATS is killed and comes back: what came and what was dropped was recorded', async () => {
  const { nats, service } = await startWatched(open);
  // Spikescope has to be back before the emitter is: core NATS keeps nothing for who is away.
  const gate = new TcpGate(nats.port);
  await gate.open();
  open.push(() => gate.close());
  const host = startHost();
  const buffer = { buffer_bytes: 400_000 };
  await host.call('start', { servers: gate.url, ...OPTIONS, ...buffer });
  await host.call('spikes', { frames: 200, spikes_each: 50 });
  await host.call('flush');
  const spikes = 'neural_spikes_total';
  await service.until('the first came', (seen) => seen.sum(spikes) === 200 * 50);

  await gate.close();
  await nats.kill('SIGKILL');
  const isConnected = async () => (await host.call<PythonStats>('stats')).connected;
  await until('it has noticed', async () => !(await isConnected()));
  await host.call('spikes', { frames: 5_000, spikes_each: 50, first: 200 });
  const away = await host.call<PythonStats>('stats');
  expect(away.buffered_bytes).toBeLessThanOrEqual(buffer.buffer_bytes);
  expect(away.dropped_frames['buffer_full']).toBeGreaterThan(1_000);

  await nats.start();
  await listensAgain(nats.url, service);
  await gate.open();
  expect(await host.call('flush')).toBe(true);
  const back = await host.call<PythonStats>('stats');
  const dropped = back.dropped_frames['buffer_full'] ?? 0;
  expect(dropped).toBeGreaterThanOrEqual(away.dropped_frames['buffer_full'] as number);
  expect(back.reconnects).toBe(1);
  expect(back.published_frames + dropped).toBe(5_200);
  const metrics = await service.until(
    'the rest came',
    (seen) => seen.sum(spikes) >= back.published_samples,
  );
  expect(metrics.sum(spikes) + (back.dropped_samples['buffer_full'] ?? 0)).toBe(5_200 * 50);
  // Their numbers say the same at the other end.
  expect(metrics.sum('spikescope_frames_missing_total')).toBe(dropped);
  expect(metrics.sum('spikescope_frames_invalid_total')).toBe(0);
  await until('it was told', () => host.log.includes('dropping frames'));
  expect(host.log.match(/dropping frames/g)).toHaveLength(1);
});

/** Spikescope is connected before the server knows what it reads: what it counts is a proof. */
async function listensAgain(url: string, service: ServiceProcess): Promise<void> {
  const client = await connect({ servers: url });
  const chip = { deviceType: 'probe', chipId: '0', t0Us: 5, status: 'ok' } as const;
  const frame = encodeFrame(healthFrame(chip), 'msgpack', false);
  await until('it listens again', async () => {
    client.publish('spikeformer.health.probe.0', frame);
    const seen = await service.metrics();
    return seen.sum('spikescope_frames_total', 'kind="health"') > 0;
  });
  await client.close();
}

/** They record and end at once; NATS may come only then. */
const PROGRAMS = {
  'that never closes it': `
import sys
from spikescope import Emitter
emitter = Emitter(sys.argv[1].replace("127.0.0.1", "localhost"), reconnect_wait_seconds=0.05)
for k in range(100):
    emitter.record_spikes("l", [k, k], [k * 10, k * 10], k * 10, 10, 100)
emitter.close.__func__.__defaults__ = (60,)
`,
  'on asyncio': `
import asyncio, sys
from spikescope import AsyncEmitter
async def main():
    async with AsyncEmitter(sys.argv[1], reconnect_wait_seconds=0.05) as emitter:
        for k in range(100):
            emitter.record_spikes("l", [k, k], [k * 10, k * 10], k * 10, 10, 100)
        assert await emitter.flush(60)
asyncio.run(main())
`,
};

test.each(Object.entries(PROGRAMS))(
  'a program %s loses nothing, although NATS comes after it',
  async (_which, text) => {
    const nats = await startNatsServer();
    open.push(() => nats.stop());
    // The program's way to the server opens when somebody listens there.
    const gate = new TcpGate(nats.port);
    await gate.open();
    await gate.close();
    open.push(() => gate.close());
    const program = runPython(['-c', text, gate.url]);
    const client = await connect({ servers: nats.url });
    open.push(() => client.close());
    let spikes = 0;
    client.subscribe('spikeformer.spikes.cpu.0', {
      callback: (_, message) => {
        const frame = new FrameDecoder().decode(message.data);
        if (frame.kind === 'spikes') spikes += frame.neuronId.length;
      },
    });
    await client.flush();
    await gate.open();
    await program;
    await until('all came', () => spikes === 200);
  },
);

test('a stream holds each frame once, although its server was killed again and again', async () => {
  const nats = await startNatsServer({ jetStream: true });
  open.push(() => nats.stop());
  const host = startHost();
  await host.call('stream', { servers: nats.url });
  const delivery = { delivery: 'jetstream', confirm_seconds: 2, in_flight_frames: 16 };
  await host.call('start', { servers: nats.url, ...OPTIONS, ...delivery });
  const frames = 1_000;
  const kills = 3;
  for (let kill = 0; kill < kills; kill++) {
    const before = await messagesIn(nats.url);
    const call = { frames, spikes_each: 20, first: kill * frames, pause: 0.0005 };
    const recording = host.call('spikes', call);
    await until('some came', async () => (await messagesIn(nats.url)) > before + 50);
    await nats.kill('SIGKILL');
    await nats.start();
    await recording;
  }
  expect(await host.call('flush')).toBe(true);
  const stats = await host.call<PythonStats>('stats');
  expect(stats.dropped_frames).toEqual({});
  expect(stats.published_frames).toBe(kills * frames);
  expect(stats.reconnects).toBeGreaterThan(0);
  expect(await host.call('stream_messages', { servers: nats.url })).toBe(kills * frames);
});

/** Asks JetStream itself how many messages the stream has. */
async function messagesIn(url: string): Promise<number> {
  const client = await connect({ servers: url });
  try {
    const patient = { timeout: 60_000 };
    const reply = await client.request('$JS.API.STREAM.INFO.SPIKEFORMER', undefined, patient);
    return reply.json<{ state: { messages: number } }>().state.messages;
  } finally {
    await client.close();
  }
}

test('without a stream frames wait, and go when there is one', async () => {
  const nats = await startNatsServer({ jetStream: true });
  open.push(() => nats.stop());
  const host = startHost();
  await host.call('start', { servers: nats.url, ...OPTIONS, delivery: 'jetstream' });
  await host.call('spikes', { frames: 100, spikes_each: 1 });
  expect(await host.call('flush', { timeout: 0.5 })).toBe(false);
  const waiting = await host.call<PythonStats>('stats');
  expect([waiting.published_frames, waiting.buffered_frames]).toEqual([0, 100]);
  // How soon it is told is not what the flush had time for.
  await until('it is told', () => host.log.includes('no JetStream stream takes this subject'));
  await host.call('stream', { servers: nats.url });
  expect(await host.call('flush')).toBe(true);
  expect(await host.call('stream_messages', { servers: nats.url })).toBe(100);
});

test('pings and benchmark requests are answered with valid frames', async () => {
  const nats = await startNatsServer();
  open.push(() => nats.stop());
  const client = await connect({ servers: nats.url });
  open.push(() => client.close());
  const host = startHost();
  await host.call('start', { servers: nats.url, device_type: 'loihi2', chip_id: 'a', ...OPTIONS });
  await host.call('answer');
  const ask = async (subject: string, payload: Uint8Array = new Uint8Array()): Promise<Msg> => {
    let reply: Msg | undefined;
    await until(`${subject} is answered`, async () => {
      reply = await client.request(subject, payload, { timeout: 5_000 }).catch(() => undefined);
      return reply !== undefined;
    });
    return reply as Msg;
  };
  const frameOf = (kind: string, device: string, chip: string, reply: Msg) => {
    const subject = parseSubject('spikeformer', `spikeformer.${kind}.${device}.${chip}`);
    const type = reply.headers?.get('Content-Type');
    return new FrameDecoder().decode(reply.data, subject, type);
  };
  const ping = await ask('spikeformer.ping.loihi2.a');
  const health = frameOf('health', 'loihi2', 'a', ping);
  expect(health).toMatchObject({ status: 'degraded', text: 'warm', temperatureC: 60.5 });
  const broken = await ask('spikeformer.ping.loihi2.broken');
  expect(frameOf('health', 'loihi2', 'broken', broken)).toMatchObject({
    status: 'down',
    text: 'its health check raised ZeroDivisionError: division by zero',
  });
  const odd = frameOf('health', 'loihi2', 'odd', await ask('spikeformer.ping.loihi2.odd'));
  expect(odd).toMatchObject({ status: 'down', text: expect.stringContaining("'fine' is none of") });

  const subject = 'spikeformer.benchmark-run.cpu';
  const json = JSON.stringify({ model: 'vit-tiny', hardware: 'cpu' });
  for (const payload of [Buffer.from(json), pack(JSON.parse(json))]) {
    const frame = frameOf('benchmark', 'cpu', 'a', await ask(subject, payload));
    expect(frame).toMatchObject({ model: 'vit-tiny', hardware: 'cpu', accuracy: 0.5 });
    const measured = { latencySeconds: 0.25, throughputPerSecond: 4, synapticOperations: 1e6 };
    expect(frame).toMatchObject(measured);
  }
  for (const [payload, why] of [
    [{ model: 'bert-base', hardware: 'cpu' }, 'MemoryError: too large'],
    [{ model: 'vit-tiny', hardware: 'gpu' }, 'this executor has cpu'],
  ] as const) {
    const refusal = await ask(subject, pack(payload));
    expect(refusal.data).toHaveLength(0);
    expect(refusal.headers?.get('Nats-Service-Error')).toContain(why);
    expect(refusal.headers?.get('Nats-Service-Error-Code')).toBe('500');
  }
});

interface Derived {
  readonly came: boolean;
  readonly rows: number;
  readonly columns: Readonly<Record<string, readonly unknown[]>>;
}

test.each([false, true])(
  'the rates that Spikescope derives are those NumPy has; denser: %s',
  async (dense) => {
    const { nats } = await startWatched(open);
    const host = startHost();
    await host.call('read_derived', { servers: nats.url, record: 'spike-rate' });
    await host.call('start', { servers: nats.url, ...OPTIONS, dense });
    const seconds = 5;
    const windows = await host.call<readonly (readonly unknown[])[]>('rates', { seconds });
    // The last second is closed by no later frame.
    const whole = windows.slice(0, seconds - 1);
    const { came, rows, columns } = await host.call<Derived>('derived', { count: whole.length });
    expect([came, rows]).toEqual([true, whole.length]);
    const seen = whole.map((_, i) =>
      ['t0', 'spikes', 'mean_rate_hz', 'rate_histogram'].map((name) => columns[name]?.[i]),
    );
    expect(seen).toEqual(whole);
    expect(new Set(columns['layer_name'])).toEqual(new Set(['enc.0']));
    expect(new Set(columns['neuron_count'])).toEqual(new Set([50]));
  },
);
