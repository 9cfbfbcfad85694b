import type { Command } from 'commander';
import type { DocumentStore } from '../sinks/documents/document-store.ts';
import { ConfigError } from './config/config-error.ts';
import { loadConfig } from './config/load.ts';
import type { Config } from './config/schema.ts';
import { openDocumentStore } from './document-store.ts';
import { loadPipelines } from './load-pipelines.ts';

/** Flags of the commands that need what a service keeps: the rest is in file and environment. */
export interface StateFlags {
  readonly config?: string;
  readonly state?: string;
}

export function addStateFlags(command: Command): Command {
  return command
    .option('--config <file>', 'YAML file with settings, such as which store there is')
    .option('--state <dir>', 'folder of what the service keeps');
}

export async function stateConfig({ config, state }: StateFlags): Promise<Config> {
  return loadConfig(await loadPipelines(), config, process.env, { state });
}

/** Uses the store that is configured, and closes it. */
export async function withStore<Result>(
  config: Config,
  use: (store: DocumentStore) => Promise<Result>,
): Promise<Result> {
  const store = await openDocumentStore(config);
  if (store === undefined) {
    throw new ConfigError('documents.store: is none, so there are no documents to ask');
  }
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}
