import { z } from 'zod';
import { definePipeline } from '../src/component/pipeline.ts';
import {
  type BenchmarkChange,
  type BenchmarkResult,
  compareBenchmarks,
} from '../src/operators/compare-benchmarks.ts';

export default definePipeline({
  name: 'benchmarks',
  summary: 'Results of benchmark runs, each beside those before it.',
  reads: 'benchmark',
  options: z.strictObject({
    history_max: z
      .int()
      .min(1)
      .max(1000)
      .default(20)
      .describe('Results that are remembered of each model on each hardware.'),
    models_max: z
      .int()
      .min(1)
      .max(10_000)
      .default(1024)
      .describe('Models (times hardware) that are remembered; results of the rest are refused.'),
  }),
  through: ({ options, state, count }) =>
    compareBenchmarks(
      { historyMax: options.history_max, modelsMax: options.models_max },
      state('results'),
      count,
    ),
  metrics: (define) => {
    const gauge = (name: string, help: string) =>
      define.gauge({
        name: `spikeformer_benchmark_${name}`,
        help,
        labels: ['model', 'hardware'],
        expires: 'never',
      });
    const gauges = {
      latencySeconds: gauge('latency_seconds', 'Latency of one inference, of the last run.'),
      throughputPerSecond: gauge('throughput_per_second', 'Inferences a second, of the last run.'),
      accuracy: gauge('accuracy_ratio', 'Accuracy 0 to 1, where the last run measured it.'),
      energyJoules: gauge(
        'energy_joules',
        'Energy of one inference, where the last run measured it.',
      ),
      synapticOperations: gauge(
        'synaptic_operations',
        'Synaptic operations of one inference, where the last run counted them.',
      ),
    };
    return ({ model, hardware, result }) => {
      for (const [name, family] of Object.entries(gauges)) {
        const value = result[name as keyof typeof gauges];
        const series = family.series(model, hardware);
        // What an earlier run measured is not the value of this one.
        if (value === undefined) series.remove();
        else series.set(value);
      }
    };
  },
  derived: (benchmark) => ({
    record: 'benchmark',
    key: [benchmark.hardware, benchmark.model],
    t0Us: benchmark.result.t0Us,
    spanUs: benchmark.spanUs,
    fields: {
      device_type: benchmark.deviceType,
      chip_id: benchmark.chipId,
      run_id: benchmark.runId,
      model: benchmark.model,
      hardware: benchmark.hardware,
      duration_us: benchmark.durationUs,
      ...valueFields(benchmark.result),
      change_against_previous: changeFields(benchmark.againstPrevious),
      change_against_median: changeFields(benchmark.againstMedian),
      history: benchmark.history.map((each) => ({ t0: each.t0Us, ...valueFields(each) })),
    },
  }),
  log: {
    levelMax: 'INFO',
    write: ({ model, hardware, durationUs, spanUs, runId, result, againstPrevious }, log) => {
      const seconds = durationUs / 1e6;
      log({
        level: 'INFO',
        logger: 'spikeformer',
        message: `benchmark of ${model} on ${hardware} took ${Number(seconds.toPrecision(4))} s`,
        timeUs: result.t0Us + spanUs,
        eventType: 'benchmark_result',
        fields: {
          model_id: model,
          hardware_type: hardware,
          run_id: runId,
          duration_seconds: seconds,
          ...valueFields(result),
          latency_change: againstPrevious?.latencySeconds,
          throughput_change: againstPrevious?.throughputPerSecond,
        },
      });
    },
  },
});

function valueFields(values: BenchmarkResult | BenchmarkChange): Record<string, number> {
  const fields = {
    latency_seconds: values.latencySeconds,
    throughput_per_second: values.throughputPerSecond,
    accuracy: values.accuracy,
    energy_joules: values.energyJoules,
    synaptic_operations: values.synapticOperations,
  };
  const known = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(known) as Record<string, number>;
}

function changeFields(change: BenchmarkChange | undefined): Record<string, number> | undefined {
  return change && valueFields(change);
}
