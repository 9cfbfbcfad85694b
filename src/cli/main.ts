#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { OptionError } from '../sources/option-error.ts';
import { analyzeCommand } from './analyze.ts';
import { ConfigError, UsageError } from './config/config-error.ts';
import { convertCommand } from './convert.ts';
import { demoCommand } from './demo.ts';
import { packageFolder } from './package-folder.ts';
import { recordCommand } from './record.ts';
import { replayCommand } from './replay.ts';
import { runCommand } from './run.ts';
import { simulateCommand } from './simulate.ts';

/** Exit codes (DESIGN §3): 0 fine, 1 failed, 2 usage, 78 bad configuration. */
const FAILED = 1;
const USAGE = 2;
const BAD_CONFIGURATION = 78;

function versionOf(): string {
  const text = readFileSync(join(packageFolder(), 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

function program(): Command {
  const version = versionOf();
  const command = new Command('spikescope')
    .description('Observability for neuromorphic hardware: spikes, power and health to metrics.')
    .version(version)
    .exitOverride()
    .showSuggestionAfterError()
    .addCommand(demoCommand(version), { isDefault: true })
    .addCommand(runCommand(version))
    .addCommand(replayCommand())
    .addCommand(analyzeCommand())
    .addCommand(recordCommand(version))
    .addCommand(convertCommand())
    .addCommand(simulateCommand(version));
  for (const each of command.commands) each.exitOverride();
  return command;
}

/** The code to exit with. */
function codeOf(error: unknown): number {
  if (error instanceof CommanderError) {
    // Help and version are no mistakes; commander has printed what there is to say.
    return error.exitCode === 0 ? 0 : USAGE;
  }
  process.stderr.write(`spikescope: ${error instanceof Error ? error.message : String(error)}\n`);
  if (error instanceof UsageError) return USAGE;
  if (error instanceof ConfigError || error instanceof OptionError) return BAD_CONFIGURATION;
  return FAILED;
}

/** Ends the program once what it printed has left it: a pipe may still hold some back. */
function end(code: number): void {
  process.stdout.write('', () => process.exit(code));
}

try {
  await program().parseAsync(process.argv);
  end(0);
} catch (error) {
  end(codeOf(error));
}
