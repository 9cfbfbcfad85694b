import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadPipelines } from '../../src/cli/load-pipelines.ts';
import { NO_SINKS } from '../../src/component/record-sinks.ts';
import { FRAME_LIMITS } from '../../src/frames/limits.ts';
import { RATE_LE_HZ } from '../../src/numerics/rate-buckets.ts';
import { openRecording } from '../../src/recordings/open.ts';
import { Exposition as Text } from '../../src/sinks/prometheus/exposition.ts';
import { MetricStore } from '../../src/sinks/prometheus/metric-store.ts';
import { defineOwnMetrics } from '../../src/telemetry/own-metrics.ts';
import { startTopology } from '../../src/topology/topology.ts';
import { Exposition } from '../integration/service-process.ts';

const ROOTS = ['fixtures/demo', 'fixtures/recordings'];
const FOLDERS = ROOTS.flatMap((root) => readdirSync(root).map((name) => join(root, name))).filter(
  (folder) => readdirSync(folder).includes('oracle.json'),
);

interface OracleLayer {
  readonly n: number;
  readonly total_spikes: number;
  readonly windows: Readonly<
    Record<string, readonly { readonly spikes: number; readonly histogram: readonly number[] }[]>
  >;
  readonly vm?: {
    readonly unit: string;
    readonly samples: number;
    readonly histogram: Readonly<Record<string, number>>;
  };
}

interface Oracle {
  readonly layers: Readonly<Record<string, OracleLayer>>;
  readonly power?: readonly { readonly energy_sum_j?: number; readonly cores?: Cores }[];
}

type Cores = Readonly<Record<string, { readonly syn_ops: number; readonly axon_out: number }>>;

/** Plays a recording through every pipeline; gives what then stands on /metrics. */
async function metricsOf(folder: string, windowMs: number, spanUs: number): Promise<Exposition> {
  const store = new MetricStore();
  const pipelines = await loadPipelines();
  const options = pipelines.map(({ name, options: schema }): [string, unknown] => {
    return [name, schema.parse(name === 'spike-rate' ? { window: `${windowMs}ms` } : {})];
  });
  const failures: unknown[] = [];
  const topology = startTopology({
    prefix: 'spikeformer',
    limits: FRAME_LIMITS,
    pipelines,
    pipelineOptions: new Map(options),
    define: store,
    own: defineOwnMetrics(store),
    sinks: NO_SINKS,
    watches: [],
    heard: () => {},
    dead: (dead) => failures.push(dead),
    onFailure: (_pipeline, error) => failures.push(error),
  });
  const recording = await openRecording(folder);
  for await (const frame of recording.frames(spanUs)) topology.inlet.frame(frame);
  topology.complete();
  await recording.close();
  expect(failures).toEqual([]);
  return new Exposition(await new Text(store, () => {}).text());
}

describe.each(FOLDERS)('%s on /metrics', (folder) => {
  const oracle = JSON.parse(readFileSync(join(folder, 'oracle.json'), 'utf8')) as Oracle;
  const layers = Object.entries(oracle.layers);

  it.each([
    [100, 30_000],
    [1000, 250_000],
  ])('has the spikes and the rates of the oracle in windows of %i ms', async (windowMs, spanUs) => {
    const metrics = await metricsOf(folder, windowMs, spanUs);
    for (const [name, layer] of layers) {
      expect(metrics.sum('neural_spikes_total', `layer="${name}"`)).toBe(layer.total_spikes);
      const windows = layer.windows[`tumbling_${windowMs}ms`] ?? [];
      const at = `layer_name="${name}"`;
      expect(metrics.sum('spike_rate_hz_count', at)).toBe(windows.length * layer.n);
      const spikes = windows.reduce((sum, window) => sum + window.spikes, 0);
      const rates = (spikes * 1000) / windowMs;
      expect(Math.abs(metrics.sum('spike_rate_hz_sum', at) - rates)).toBeLessThanOrEqual(
        rates * 1e-12,
      );
      [...RATE_LE_HZ, '+Inf'].forEach((le, i) => {
        const count = windows.reduce((sum, window) => sum + (window.histogram[i] as number), 0);
        const bucket = metrics.sum('spike_rate_hz_bucket', `${at},neuron_type=`, `le="${le}"`);
        expect(bucket, `${name} ≤ ${le} Hz`).toBe(count);
      });
    }
    expect(metrics.sum('spikescope_samples_late_total')).toBe(0);
    expect(metrics.sum('spikescope_time_jumps_total')).toBe(0);
  });

  it('has the membrane histogram, the energy and the activity of the oracle', async () => {
    const metrics = await metricsOf(folder, 100, 10_000);
    for (const [name, { vm }] of layers) {
      const metric = vm?.unit === 'mV' ? 'membrane_potential' : 'neuromorphic_membrane_raw';
      const at = `layer_name="${name}"`;
      expect(metrics.sum(`${metric}_count`, at)).toBe(vm?.samples ?? 0);
      if (vm?.unit !== 'mV') continue;
      for (const [le, count] of Object.entries(vm.histogram)) {
        expect(metrics.sum(`${metric}_bucket`, at, `le="${le}"`), `${name} ≤ ${le}`).toBe(count);
      }
    }
    const joules = oracle.power?.find((one) => one.energy_sum_j !== undefined)?.energy_sum_j ?? 0;
    const energy = metrics.sum('neuromorphic_energy_joules_total');
    expect(Math.abs(energy - joules)).toBeLessThanOrEqual(joules * 1e-9);
    const cores = Object.values(oracle.power?.find((one) => one.cores)?.cores ?? {});
    for (const counter of ['syn_ops', 'axon_out'] as const) {
      const sum = cores.reduce((total, core) => total + core[counter], 0);
      expect(metrics.sum('neuromorphic_activity_total', `counter="${counter}"`)).toBe(sum);
    }
  });
});
