import type { AnyPipeline } from '../component/pipeline.ts';
import type { FamilyType } from '../sinks/prometheus/family.ts';
import { MetricStore } from '../sinks/prometheus/metric-store.ts';
import { defineOwnMetrics } from '../telemetry/own-metrics.ts';

export interface KnownMetric {
  readonly type: FamilyType;
  readonly labels: readonly string[];
}

/** Series as Prometheus has them, by name. */
export type MetricCatalog = ReadonlyMap<string, KnownMetric>;

/** Labels that Prometheus puts on what it scrapes. */
export const SCRAPE_LABELS: readonly string[] = ['job', 'instance'];

/** What others than Spikescope give, as far as rules and dashboards use it. */
const OTHERS: Readonly<Record<string, FamilyType>> = {
  up: 'gauge',
  scrape_duration_seconds: 'gauge',
  scrape_samples_scraped: 'gauge',
  node_memory_MemAvailable_bytes: 'gauge',
  node_memory_MemTotal_bytes: 'gauge',
};

/** Every metric of the service: those of the one table, and what the pipelines declare. */
export function metricCatalog(pipelines: readonly AnyPipeline[]): MetricCatalog {
  const store = new MetricStore();
  defineOwnMetrics(store);
  for (const pipeline of pipelines) {
    pipeline.metrics?.(store, pipeline.options.parse({}));
  }
  const catalog = new Map<string, KnownMetric>();
  for (const { name, type, spec } of store.families()) {
    const labels = [...spec.labels, ...SCRAPE_LABELS];
    // Where workers share the frames, what frames say has that of its partition beside.
    if (spec.ofProcess !== true) labels.push('partition');
    if (type !== 'histogram') catalog.set(name, { type, labels });
    else {
      catalog.set(`${name}_bucket`, { type: 'counter', labels: [...labels, 'le'] });
      catalog.set(`${name}_sum`, { type: 'counter', labels });
      catalog.set(`${name}_count`, { type: 'counter', labels });
    }
  }
  for (const [name, type] of Object.entries(OTHERS)) {
    catalog.set(name, { type, labels: SCRAPE_LABELS });
  }
  catalog.set('ALERTS', { type: 'gauge', labels: ['alertname', 'alertstate', 'severity', 'team'] });
  return catalog;
}
