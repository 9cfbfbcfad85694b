import { MetricStore } from '../sinks/prometheus/metric-store.ts';
import { createLog, type Log, type RunningSpan } from '../telemetry/log.ts';
import { defineOwnMetrics, type OwnMetrics } from '../telemetry/own-metrics.ts';
import type { Config } from './config/schema.ts';

/** What a command that serves says of itself: its log and its metrics. */
export interface OwnTelemetry {
  readonly log: Log;
  readonly store: MetricStore;
  readonly own: OwnMetrics;
  /** The span that log lines belong to; set by what traces own work. */
  readonly running: RunningSpan;
}

export function createOwnTelemetry(config: Config, version: string): OwnTelemetry {
  const running: RunningSpan = { ids: undefined };
  const log = createLog({
    level: config.log_level,
    span: () => running.ids,
    dropped: () => own.dropped.series('log', 'queue_full').add(1),
  });
  const refused = new Set<string>();
  const store: MetricStore = new MetricStore({
    seriesMax: config.metrics.series_max,
    refused: (metric) => {
      own.seriesRefused.series(metric).add(1);
      if (refused.has(metric)) return;
      refused.add(metric);
      log.warn(`${metric} has as many series as it may; further label sets are folded or left out`);
    },
  });
  const own = defineOwnMetrics(store);
  own.buildInfo.series(version, process.version).set(1);
  return { log, store, own, running };
}
