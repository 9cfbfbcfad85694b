import { Command } from 'commander';
import { ParameterError, type TimeRange, timeRange } from '../analysis/logs/time-range.ts';
import { reportAnomalies, reportPatterns } from '../http/log-reports.ts';
import type { DocumentQueries } from '../sinks/documents/document-store.ts';
import { UsageError } from './config/config-error.ts';
import { anomaliesTable, patternsTable } from './logs-table.ts';
import { printResult } from './print-result.ts';
import { shipCommand } from './ship/ship.ts';
import { addStateFlags, type StateFlags, stateConfig, withStore } from './state-flags.ts';

interface ReportFlags extends StateFlags {
  readonly since?: string;
  readonly until?: string;
  readonly json?: boolean;
}

export function logsCommand(): Command {
  return new Command('logs')
    .description('what the stored log lines and conversions say; lines of other programs to store')
    .addCommand(
      reportCommand('analyze')
        .description('conversions by model type and hardware, and what changed')
        .action((flags: ReportFlags) => report(flags, reportPatterns, patternsTable)),
    )
    .addCommand(
      reportCommand('anomalies')
        .description('errors, failures and conversions that are out of order')
        .action((flags: ReportFlags) => report(flags, reportAnomalies, anomaliesTable)),
    )
    .addCommand(shipCommand());
}

function reportCommand(name: string): Command {
  return addStateFlags(new Command(name))
    .exitOverride()
    .option('--since <time>', 'where the range begins: a time ago, or ISO 8601 (default 1h)')
    .option('--until <time>', 'where it ends (default now)')
    .option('--json', 'print JSON (docs/documents.md) instead of a table');
}

async function report<Report>(
  flags: ReportFlags,
  ask: (queries: DocumentQueries, range: TimeRange) => Promise<Report>,
  table: (report: Report, range: TimeRange) => string,
): Promise<void> {
  const range = rangeOf(flags);
  const config = await stateConfig(flags);
  const told = await withStore(config, ({ queries }) => ask(queries, range));
  await printResult(flags.json === true ? `${JSON.stringify(told)}\n` : table(told, range));
}

function rangeOf(flags: ReportFlags): TimeRange {
  try {
    return timeRange(flags, Date.now());
  } catch (error) {
    if (!(error instanceof ParameterError)) throw error;
    throw new UsageError(`--${error.parameter} ${error.message}`);
  }
}
