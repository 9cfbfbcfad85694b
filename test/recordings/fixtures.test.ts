import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openRecording } from '../../src/recordings/open.ts';
import { collect, windowCounts } from './collect.ts';

const ROOTS = ['fixtures/demo', 'fixtures/recordings'];
const FOLDERS = ROOTS.flatMap((root) => readdirSync(root).map((name) => join(root, name)));
const SPANS_US = [1_000, 10_000, 100_000];

interface OracleWindow {
  readonly t0_ms: number;
  readonly spikes: number;
}

interface Oracle {
  readonly duration_ms: number;
  readonly total_spikes: number;
  readonly layers: Readonly<
    Record<
      string,
      {
        readonly n: number;
        readonly total_spikes: number;
        readonly windows: Readonly<Record<string, readonly OracleWindow[]>>;
        readonly vm?: {
          readonly samples: number;
          readonly unit: string;
          readonly mean: number;
          readonly histogram: Readonly<Record<string, number>>;
        };
      }
    >
  >;
  readonly power?: readonly {
    readonly samples?: number;
    readonly energy_sum_j?: number;
    readonly mean_power_w?: number;
    readonly max_power_w?: number;
    readonly cores?: Readonly<Record<string, Readonly<Record<string, number>>>>;
  }[];
}

const oracleOf = (folder: string): Oracle =>
  JSON.parse(readFileSync(join(folder, 'oracle.json'), 'utf8')) as Oracle;

describe.each(FOLDERS)('%s', (folder) => {
  const oracle = oracleOf(folder);
  const layers = Object.entries(oracle.layers);

  it.each(SPANS_US)(
    'has the oracle spikes, in total and by window, in frames of %i µs',
    async (span) => {
      const recording = await openRecording(folder);
      const { spikes } = await collect(recording, span);
      expect(spikes).toHaveLength(oracle.total_spikes);
      expect(recording.info.durationUs).toBe(oracle.duration_ms * 1000);
      expect(recording.info.layers.map((layer) => [layer.name, layer.neuronCount])).toEqual(
        layers.map(([name, { n }]) => [name, n]),
      );
      for (const [name, layer] of layers) {
        expect(spikes.filter((spike) => spike[0] === name)).toHaveLength(layer.total_spikes);
        for (const [key, rows] of Object.entries(layer.windows)) {
          const windowUs = Number(/\d+/.exec(key)?.[0]) * 1000;
          const counts = windowCounts(spikes, name, windowUs, rows.length);
          expect(counts, `${name} ${key}`).toEqual(rows.map((row) => row.spikes));
        }
      }
      expect(recording.notes).toEqual({
        samplesOutside: 0,
        samplesInvalid: 0,
        truncated: false,
        remarks: [],
      });
    },
  );

  it('has the same samples in the same order in frames of any span', async () => {
    const recording = await openRecording(folder);
    const [first, ...others] = [
      await collect(recording, SPANS_US[0] as number),
      await collect(recording, SPANS_US[1] as number),
      await collect(recording, 700),
    ];
    for (const other of others) {
      const byLayer = (spikes: typeof other.spikes) =>
        layers.map(([name]) => spikes.filter((spike) => spike[0] === name));
      expect(byLayer(other.spikes)).toEqual(byLayer(first.spikes));
      expect(other.membrane).toEqual(first.membrane);
      expect(other.power).toEqual(first.power);
      expect(other.activity).toEqual(first.activity);
    }
  });

  it('has the membrane samples and histogram of the oracle', async () => {
    const { membrane, units } = await collect(await openRecording(folder), 10_000);
    const sampled = layers.filter(([, layer]) => layer.vm !== undefined);
    expect([...membrane.keys()].sort()).toEqual(sampled.map(([name]) => name).sort());
    for (const [name, { vm }] of sampled) {
      const values = (membrane.get(name) ?? []).map((sample) => sample[2]);
      expect(values).toHaveLength(vm?.samples as number);
      expect([...units]).toEqual([vm?.unit]);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      // A frame's values are f32.
      const expected = vm?.mean as number;
      expect(Math.abs(mean - expected)).toBeLessThanOrEqual(1e-6 * Math.abs(expected));
      for (const [le, count] of Object.entries(vm?.histogram ?? {})) {
        const bound = le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le);
        expect(
          values.filter((value) => value <= bound),
          `${name} ≤ ${le}`,
        ).toHaveLength(count);
      }
    }
  });

  it('has the energy and core activity of the oracle', async () => {
    const { power, activity, cores } = await collect(await openRecording(folder), 10_000);
    const energy = oracle.power?.find((entry) => entry.energy_sum_j !== undefined);
    expect(power).toHaveLength(energy?.samples ?? 0);
    if (energy !== undefined) {
      const joules = power.reduce((sum, sample) => sum + sample.joules, 0);
      const stepUs = power.reduce((sum, sample) => sum + sample.stepUs, 0);
      expect(joules / (energy.energy_sum_j as number)).toBeCloseTo(1, 12);
      expect(joules / (stepUs * 1e-6) / (energy.mean_power_w as number)).toBeCloseTo(1, 9);
      const watts = Math.max(...power.map((sample) => sample.watts));
      expect(watts / (energy.max_power_w as number)).toBeCloseTo(1, 6);
    }
    const expected = oracle.power?.find((entry) => entry.cores !== undefined)?.cores ?? {};
    for (const [core, sums] of Object.entries(expected)) {
      for (const counter of ['spikes_in', 'axon_out', 'syn_ops']) {
        let sum = 0;
        for (const frame of activity) {
          const values = frame.counters.get(counter);
          for (const [i, id] of frame.coreId.entries()) {
            if (id === Number(core)) sum += values?.[i] as number;
          }
        }
        expect(sum, `core ${core} ${counter}`).toBe(sums[counter]);
      }
      const percent = cores.flatMap((frame) =>
        [...frame.utilizationPercent].filter((_, i) => frame.coreId[i] === Number(core)),
      );
      const mean = percent.reduce((sum, value) => sum + value, 0) / percent.length;
      expect(mean / ((sums['utilization_mean'] as number) * 100)).toBeCloseTo(1, 5);
    }
    expect(activity).toHaveLength(cores.length);
  });
});
