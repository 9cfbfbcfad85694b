import { expect, it } from 'vitest';
import inference from '../../pipelines/inference.ts';
import type { InferenceFrame } from '../../src/frames/inference.ts';
import { HEADER, runPipeline } from './run-pipeline.ts';

function batch(more: Partial<InferenceFrame> = {}): InferenceFrame {
  const { latencyUs = Float32Array.of(2000, 3000), count = latencyUs.length } = more;
  return {
    kind: 'inference',
    ...HEADER,
    modelName: 'vit',
    hardware: 'loihi2',
    energyJoules: 0.5,
    synapticOperations: undefined,
    baselineEnergyJoules: undefined,
    baselineName: undefined,
    ...more,
    count,
    latencyUs,
  };
}

const LABELS = '{model_name="vit",hardware="loihi2"}';

function info(name: string): string {
  return `energy_efficiency_baseline_info{model_name="vit",hardware="loihi2",baseline_name="${name}"}`;
}

it('divides the energy of a batch by its inferences and by its operations', async () => {
  const { send, metrics, derived } = runPipeline(inference);
  send(batch({ synapticOperations: 4e6 }));
  const seen = await metrics();
  expect(seen.value(`neuromorphic_energy_per_inference_joules${LABELS}`)).toBe(0.25);
  const perOperation = `neuromorphic_energy_per_synaptic_operation_joules${LABELS}`;
  expect(seen.value(perOperation)).toBe(1.25e-7);
  expect(seen.value(`neuromorphic_inferences_total${LABELS}`)).toBe(2);
  // No baseline is named: there is nothing to compare with.
  expect(seen.value(`energy_efficiency_ratio${LABELS}`)).toBeUndefined();
  expect(derived).toEqual([
    {
      record: 'inference',
      key: ['loihi2', 'vit'],
      t0Us: 1_000_000,
      spanUs: 0,
      fields: expect.objectContaining({
        device_type: 'loihi2',
        chip_id: '0',
        count: 2,
        energy_per_inference_joules: 0.25,
        energy_per_synaptic_operation_joules: 1.25e-7,
        latency_mean_us: 2500,
        latency_max_us: 3000,
        baseline_name: undefined,
        energy_efficiency_ratio: undefined,
      }),
    },
  ]);
});

it('compares with the last baseline that has a name, and says which', async () => {
  const { send, metrics } = runPipeline(inference);
  send(batch({ baselineEnergyJoules: 10, baselineName: 'gpu' }));
  const first = await metrics();
  expect(first.value(`energy_efficiency_ratio${LABELS}`)).toBe(20);
  expect(first.value(`energy_efficiency_baseline_joules${LABELS}`)).toBe(5);
  expect(first.value(info('gpu'))).toBe(1);
  send(batch({ baselineEnergyJoules: 3 }), batch({ baselineName: 'nobody' }), batch());
  expect((await metrics()).value(`energy_efficiency_ratio${LABELS}`)).toBe(20);
  send(batch({ baselineEnergyJoules: 1, baselineName: 'server' }));
  const last = await metrics();
  expect(last.value(`energy_efficiency_ratio${LABELS}`)).toBe(2);
  expect(last.value(info('server'))).toBe(1);
  expect(last.sum('energy_efficiency_baseline_info')).toBe(1);
});

it('keeps one baseline for each model and hardware, however often they change', async () => {
  const { send, metrics } = runPipeline(inference);
  for (let i = 0; i < 5000; i++) {
    send(batch({ baselineEnergyJoules: 1, baselineName: `b${i}` }));
    send(batch({ hardware: 'cpu', baselineEnergyJoules: 1, baselineName: `c${i}` }));
  }
  const seen = await metrics();
  expect(seen.sum('energy_efficiency_baseline_info')).toBe(2);
  expect(seen.value(info('b4999'))).toBe(1);
  expect(seen.sum('spikescope_series_refused_total')).toBe(0);
});

it('has no value where 0 is below the line, counts it, and shows no older one', async () => {
  const { send, metrics, derived } = runPipeline(inference);
  const baseline = { baselineEnergyJoules: 1, baselineName: 'gpu' };
  send(batch({ ...baseline, synapticOperations: 10 }));
  send(batch({ ...baseline, energyJoules: 0, synapticOperations: 0 }));
  const seen = await metrics();
  expect(seen.value(`energy_efficiency_ratio${LABELS}`)).toBeUndefined();
  expect(seen.sum('neuromorphic_energy_per_synaptic_operation_joules')).toBe(0);
  expect(seen.text).not.toContain('neuromorphic_energy_per_synaptic_operation_joules{');
  // 0 J for two inferences is a value.
  expect(seen.value(`neuromorphic_energy_per_inference_joules${LABELS}`)).toBe(0);
  expect(seen.sum('spikescope_quotients_undefined_total')).toBe(2);
  expect(derived.at(-1)?.fields).toMatchObject({ energy_per_inference_joules: 0 });
  expect(derived.at(-1)?.fields['energy_efficiency_ratio']).toBeUndefined();
  expect(seen.text).not.toMatch(/^[a-z].* [+-]?(Inf|NaN)/m);
});

it('a batch of nothing changes nothing; energy for no inference is counted', async () => {
  const { send, metrics } = runPipeline(inference);
  const none = { count: 0, latencyUs: new Float32Array(0) };
  send(batch(), batch({ ...none, energyJoules: 0, synapticOperations: 0 }));
  const seen = await metrics();
  expect(seen.value(`neuromorphic_energy_per_inference_joules${LABELS}`)).toBe(0.25);
  expect(seen.sum('spikescope_quotients_undefined_total')).toBe(0);
  send(batch({ ...none, energyJoules: 2 }));
  const after = await metrics();
  expect(after.value(`neuromorphic_energy_per_inference_joules${LABELS}`)).toBeUndefined();
  expect(after.sum('spikescope_quotients_undefined_total')).toBe(1);
});

it('sorts latencies into buckets, whatever the cut, and leaves out those below 0', async () => {
  const latencies = [9, 10, 11, 999, 20_000_000, -1, 0.1, 0.2, 0.3];
  const texts: string[] = [];
  for (const size of [1, 2, 9]) {
    const { send, metrics } = runPipeline(inference);
    for (let i = 0; i < latencies.length; i += size) {
      send(batch({ latencyUs: Float32Array.from(latencies.slice(i, i + size)) }));
    }
    const seen = await metrics();
    const bucket = (le: string) =>
      seen.value(
        `neuromorphic_inference_latency_seconds_bucket{model_name="vit",hardware="loihi2",le="${le}"}`,
      );
    expect([bucket('0.00001'), bucket('0.000025'), bucket('0.001'), bucket('10')]).toEqual([
      5, 6, 7, 7,
    ]);
    expect(bucket('+Inf')).toBe(8);
    expect(seen.sum('spikescope_latencies_negative_total')).toBe(1);
    expect(seen.value(`neuromorphic_inferences_total${LABELS}`)).toBe(9);
    texts.push(String(seen.value(`neuromorphic_inference_latency_seconds_sum${LABELS}`)));
  }
  expect(new Set(texts).size).toBe(1);
  expect(Number(texts[0])).toBeCloseTo(20.001029, 5);
});

it('remembers no more models than it may', async () => {
  const { send, metrics } = runPipeline(inference, { models_max: 2 });
  for (const modelName of ['a', 'b', 'c', 'a']) send(batch({ modelName }));
  const seen = await metrics();
  expect(seen.sum('neuromorphic_inferences_total')).toBe(6);
  expect(seen.sum('spikescope_state_refused_total', 'bound="models"')).toBe(1);
});
