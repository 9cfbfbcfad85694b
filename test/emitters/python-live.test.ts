import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { until } from '../integration/until.ts';
import { PACKAGE, runPython, startPython } from './python-host.ts';
import { startWatched } from './watched.ts';

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

const EXAMPLES = join(PACKAGE, 'examples');
const SPIKES = 'neural_spikes_total';

test('a running NEST network: every spike that NEST counts, and its rates', async () => {
  const { nats, service } = await startWatched(open);
  const example = join(EXAMPLES, 'nest_live.py');
  const printed = await runPython([example, nats.url, '4000']);
  const counted = Number(/NEST counted (\d+) spikes/.exec(printed)?.[1]);
  expect(counted).toBeGreaterThan(10_000);
  const metrics = await service.until('all came', (seen) => seen.sum(SPIKES) >= counted);
  expect(metrics.sum(SPIKES)).toBe(counted);
  for (const bad of ['frames_missing', 'frames_invalid', 'frames_repeated', 'samples_late']) {
    expect(metrics.sum(`spikescope_${bad}_total`), bad).toBe(0);
  }
  // Four seconds that begin anywhere hold three whole ones; the last may wait for later frames.
  for (const [layer, neurons] of [
    ['exc', 400],
    ['inh', 100],
  ] as const) {
    const labels = `{layer_name="${layer}",neuron_type="iaf_psc_alpha"}`;
    const observed = (metrics.value(`spike_rate_hz_count${labels}`) ?? 0) / neurons;
    expect([2, 3], layer).toContain(observed);
    expect(metrics.value(`spike_rate_hz_sum${labels}`), layer).toBeGreaterThan(0);
  }
});

test('the example of NEST has less than 15 lines', () => {
  const text = readFileSync(join(EXAMPLES, 'nest_live.py'), 'utf8');
  const code = text
    .replace(/"""[\s\S]*?"""/, '')
    .split('\n')
    .filter((line) => /^\s*[^#\s]/.test(line));
  expect(code.length).toBeGreaterThan(5);
  expect(code.length).toBeLessThan(15);
});

test('a chip that SANA-FE simulates: its spikes, and its energy', async () => {
  const { nats, service } = await startWatched(open);
  const printed = await runPython([join(EXAMPLES, 'sanafe_live.py'), nats.url, '300']);
  const fired = Number(/SANA-FE fired (\d+) times/.exec(printed)?.[1]);
  expect(fired).toBeGreaterThan(500);
  const metrics = await service.until('all came', (seen) => seen.sum(SPIKES) >= fired);
  expect(metrics.sum(SPIKES)).toBe(fired);
  expect(metrics.sum('spikescope_frames_invalid_total')).toBe(0);
  const chip = 'device_type="loihi2",chip_id="0"';
  expect(metrics.value(`neuromorphic_energy_joules_total{${chip}}`)).toBeGreaterThan(0);
  const activity = `neuromorphic_activity_total{${chip},counter="neurons_fired"}`;
  expect(metrics.value(activity)).toBe(fired);
});

/**
 * sPyNNaker's live output as it is by default, by hand: the count, 0x38 (keys of 32 bits behind a
 * timestep as prefix of payloads), the timestep, the keys; all little-endian.
 */
function packet(timestep: number, ...keys: readonly number[]): Buffer {
  const data = Buffer.alloc(6 + 4 * keys.length);
  data.set([keys.length, 0x38]);
  data.writeUInt32LE(timestep, 2);
  for (const [i, key] of keys.entries()) data.writeUInt32LE(key, 6 + 4 * i);
  return data;
}

test('the bridge from sPyNNaker: packets over UDP become spikes of layers', async () => {
  const { nats, service } = await startWatched(open);
  const layers = ['--layer', 'exc:0x10000:250:16', '--layer', 'exc:0x12000:250:16:250'];
  const more = ['--layer', 'inh:0x20000:100:16', '--nats', nats.url, '--host', '127.0.0.1'];
  const bridge = startPython(['-m', 'spikescope.eieio', '--port', '0', ...layers, ...more]);
  open.push(async () => bridge.kill('SIGKILL'));
  let log = '';
  let printed = '';
  bridge.stderr.on('data', (chunk) => {
    log += chunk;
  });
  bridge.stdout.on('data', (chunk) => {
    printed += chunk;
  });
  await until(
    'it listens',
    () => /listening on 127.0.0.1:\d+ /.test(log),
    () => log,
  );
  const port = Number(/127.0.0.1:(\d+)/.exec(log)?.[1]);
  const sender = createSocket('udp4');
  open.push(async () => sender.close());
  const ticks = 3_000;
  for (let tick = 0; tick < ticks; tick++) {
    // A burst may be more than the kernel keeps: no more is under way than it has room for.
    if (tick % 100 === 0)
      await service.until('they come', (seen) => seen.sum(SPIKES) >= 3 * (tick - 250));
    const neuron = tick % 250;
    const keys = [0x10000 + 16 * neuron, 0x12000 + 16 * neuron, 0x20000 + 16 * (tick % 100), 5];
    await new Promise((sent) => sender.send(packet(tick, ...keys), port, '127.0.0.1', sent));
  }
  const ended = once(bridge, 'close');
  bridge.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
  const counts = JSON.parse(printed);
  const { packets, dropped_by_kernel: dropped = 0 } = counts;
  expect(packets + dropped).toBe(ticks);
  expect(counts).toMatchObject({
    events: 3 * packets,
    unknown_keys: packets,
    published_spikes: 3 * packets,
    dropped_frames: {},
  });
  const metrics = await service.until('all came', (seen) => seen.sum(SPIKES) >= 3 * packets);
  expect(metrics.sum(SPIKES, 'layer="exc"')).toBe(2 * packets);
  expect(metrics.sum(SPIKES, 'layer="inh"')).toBe(packets);
  expect(metrics.sum('spikescope_frames_invalid_total')).toBe(0);
  expect(metrics.sum('spikescope_samples_late_total')).toBe(0);
  // Three seconds that begin anywhere hold two whole ones; the last may wait for later frames.
  const rates = metrics.sum('spike_rate_hz_count', 'layer_name="exc"') / 500;
  expect([1, 2]).toContain(rates);
});
