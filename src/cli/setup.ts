import { Command } from 'commander';
import { StoreError } from '../sinks/documents/document-store.ts';
import { ConfigError } from './config/config-error.ts';
import { printResult } from './print-result.ts';
import { addStateFlags, type StateFlags, stateConfig, withStore } from './state-flags.ts';

interface SetupFlags extends StateFlags {
  readonly json?: boolean;
}

/** Nobody waits for a server that hangs. */
const SETUP_MS_MAX = 60_000;

export function setupCommand(): Command {
  return addStateFlags(new Command('setup'))
    .description('make the indices of the store of documents, and say what was made')
    .option('--json', 'print a list of sentences')
    .action(setup);
}

async function setup(flags: SetupFlags): Promise<void> {
  const config = await stateConfig(flags);
  const made = await withStore(config, async (store) => {
    try {
      return await store.setup(AbortSignal.timeout(SETUP_MS_MAX));
    } catch (error) {
      if (error instanceof StoreError) throw new ConfigError(error.message);
      throw error;
    }
  });
  if (flags.json === true) await printResult(`${JSON.stringify(made)}\n`);
  else if (made.length === 0) await printResult('everything is there\n');
  else await printResult(made.map((sentence) => `${sentence}\n`).join(''));
}
