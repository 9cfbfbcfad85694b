import { z } from 'zod';
import type { GaugeSeries, MetricFamily } from '../src/component/metric.ts';
import { definePipeline } from '../src/component/pipeline.ts';
import { measureInferences, type Quotient } from '../src/operators/measure-inferences.ts';

/** From 10 µs, a few steps of a small network on a chip, to 10 s on a busy CPU. */
const LATENCY_LE_US = [
  10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000,
  1_000_000, 2_500_000, 5_000_000, 10_000_000,
] as const;

const LABELS = ['model_name', 'hardware'] as const;

export default definePipeline({
  name: 'inference',
  summary: 'Energy and latency of inferences, and how they compare with a named baseline.',
  reads: 'inference',
  options: z.strictObject({
    models_max: z
      .int()
      .min(1)
      .max(100_000)
      .default(1024)
      .describe(
        'Models (times hardware) that are remembered; frames of the rest are not measured.',
      ),
  }),
  through: ({ options, state, count }) =>
    measureInferences(
      { latencyLeUs: LATENCY_LE_US, modelsMax: options.models_max },
      state('models'),
      count,
    ),
  metrics: (define) => {
    const gauge = (name: string, help: string, more: readonly string[] = []) =>
      define.gauge({ name, help, labels: [...LABELS, ...more], expires: 'never' });
    const perInference = gauge(
      'neuromorphic_energy_per_inference_joules',
      'Energy of one inference, of the last batch.',
    );
    const perSynapticOperation = gauge(
      'neuromorphic_energy_per_synaptic_operation_joules',
      'Energy of one synaptic operation, of the last batch that says how many it took.',
    );
    const ratio = gauge(
      'energy_efficiency_ratio',
      'Energy of the baseline / measured energy, of the last batch that names a baseline.',
    );
    const baselinePerInference = gauge(
      'energy_efficiency_baseline_joules',
      'Energy that the baseline takes for one inference.',
    );
    const baselineInfo = gauge(
      'energy_efficiency_baseline_info',
      'Always 1: what energy_efficiency_ratio compares with.',
      ['baseline_name'],
    );
    const inferences = define.counter({
      name: 'neuromorphic_inferences_total',
      help: 'Inferences.',
      labels: LABELS,
      expires: 'never',
    });
    const latency = define.histogram({
      name: 'neuromorphic_inference_latency_seconds',
      help: 'Latency of inferences.',
      labels: LABELS,
      expires: 'never',
      le: LATENCY_LE_US.map((us) => us / 1e6),
      sumScale: 1e-6,
    });
    return (batch) => {
      const labels = [batch.modelName, batch.hardware] as const;
      inferences.series(...labels).add(batch.count);
      latency.series(...labels).total(batch.latencyCounts, 0, batch.latencySumUs);
      show(perInference, labels, batch.perInferenceJoules);
      show(perSynapticOperation, labels, batch.perSynapticOperationJoules);
      const { baseline } = batch;
      if (baseline === undefined) return;
      show(ratio, labels, baseline.efficiencyRatio);
      show(baselinePerInference, labels, baseline.perInferenceJoules);
      if (baseline.replaced !== undefined) {
        baselineInfo.series(...labels, baseline.replaced).remove();
      }
      baselineInfo.series(...labels, baseline.name).set(1);
    };
  },
  derived: (batch) => ({
    record: 'inference',
    key: [batch.hardware, batch.modelName],
    t0Us: batch.t0Us,
    spanUs: batch.spanUs,
    fields: {
      device_type: batch.deviceType,
      chip_id: batch.chipId,
      model_name: batch.modelName,
      hardware: batch.hardware,
      count: batch.count,
      energy_joules: batch.energyJoules,
      energy_per_inference_joules: known(batch.perInferenceJoules),
      synaptic_operations: batch.synapticOperations,
      energy_per_synaptic_operation_joules: known(batch.perSynapticOperationJoules),
      latency_mean_us: batch.latencyMeanUs,
      latency_max_us: batch.latencyMaxUs,
      baseline_name: batch.baseline?.name,
      baseline_energy_per_inference_joules: known(batch.baseline?.perInferenceJoules),
      energy_efficiency_ratio: known(batch.baseline?.efficiencyRatio),
    },
  }),
});

/** A quotient that the batch does not give stays as it was; one without a value goes. */
function show(
  gauge: MetricFamily<GaugeSeries>,
  labels: readonly [string, string],
  value: Quotient | undefined,
): void {
  if (value === undefined) return;
  const series = gauge.series(...labels);
  if (Number.isNaN(value)) series.remove();
  else series.set(value);
}

function known(value: Quotient | undefined): number | undefined {
  return value === undefined || Number.isNaN(value) ? undefined : value;
}
