import { yaml } from './rule-files.ts';
import type { MonitoringSettings } from './settings.ts';
import type { WriteTime } from './times.ts';

/** Where the rule files are beside prometheus.yml. */
export const RULES_FOLDER = 'rules';

const INTERVAL_S = 15;
const TIMEOUT_S = 10;

/** What Prometheus scrapes, evaluates and where it sends alerts. */
export function prometheusConfig(settings: MonitoringSettings, t: WriteTime): string {
  const { prometheus, secrets } = settings;
  const token = {
    authorization: { type: 'Bearer', credentials_file: `${secrets}/spikescope_token` },
  };
  const job = (name: string, targets: readonly string[], more: object = {}) => ({
    job_name: name,
    ...more,
    static_configs: [{ targets }],
  });
  return yaml({
    global: {
      scrape_interval: t(INTERVAL_S),
      scrape_timeout: t(TIMEOUT_S),
      evaluation_interval: t(INTERVAL_S),
    },
    rule_files: [`${RULES_FOLDER}/*.yml`],
    alerting: {
      alertmanagers: [{ static_configs: [{ targets: prometheus.alertmanager }] }],
    },
    scrape_configs: [
      job('spikescope', prometheus.spikescope, prometheus.spikescope_token ? token : {}),
      job('prometheus', prometheus.self),
      job('alertmanager', prometheus.alertmanager),
      job('node', prometheus.node),
    ],
  });
}
