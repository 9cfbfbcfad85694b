import { ANOMALY_ALERT } from '../sinks/alerts/incident-alert.ts';
import { alertGroups } from './all-rules.ts';
import type { AlertRule, RuleContext } from './rule.ts';

export interface TextFile {
  readonly path: string;
  readonly text: string;
}

/** A page for each alert, and one that lists them. */
export function runbookPages(context: RuleContext): TextFile[] {
  const groups = Object.entries(alertGroups(context));
  const pages = groups.flatMap(([, alerts]) =>
    alerts.map((rule) => ({ path: `${rule.alert}.md`, text: page(rule, context) })),
  );
  return [
    { path: 'README.md', text: list(groups) },
    { path: `${ANOMALY_ALERT}.md`, text: ANOMALY_PAGE },
    ...pages,
  ];
}

function page(rule: AlertRule, { t }: RuleContext): string {
  const { runbook, severity, team } = rule;
  const lasts = rule.forS === 0 ? 'at once' : `when it has held for ${t(rule.forS)}`;
  return `# ${rule.alert}

Severity \`${severity}\`, team \`${team}\`; fires ${lasts}:

\`\`\`promql
${rule.expr}
\`\`\`

${runbook.means}

## What to look at

${runbook.look.map((line) => `- ${line}`).join('\n')}

## What to do

${runbook.mend.map((line) => `- ${line}`).join('\n')}

Dashboard: \`/d/${rule.dashboard}\`. All alerts: [the list](README.md).
`;
}

function list(groups: readonly (readonly [string, readonly AlertRule[]])[]): string {
  const rows = groups.flatMap(([group, alerts]) =>
    alerts.map(({ alert, severity, team, runbook }) => {
      const cells = [`[${alert}](${alert}.md)`, group, severity, team];
      return `| ${cells.join(' | ')} | ${firstSentence(runbook.means)} |`;
    }),
  );
  return `# Runbooks

One page for each alert of \`monitoring/prometheus/rules/alerts.yml\`; written by \`npm run docs\`
from the same source as the rules (src/monitoring/rules/).

| alert | group | severity | team | what it means |
|---|---|---|---|---|
${rows.join('\n')}

Not of Prometheus, but of the detectors of Spikescope: [${ANOMALY_ALERT}](${ANOMALY_ALERT}.md).
`;
}

function firstSentence(text: string): string {
  return (/^.*?[.:](?=\s|$)/s.exec(text)?.[0] ?? text).replace(/:$/, '.').replaceAll('|', '\\|');
}

/** Its alerts are no rule: Spikescope sends them to Alertmanager itself. */
const ANOMALY_PAGE = `# ${ANOMALY_ALERT}

Severity that of the incident, team \`hardware\`; sent by Spikescope to Alertmanager, one alert for
each incident, for as long as it lasts (\`alerts.alertmanager\` in docs/configuration.md).

A detector found that a layer, a core or a chip does not do what it did before. \`detector\` and
\`series\` say what was found in which measure; the description says what came instead of what, and
what to do first. The annotation \`incident_id\` is that of the records on
\`<prefix>.anomaly.>\` and of the documents.

## What to look at

- The live page (\`page_url\`) and the dashboard /d/neuromorphic-hardware at that time.
- The other alerts of the same chip: \`HardwareDisconnected\`, \`EmitterSilent\`.
- \`spikescope logs anomalies --since 1h\`: what else happened then.
- Was something changed on purpose: another model, other input, a chip taken away?

## What to do

- \`silence\` of \`rate\`: a layer fires no more. Check its input and whether its cores run.
- \`frames\`: the emitter of the chip or its connection.
- Anything else: as the description says. What is meant to be so: mute the place in the
  configuration, or silence the alert by its labels.

All alerts: [the list](README.md).
`;
