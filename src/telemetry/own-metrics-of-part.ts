import type { GaugeSeries, MetricDefiner, MetricFamily, MetricSpec } from '../component/metric.ts';
import { COUNTERS, defineAll, GAUGES, type OwnMetrics } from './own-metrics.ts';

/**
 * The service's own metrics for a part of the frames: what tells of the process is that of the
 * process, all else is the part's own.
 */
export function defineOwnMetricsOfPart(define: MetricDefiner, ofProcess: OwnMetrics): OwnMetrics {
  const rows: readonly [string, MetricSpec][] = [
    ...Object.entries(COUNTERS),
    ...Object.entries(GAUGES),
  ];
  const keys = new Map(rows.map(([key, { name }]) => [name, key as keyof typeof COUNTERS]));
  const shared = (name: string) => ofProcess[keys.get(name) as keyof typeof COUNTERS];
  return defineAll({
    counter: (spec) => (spec.ofProcess === true ? shared(spec.name) : define.counter(spec)),
    gauge: (spec) =>
      spec.ofProcess === true
        ? (shared(spec.name) as unknown as MetricFamily<GaugeSeries>)
        : define.gauge(spec),
    histogram: (spec) => define.histogram(spec),
  });
}
