import type {
  CounterSeries,
  GaugeSeries,
  HistogramSeries,
  MetricDefiner,
  MetricSpec,
} from '../../src/component/metric.ts';

/** Takes what pipelines put into metrics, checks the number of labels, and keeps nothing. */
export function nullMetrics(): MetricDefiner {
  const series: CounterSeries & GaugeSeries & HistogramSeries = {
    add: () => {},
    total: () => {},
    set: () => {},
    remove: () => {},
  };
  const family = (spec: MetricSpec) => ({
    series: (...labels: string[]) => {
      if (labels.length !== spec.labels.length) {
        throw new Error(`${spec.name} needs ${spec.labels.length} labels, got ${labels.length}`);
      }
      return series;
    },
  });
  return { counter: family, gauge: family, histogram: family };
}
