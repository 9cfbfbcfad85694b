import { yaml } from './rule-files.ts';
import type { MonitoringSettings } from './settings.ts';

/** The data source that every panel names. */
export const PROMETHEUS_UID = 'spikescope-prometheus';

/** Uids and titles of the dashboards; addresses and alerts name them. */
export const DASHBOARDS = {
  overview: { uid: 'spikeformer-overview', title: 'Spikeformer Overview' },
  hardware: { uid: 'neuromorphic-hardware', title: 'Neuromorphic Hardware Monitoring' },
  service: { uid: 'spikescope', title: 'Spikescope' },
} as const;

export function grafanaDatasources({ grafana }: MonitoringSettings): string {
  const prometheus = {
    name: 'Prometheus',
    uid: PROMETHEUS_UID,
    type: 'prometheus',
    access: 'proxy',
    url: grafana.prometheus_url,
    isDefault: true,
    // `$__rate_interval` is four times this: as Prometheus scrapes.
    jsonData: { timeInterval: '15s', httpMethod: 'POST', prometheusType: 'Prometheus' },
  };
  const elasticsearch = {
    name: 'Spikescope logs',
    uid: 'spikescope-logs',
    type: 'elasticsearch',
    access: 'proxy',
    url: grafana.elasticsearch_url,
    jsonData: {
      index: 'spikeformer-logs*',
      timeField: 'timestamp',
      logMessageField: 'message',
      logLevelField: 'level',
    },
  };
  const jaeger = {
    name: 'Jaeger',
    uid: 'spikescope-traces',
    type: 'jaeger',
    access: 'proxy',
    url: grafana.jaeger_url,
  };
  return yaml({ apiVersion: 1, datasources: [prometheus, elasticsearch, jaeger] });
}

export function grafanaProviders({ grafana }: MonitoringSettings): string {
  return yaml({
    apiVersion: 1,
    providers: [
      {
        name: 'spikescope',
        folder: 'Spikescope',
        folderUid: 'spikescope',
        type: 'file',
        disableDeletion: true,
        allowUiUpdates: false,
        options: { path: grafana.dashboards },
      },
    ],
  });
}
