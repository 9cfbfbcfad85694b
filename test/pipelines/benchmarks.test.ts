import { expect, it } from 'vitest';
import benchmarks from '../../pipelines/benchmarks.ts';
import type { BenchmarkFrame } from '../../src/frames/benchmark.ts';
import { HEADER, runPipeline } from './run-pipeline.ts';

function result(more: Partial<BenchmarkFrame> = {}): BenchmarkFrame {
  return {
    kind: 'benchmark',
    ...HEADER,
    model: 'vit-tiny',
    hardware: 'loihi2',
    latencySeconds: 0.02,
    throughputPerSecond: 50,
    durationUs: 3_200_000,
    accuracy: undefined,
    energyJoules: undefined,
    synapticOperations: undefined,
    ...more,
  };
}

const LABELS = '{model="vit-tiny",hardware="loihi2"}';

it('shows the last result, and nothing that it did not measure', async () => {
  const { send, metrics } = runPipeline(benchmarks);
  send(result({ accuracy: 0.75, energyJoules: 0.004, synapticOperations: 1e9 }));
  const first = await metrics();
  const names = ['accuracy_ratio', 'energy_joules', 'synaptic_operations'];
  const of = (seen: typeof first, name: string) =>
    seen.value(`spikeformer_benchmark_${name}${LABELS}`);
  expect(of(first, 'latency_seconds')).toBe(0.02);
  expect(of(first, 'throughput_per_second')).toBe(50);
  expect(names.map((name) => of(first, name))).toEqual([0.75, 0.004, 1e9]);
  send(result({ latencySeconds: 0.03, accuracy: 0 }));
  const second = await metrics();
  expect(of(second, 'latency_seconds')).toBe(0.03);
  expect(names.map((name) => of(second, name))).toEqual([0, undefined, undefined]);
  send(result({ energyJoules: 0.5 }));
  expect(of(await metrics(), 'energy_joules')).toBe(0.5);
});

it('compares with the result before and with the median of all before', () => {
  const { send, derived } = runPipeline(benchmarks);
  const latencies = [0.02, 0.04, 0.03, 0.06];
  for (const [i, latencySeconds] of latencies.entries()) {
    const energyJoules = i === 2 ? undefined : 2 ** i;
    send(result({ t0Us: i * 1e6, latencySeconds, energyJoules, accuracy: i === 0 ? 0 : 0.5 }));
  }
  const [first, , , last] = derived.map(({ fields }) => fields);
  expect(first).toMatchObject({ latency_seconds: 0.02, history: [{ t0: 0 }] });
  expect(first?.['change_against_previous']).toBeUndefined();
  expect(first?.['change_against_median']).toBeUndefined();
  // Of 0.02, 0.03 and 0.04 the median is 0.03; of 1 J and 2 J it is 1.5 J.
  expect(last?.['change_against_previous']).toEqual({
    latency_seconds: expect.closeTo(1),
    throughput_per_second: 0,
    accuracy: 0,
  });
  expect(last?.['change_against_median']).toEqual({
    latency_seconds: expect.closeTo(1),
    throughput_per_second: 0,
    accuracy: 0,
    energy_joules: expect.closeTo(8 / 1.5 - 1),
  });
  expect(last?.['history']).toEqual(
    latencies.map((latency_seconds, i) => ({
      t0: i * 1e6,
      latency_seconds,
      throughput_per_second: 50,
      accuracy: i === 0 ? 0 : 0.5,
      ...(i !== 2 && { energy_joules: 2 ** i }),
    })),
  );
});

it('keeps as many results as it may, of each model on each hardware', () => {
  const { send, derived } = runPipeline(benchmarks, { history_max: 3 });
  for (let i = 0; i < 10; i++) {
    send(result({ t0Us: i }), result({ t0Us: 100 + i, hardware: 'cpu' }));
  }
  const times = derived.map(({ fields }) =>
    (fields['history'] as { t0: number }[]).map((h) => h.t0),
  );
  expect(times.slice(-2)).toEqual([
    [7, 8, 9],
    [107, 108, 109],
  ]);
  expect(Math.max(...times.map((list) => list.length))).toBe(3);
  expect(derived.at(-1)?.key).toEqual(['cpu', 'vit-tiny']);
});

it('remembers no more models than it may, and counts the rest', async () => {
  const { send, metrics } = runPipeline(benchmarks, { models_max: 1 });
  send(result(), result({ model: 'b' }), result());
  const seen = await metrics();
  expect(seen.sum('spikescope_state_refused_total', 'bound="models"')).toBe(1);
  expect(seen.text).not.toContain('model="b"');
});

it('logs each result with its duration', () => {
  const { send, logged } = runPipeline(benchmarks);
  send(result({ spanUs: 1000 }), result({ latencySeconds: 0.025 }));
  expect(logged[0]).toMatchObject({
    level: 'INFO',
    logger: 'spikeformer',
    message: 'benchmark of vit-tiny on loihi2 took 3.2 s',
    timeUs: 1_001_000,
    eventType: 'benchmark_result',
    fields: { model_id: 'vit-tiny', hardware_type: 'loihi2', duration_seconds: 3.2 },
  });
  expect(logged[1]?.fields['latency_change']).toBeCloseTo(0.25);
});
