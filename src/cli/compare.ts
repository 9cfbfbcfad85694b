import { existsSync, readFileSync, statSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { parse, YAMLParseError } from 'yaml';
import { compare, type Subject, unusedPatterns } from '../analysis/compare/comparison.ts';
import {
  NO_THRESHOLDS,
  type Thresholds,
  thresholdsSchema,
} from '../analysis/compare/thresholds.ts';
import { storedRun } from '../http/stored-run.ts';
import { comparisonReport } from '../report/comparison/comparison-report.ts';
import { comparedRecording, RUN_PREFIX } from './compared-recording.ts';
import { comparisonTable } from './comparison-table.ts';
import { ConfigError, UsageError } from './config/config-error.ts';
import { checkSettings, type Settings } from './config/settings.ts';
import { addOpenFlags, type OpenFlags, openOptions } from './open-flags.ts';
import { printResult } from './print-result.ts';
import { Progress } from './progress.ts';
import { addStateFlags, type StateFlags, stateConfig, withStore } from './state-flags.ts';

interface CompareFlags extends OpenFlags, StateFlags {
  readonly json?: boolean;
  readonly html?: string;
  readonly thresholds?: string;
}

export function compareCommand(version: string): Command {
  return addStateFlags(addOpenFlags(new Command('compare')))
    .description('two recordings or stored runs side by side; exit code 1 beyond --thresholds')
    .argument('<a>', 'what to compare with: a recording, or the id of a stored run')
    .argument('<b>', 'what is compared with it')
    .option('--json', 'print one JSON object (docs/compare.md) instead of a table')
    .option('--html <file>', 'write one page with tables and pictures as well')
    .option('--thresholds <file>', 'YAML or JSON: what may differ, and by how much')
    .action((a: string, b: string, flags: CompareFlags) => runComparison(a, b, flags, version));
}

async function runComparison(
  a: string,
  b: string,
  flags: CompareFlags,
  version: string,
): Promise<void> {
  const { html } = flags;
  if (html !== undefined && statSync(html, { throwIfNoEntry: false })?.isDirectory()) {
    throw new UsageError(`--html ${html} is a folder; name a file in it`);
  }
  const thresholds = readThresholds(flags.thresholds);
  const first = await subjectOf(a, flags);
  const second = await subjectOf(b, flags);
  const [unused] = unusedPatterns(first, second, thresholds);
  if (unused !== undefined) {
    throw new ConfigError(
      `${flags.thresholds}: numbers: "${unused}" means no number of ${a} or ${b}; --json lists \
their paths`,
    );
  }
  const comparison = compare(first, second, thresholds);
  if (html !== undefined) {
    const hasThresholds = flags.thresholds !== undefined;
    // Whole or not at all: somebody may look at the one that is there.
    await writeFile(
      `${html}.part`,
      comparisonReport({ comparison, a: first, b: second, hasThresholds, version }),
    );
    await rename(`${html}.part`, html);
  }
  await printResult(
    flags.json === true ? `${JSON.stringify(comparison)}\n` : comparisonTable(comparison),
  );
  if (comparison.passed) return;
  const { failures } = comparison;
  throw new Error(`beyond the thresholds:\n  ${failures.join('\n  ')}`);
}

function readThresholds(file: string | undefined): Thresholds {
  if (file === undefined) return NO_THRESHOLDS;
  let value: unknown;
  try {
    value = parse(readFileSync(file, 'utf8')) ?? {};
  } catch (error) {
    const why = error instanceof YAMLParseError ? error.message : (error as Error).message;
    throw new ConfigError(`${file}: can't be read (${why})`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ConfigError(`${file}: needs a map of settings at the top`);
  }
  return checkSettings(thresholdsSchema, value as Settings, file) as Thresholds;
}

async function subjectOf(name: string, flags: CompareFlags): Promise<Subject> {
  const isRun = name.startsWith(RUN_PREFIX);
  if (!isRun && existsSync(name)) return readRecording(name, flags);
  const runId = isRun ? name.slice(RUN_PREFIX.length) : name;
  if (!isRun && /[/\\]|\.\w{1,6}$/.test(name) && flags.config === undefined) {
    throw new UsageError(
      `${name} does not exist (for a run of this id write ${RUN_PREFIX}${name})`,
    );
  }
  const config = await stateConfig(flags);
  const subject = await withStore(config, ({ queries }) => storedRun(queries, runId));
  if (subject !== undefined) return subject;
  throw new UsageError(`${name} is no file, and no run of this id is in the document store`);
}

async function readRecording(path: string, flags: CompareFlags): Promise<Subject> {
  const progress = new Progress('analyzed', 'frames');
  try {
    return await comparedRecording(path, openOptions(flags), (frames) => {
      if (frames % 256 === 0) progress.at(frames);
    });
  } finally {
    progress.end();
  }
}
