import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { serviceBinary } from '../../scripts/services/service-binary.ts';
import { RATE_LE_HZ } from '../../src/numerics/rate-buckets.ts';
import { type NatsServer, startNatsServer } from './nats-server.ts';
import { type Exposition, type ServiceProcess, startService } from './service-process.ts';

const SPIKES = 10_000_000;

interface Expected {
  readonly spikes: number;
  readonly frames: number;
  readonly counters: Readonly<Record<string, number>>;
  readonly layers: Readonly<
    Record<string, { count: number; sum: number; buckets: readonly number[] }>
  >;
  readonly edge_observations: number;
  readonly joules: number;
  readonly watts: number;
}

let nats: NatsServer;
let service: ServiceProcess;
let expected: Expected;
let metrics: Exposition;

/** A publisher that knows only the wire document, and counts with NumPy what should come out. */
beforeAll(async () => {
  // Room for all of it, should the service be held up: this is no test of what is lost then.
  nats = await startNatsServer({ config: 'max_pending: 512MB, write_deadline: "120s"' });
  const url = `nats://127.0.0.1:${nats.port}`;
  const room = { SPIKESCOPE_NATS_BUFFER_BYTES: String(512 * 1024 * 1024) };
  service = await startService(['run', '--nats', url, '--http', '127.0.0.1:0'], room);
  await service.until('connected', (seen) => seen.sum('spikescope_nats_connected') === 1);
  const script = join(import.meta.dirname, 'publish.py');
  const python = serviceBinary('python-venv');
  const { stdout } = await promisify(execFile)(python, [script, url, String(SPIKES)]);
  expected = JSON.parse(stdout) as Expected;
  metrics = await service.until('all frames counted', (seen) => {
    const repeated = seen.sum('spikescope_frames_repeated_total');
    return seen.sum('spikescope_frames_total') + repeated >= expected.frames;
  });
});

afterAll(async () => {
  await service?.stop();
  await nats?.stop();
});

it('counts exactly ten million spikes', () => {
  expect(metrics.sum('neural_spikes_total')).toBe(SPIKES);
  expect(metrics.sum('spikescope_samples_total', 'kind="spikes"')).toBe(SPIKES);
});

it('observes every neuron of every whole window, with the rates NumPy has', () => {
  const rows = Object.entries(expected.layers);
  expect(rows).toHaveLength(4);
  for (const [layer, rates] of rows) {
    const labels = `{layer_name="${layer}",neuron_type="lif"}`;
    expect(metrics.value(`spike_rate_hz_count${labels}`), layer).toBe(rates.count);
    const sum = metrics.value(`spike_rate_hz_sum${labels}`) as number;
    expect(Math.abs(sum / rates.sum - 1), layer).toBeLessThan(1e-9);
    const buckets = [...RATE_LE_HZ.map(String), '+Inf'].map((le) =>
      metrics.value(`spike_rate_hz_bucket{layer_name="${layer}",neuron_type="lif",le="${le}"}`),
    );
    expect(buckets, layer).toEqual(rates.buckets);
  }
  const edge = metrics.sum('spike_rate_hz_count', 'layer_name="edge"');
  expect(edge).toBe(expected.edge_observations);
});

it.each([
  'spikescope_frames_missing_total',
  'spikescope_frames_repeated_total',
  'spikescope_frames_recovered_total',
  'spikescope_samples_late_total',
  'spikescope_time_jumps_total',
  'spikescope_windows_incomplete_total',
])('moves %s by exactly what was done to the stream', (counter) => {
  expect(expected.counters[counter]).toBeGreaterThan(0);
  expect(metrics.sum(counter)).toBe(expected.counters[counter]);
});

it('has the energy of numpy.trapezoid, and the last watts', () => {
  const joules = metrics.sum('neuromorphic_energy_joules_total');
  expect(Math.abs(joules / expected.joules - 1)).toBeLessThan(1e-9);
  expect(metrics.sum('neuromorphic_power_watts')).toBeCloseTo(expected.watts, 12);
  expect(metrics.sum('spikescope_energy_gaps_total')).toBe(1);
});

it('found nothing invalid, and says so when it stops', async () => {
  expect(metrics.sum('spikescope_frames_invalid_total')).toBe(0);
  expect(await service.stop()).toBe(0);
});
