import { afterEach, expect, it } from 'vitest';
import type {
  BenchmarksUpdate,
  CoresUpdate,
  MembraneUpdate,
  Overview,
  PowerUpdate,
  RatesUpdate,
  TopologyUpdate,
} from '../../src/sinks/live/schemas.ts';
import { connectEmitter } from '../integration/nats-reader.ts';
import { startNatsServer } from '../integration/nats-server.ts';
import { type Exposition, startService } from '../integration/service-process.ts';
import { until } from '../integration/until.ts';
import { publishEveryKind } from './live-stream.ts';

/** What the page is sent, against what /metrics says at the same moment. */
const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

function expectTotals({ totals, layers, chips, pipelines }: Overview, metrics: Exposition): void {
  const sum = (name: string, ...having: string[]) => metrics.sum(name, ...having);
  expect(totals).toMatchObject({
    frames: sum('spikescope_frames_total'),
    spikes: sum('neural_spikes_total'),
    frames_invalid: sum('spikescope_frames_invalid_total'),
    frames_missing: sum('spikescope_frames_missing_total'),
    frames_repeated: sum('spikescope_frames_repeated_total'),
    samples_late: sum('spikescope_samples_late_total'),
    windows_incomplete: sum('spikescope_windows_incomplete_total'),
    dropped: sum('spikescope_dropped_total'),
  });
  expect(totals.watts ?? 0).toBeCloseTo(sum('neuromorphic_power_watts'), 12);
  expect(totals.energy_joules ?? 0).toBeCloseTo(sum('neuromorphic_energy_joules_total'), 12);
  const isPlain = (name: string) => !/["\\\n]/.test(name);
  for (const { layer_name, spikes } of layers.filter((each) => isPlain(each.layer_name))) {
    expect(spikes).toBe(sum('neural_spikes_total', `layer="${layer_name}"`));
  }
  for (const { device_type, chip_id, watts, energy_joules } of chips) {
    const labels = `{device_type="${device_type}",chip_id="${chip_id}"}`;
    expect(watts ?? undefined).toBe(metrics.value(`neuromorphic_power_watts${labels}`));
    const joules = metrics.value(`neuromorphic_energy_joules_total${labels}`);
    expect(energy_joules ?? undefined).toBe(joules);
  }
  for (const { name, records } of pipelines) {
    expect(records).toBe(sum('spikescope_records_total', `pipeline="${name}"`));
  }
}

it('is the same in every view', async () => {
  const nats = await startNatsServer();
  open.push(() => nats.stop());
  const service = await startService(['run', '--nats', nats.url, '--http', '127.0.0.1:0']);
  open.push(() => service.stop());
  await until('it listens', () => service.log().includes('listening on'));
  const emitter = await connectEmitter(nats.url);
  open.push(() => emitter.close());
  publishEveryKind(emitter, Date.now() * 1000 - 5_000_000);
  emitter.publish('spikeformer.spikes.loihi2.c0', new Uint8Array([0xc1]));
  await emitter.flush();
  const invalid = 'spikescope_frames_invalid_total';
  const metrics = await service.until('all came', (seen) => {
    return seen.sum('spikescope_frames_total') === 90 && seen.sum(invalid) === 1;
  });
  const ask = async <T>(view: string) =>
    (await (await fetch(`${service.url}/api/${view}`)).json()) as T;
  expectTotals(await ask('overview'), metrics);
  const [layer] = (await ask<MembraneUpdate>('membrane')).layers;
  const potentials = layer?.histogram.count.reduce((sum, count) => sum + count, 0);
  expect(potentials).toBe(metrics.sum('membrane_potential_count'));
  const rates = (await ask<RatesUpdate>('rates')).layers;
  const observed = rates.map(({ windows, neuron_count }) => windows.t_us.length * neuron_count);
  expect(observed[0]).toBeGreaterThan(0);
  expect(observed[0]).toBe(metrics.sum('spike_rate_hz_count'));
  const [chip] = (await ask<CoresUpdate>('cores')).chips;
  for (const [i, core] of (chip?.core_ids ?? []).entries()) {
    const percent = metrics.sum('loihi2_core_utilization_percent', `core_id="${core}"`);
    expect(chip?.utilization_percent[i]).toBe(percent);
  }
  expect(chip?.core_ids).toHaveLength(2);
  const { rails, inferences } = await ask<PowerUpdate>('power');
  expect(rails[0]?.energy_joules).toBe(metrics.sum('neuromorphic_energy_joules_total'));
  expect(rails[0]?.watts.values.at(-1)).toBe(metrics.sum('neuromorphic_power_watts'));
  const each = metrics.sum('neuromorphic_energy_per_inference_joules');
  expect(inferences[0]?.energy_per_inference_joules).toBe(each);
  const [benchmark] = (await ask<BenchmarksUpdate>('benchmarks')).benchmarks;
  const latency = metrics.sum('spikeformer_benchmark_latency_seconds');
  expect(benchmark?.values['latency_seconds']).toBe(latency);
  const { kinds, queues } = await ask<TopologyUpdate>('topology');
  for (const { kind, frames } of kinds) {
    expect(frames).toBe(metrics.sum('spikescope_frames_total', `kind="${kind}"`));
  }
  expect(kinds).toHaveLength(10);
  expect(queues.map(({ queue }) => queue)).toContain('documents');
});

it('is the same at a moment while frames come', async () => {
  const demo = await startService(['demo', '--http', '127.0.0.1:0']);
  open.push(() => demo.stop());
  const frames = (seen: Exposition) => seen.sum('spikescope_frames_total');
  let moments = 0;
  let last = 0;
  await until('they were compared three times', async () => {
    const before = await demo.metrics();
    const overview = (await (await fetch(`${demo.url}/api/overview`)).json()) as Overview;
    const after = await demo.metrics();
    // Nothing came between the two: so what was asked for between them is of the same moment.
    if (frames(before) !== frames(after) || frames(after) === last) return false;
    last = frames(after);
    expectTotals(overview, after);
    return ++moments === 3;
  });
});
