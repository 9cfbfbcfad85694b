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
  return [{ path: 'README.md', text: list(groups) }, ...pages];
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
`;
}

function firstSentence(text: string): string {
  return (/^.*?[.:](?=\s|$)/s.exec(text)?.[0] ?? text).replace(/:$/, '.').replaceAll('|', '\\|');
}
