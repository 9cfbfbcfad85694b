#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { OptionError } from '../component/option-error.ts';
import { ConfigError, UsageError } from './config/config-error.ts';
import { packageFolder } from './package-folder.ts';

/** Exit codes (DESIGN §3): 0 fine, 1 failed, 2 usage, 78 bad configuration. */
const FAILED = 1;
const USAGE = 2;
const BAD_CONFIGURATION = 78;

function versionOf(): string {
  const text = readFileSync(join(packageFolder(), 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

type Commands = Readonly<Record<string, (version: string) => Promise<Command>>>;

/** Each is loaded when it is wanted: what a server needs takes longer to load than to analyze. */
const COMMANDS: Commands = {
  demo: async (version) => (await import('./demo.ts')).demoCommand(version),
  run: async (version) => (await import('./run.ts')).runCommand(version),
  replay: async () => (await import('./replay.ts')).replayCommand(),
  analyze: async (version) => (await import('./analyze.ts')).analyzeCommand(version),
  compare: async (version) => (await import('./compare.ts')).compareCommand(version),
  record: async (version) => (await import('./record.ts')).recordCommand(version),
  convert: async () => (await import('./convert.ts')).convertCommand(),
  detect: async () => (await import('./detect.ts')).detectCommand(),
  mute: async () => (await import('./mute.ts')).muteCommand(),
  unmute: async () => (await import('./mute.ts')).unmuteCommand(),
  setup: async () => (await import('./setup.ts')).setupCommand(),
  status: async () => (await import('./status.ts')).statusCommand(),
  dead: async () => (await import('./dead.ts')).deadCommand(),
  logs: async () => (await import('./logs.ts')).logsCommand(),
  simulate: async (version) => (await import('./simulate.ts')).simulateCommand(version),
  monitoring: async () => (await import('./monitoring.ts')).monitoringCommand(),
  'benchmark-executor': async () =>
    (await import('./benchmark-executor.ts')).benchmarkExecutorCommand(),
};

/** The program with the command that the first argument names, or with all of them. */
async function program(first: string | undefined): Promise<Command> {
  const version = versionOf();
  const command = new Command('spikescope')
    .description('Observability for neuromorphic hardware: spikes, power and health to metrics.')
    .version(version)
    .exitOverride()
    .showSuggestionAfterError();
  const isNamed = first !== undefined && Object.hasOwn(COMMANDS, first);
  for (const [name, load] of Object.entries(COMMANDS)) {
    if (isNamed && name !== first) continue;
    const each = await load(version);
    command.addCommand(each.exitOverride(), { isDefault: name === 'demo' });
  }
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
  await (await program(process.argv[2])).parseAsync(process.argv);
  end(0);
} catch (error) {
  end(codeOf(error));
}
