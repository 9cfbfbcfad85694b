import type { AnyPipeline } from '../component/pipeline.ts';
import { alertmanagerConfig } from './alertmanager.ts';
import { alertGroups } from './all-rules.ts';
import { type MetricCatalog, metricCatalog, SCRAPE_LABELS } from './catalog.ts';
import { checkExpression } from './check-expression.ts';
import { grafanaDatasources, grafanaProviders } from './grafana.ts';
import { prometheusConfig, RULES_FOLDER } from './prometheus.ts';
import type { RuleContext } from './rule.ts';
import { alertRulesFile, recordingRulesFile, rulesTestFile } from './rule-files.ts';
import { recordingRules } from './rules/recording.ts';
import { runbookPages, type TextFile } from './runbooks.ts';
import type { MonitoringSettings } from './settings.ts';
import { timesBy } from './times.ts';
import { collectorConfig, jaegerConfig } from './tracing.ts';

const ALERTS = `${RULES_FOLDER}/alerts.yml`;
const RECORDED = `${RULES_FOLDER}/recorded.yml`;

/** Everything that is made of the settings and of what the service and its pipelines give. */
export interface Monitoring {
  /** Paths are within monitoring/. */
  readonly files: readonly TextFile[];
  /** Paths are within docs/runbooks/. */
  readonly runbooks: readonly TextFile[];
  /** With what the recording rules add: what dashboards may name. */
  readonly catalog: MetricCatalog;
}

/** @throws Error where a rule names what nobody gives */
export function generateMonitoring(
  settings: MonitoringSettings,
  pipelines: readonly AnyPipeline[],
): Monitoring {
  const given = metricCatalog(pipelines);
  const t = timesBy(settings.time_scale);
  const context: RuleContext = { settings, t };
  const catalog = checkedCatalog(context, given);
  const files = [
    { path: 'prometheus/prometheus.yml', text: prometheusConfig(settings, t) },
    { path: `prometheus/${ALERTS}`, text: alertRulesFile(context) },
    { path: `prometheus/${RECORDED}`, text: recordingRulesFile(context) },
    { path: 'alertmanager/alertmanager.yml', text: alertmanagerConfig(settings, t) },
    { path: 'grafana/provisioning/datasources/spikescope.yml', text: grafanaDatasources(settings) },
    { path: 'grafana/provisioning/dashboards/spikescope.yml', text: grafanaProviders(settings) },
    { path: 'otel-collector/otel-collector.yml', text: collectorConfig() },
    { path: 'jaeger/jaeger.yml', text: jaegerConfig() },
  ];
  // The cases of the tests are in the rules' own time.
  if (settings.time_scale === 1) {
    const text = rulesTestFile(context, [ALERTS, RECORDED]);
    files.push({ path: 'prometheus/rules.test.yml', text });
  }
  return { files: files.map(marked), runbooks: runbookPages(context), catalog };
}

const MARK = '# Made by `spikescope monitoring generate`; values: docs/monitoring.md.\n';

function marked({ path, text }: TextFile): TextFile {
  return { path, text: MARK + text };
}

/** All rules checked against what there is, in the order in which they build on each other. */
function checkedCatalog(context: RuleContext, given: MetricCatalog): MetricCatalog {
  const catalog = new Map(given);
  for (const { record, expr, labels } of recordingRules(context)) {
    checkExpression(record, expr, catalog);
    catalog.set(record, { type: 'gauge', labels: [...labels, ...SCRAPE_LABELS] });
  }
  for (const { alert, expr } of Object.values(alertGroups(context)).flat()) {
    checkExpression(alert, expr, catalog);
  }
  return catalog;
}
