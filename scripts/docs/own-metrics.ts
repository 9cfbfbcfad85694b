import { MetricStore } from '../../src/sinks/prometheus/metric-store.ts';
import { defineOwnMetrics } from '../../src/telemetry/own-metrics.ts';

/** The service's own metrics as a table, from the one place that has their names. */
export function ownMetricsTable(): string {
  const store = new MetricStore();
  defineOwnMetrics(store);
  const rows = store.families().map(({ spec, type }) => {
    const labels = spec.labels.length === 0 ? '' : `{${spec.labels.join(',')}}`;
    return `| \`${spec.name}${labels}\` | ${type} | ${spec.help} |`;
  });
  return ['| metric | type | what |', '|---|---|---|', ...rows].join('\n');
}
