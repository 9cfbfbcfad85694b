import type { GroupNumbers } from '../analysis/logs/conversion-groups.ts';
import type { ConversionPatterns, GroupChange } from '../analysis/logs/conversion-patterns.ts';
import type { LogAnomaly } from '../analysis/logs/log-anomaly.ts';
import { shownRange, type TimeRange } from '../analysis/logs/time-range.ts';
import { printable, section, shown } from './text-table.ts';

/** Rows of a table for a person: what is rare is in the JSON. */
const ROWS_MAX = 30;

/** Conversions of a range by model type and hardware, each beside the range before. */
export function patternsTable(patterns: ConversionPatterns): string {
  const { from, to, conversions, changes, errors } = patterns;
  const rows = (title: string, of: Readonly<Record<string, GroupNumbers>>, by: Changes) => {
    const names = Object.keys(of).slice(0, ROWS_MAX);
    const lines = names.map((name) => groupRow(name, of[name] as GroupNumbers, by[name]));
    return lines.length === 0 ? [] : [[title, ...TITLES], ...lines];
  };
  const failed = Object.entries(errors).map(([type, count]) => [printable(type), shown(count)]);
  return [
    `Conversions from ${from} to ${to}; in brackets, from ${changes.before.from} on`,
    ...section([['', ...TITLES], groupRow('all', conversions.all, changes.all)]),
    ...section(rows('model type', conversions.by_model_type, changes.by_model_type)),
    ...section(rows('hardware', conversions.by_hardware, changes.by_hardware)),
    ...section(failed.length === 0 ? [] : [['error', 'failed'], ...failed.slice(0, ROWS_MAX)]),
    '',
  ].join('\n');
}

type Changes = Readonly<Record<string, GroupChange>>;

const TITLES = ['started', 'finished', 'failed', 'share', 'p', 'median s', '90 % s', '99 % s'];

function groupRow(name: string, now: GroupNumbers, change: GroupChange | undefined): string[] {
  const { started, finished, failure_share, median_seconds } = change ?? {};
  return [
    printable(name),
    beside(now.started, started?.before),
    beside(now.finished, finished?.before),
    shown(now.failed),
    beside(now.failure_share, failure_share?.before),
    shown(failure_share?.p_value ?? null),
    beside(now.duration_seconds['0.5'], median_seconds?.before),
    shown(now.duration_seconds['0.9']),
    shown(now.duration_seconds['0.99']),
  ];
}

function beside(now: number | null, before: number | null | undefined): string {
  return `${shown(now)} (${shown(before ?? null)})`;
}

/** Anomalies, one a line, with what more there is to say of each. */
export function anomaliesTable(anomalies: readonly LogAnomaly[], range: TimeRange): string {
  const { from, to } = shownRange(range);
  if (anomalies.length === 0) return `Nothing out of order from ${from} to ${to}.\n`;
  const rows = anomalies.slice(0, ROWS_MAX).map(({ type, count, severity, ...more }) => {
    return { row: [severity, type, shown(count)], more: detailsOf(more) };
  });
  const lines = section([['severity', 'type', 'count'], ...rows.map(({ row }) => row)]).slice(1);
  const told = lines.map((line, i) => `${line}  ${rows[i - 1]?.more ?? ''}`.trimEnd());
  return `${[`From ${from} to ${to}`, '', ...told].join('\n')}\n`;
}

function detailsOf(more: Readonly<Record<string, unknown>>): string {
  const parts = Object.entries(more).map(([name, value]) => {
    const text = typeof value === 'number' ? shown(value) : JSON.stringify(value);
    return `${name} ${text.replace(/^"(.*)"$/, '$1')}`;
  });
  return printable(parts.join(', '));
}
