import { stringify } from 'yaml';
import { alertGroups } from './all-rules.ts';
import {
  type AlertRule,
  type FiringCase,
  type RecordingRule,
  type RuleCase,
  type RuleContext,
  TICK_S,
} from './rule.ts';
import { recordingRules } from './rules/recording.ts';

/** Lines are not folded: an expression is searched for as a whole. */
export function yaml(value: unknown): string {
  return stringify(value, { lineWidth: 0 });
}

/** The groups of alerts, as Prometheus reads them. */
export function alertRulesFile(context: RuleContext): string {
  const groups = Object.entries(alertGroups(context)).map(([name, alerts]) => ({
    name: `spikescope-${name}`,
    rules: alerts.map((rule) => ({
      alert: rule.alert,
      expr: rule.expr,
      ...(rule.forS === 0 ? {} : { for: context.t(rule.forS) }),
      labels: { severity: rule.severity, team: rule.team },
      annotations: annotationsOf(rule, context),
    })),
  }));
  return yaml({ groups });
}

export function recordingRulesFile(context: RuleContext): string {
  const rules = recordingRules(context).map(({ record, expr }) => ({ record, expr }));
  return yaml({ groups: [{ name: 'spikescope-recorded', rules }] });
}

function annotationsOf(rule: AlertRule, { settings }: RuleContext): Record<string, string> {
  return {
    summary: rule.summary,
    description: rule.description,
    runbook_url: runbookUrl(settings.runbooks_url, rule.alert),
    dashboard_url: `${settings.grafana_url}/d/${rule.dashboard}`,
  };
}

export function runbookUrl(folder: string, alert: string): string {
  return `${folder.replace(/\/+$/, '')}/${alert}.md`;
}

/** What promtool tests the rules with: each alert as it fires and as it keeps quiet. */
export function rulesTestFile(context: RuleContext, ruleFiles: readonly string[]): string {
  const alerts = Object.values(alertGroups(context)).flat();
  return yaml({
    rule_files: ruleFiles,
    evaluation_interval: `${TICK_S}s`,
    // Rates come out of floating-point sums.
    fuzzy_compare: true,
    tests: [
      ...alerts.flatMap((rule) => [firing(rule, context), quiet(rule)]),
      ...recordingRules(context).map(recorded),
    ],
  });
}

function series({ input }: RuleCase): object {
  return {
    interval: `${TICK_S}s`,
    input_series: input.map(([name, values]) => ({ series: name, values })),
  };
}

function firing(rule: AlertRule, context: RuleContext): object {
  const { alert, fires, severity, team } = rule;
  const annotations = Object.entries(annotationsOf(rule, context));
  const expected = {
    exp_labels: { ...fires.labels, severity, team },
    exp_annotations: Object.fromEntries(
      annotations.map(([name, text]) => [name, filledIn(text, fires)]),
    ),
  };
  return {
    name: `${alert} fires`,
    ...series(fires),
    alert_rule_test: [{ eval_time: `${fires.atS}s`, alertname: alert, exp_alerts: [expected] }],
  };
}

function quiet({ alert, quiet: test }: AlertRule): object {
  return {
    name: `${alert} keeps quiet`,
    ...series(test),
    alert_rule_test: [{ eval_time: `${test.atS}s`, alertname: alert, exp_alerts: [] }],
  };
}

function recorded({ record, test }: RecordingRule): object {
  const samples = Object.entries(test.gives).map(([labels, value]) => ({
    labels: `${record}${labels}`,
    value,
  }));
  return {
    name: record,
    ...series(test),
    promql_expr_test: [{ expr: record, eval_time: `${test.atS}s`, exp_samples: samples }],
  };
}

/** What Prometheus makes of the templates in a text. */
function filledIn(text: string, { labels, value }: FiringCase): string {
  return text.replace(/\{\{ \$(labels\.)?(\w+)[^}]*\}\}/g, (_all, ofLabels, name: string) =>
    ofLabels === undefined ? (value ?? '') : (labels[name] ?? ''),
  );
}
