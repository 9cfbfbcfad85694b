import { jetstreamManager } from '@nats-io/jetstream';
import { Command } from 'commander';
import { StoreError } from '../sinks/documents/document-store.ts';
import {
  documentsConsumer,
  StreamSetupError,
  setUpStreams,
  wantedStreams,
} from '../sources/jetstream-streams.ts';
import { adaptedSubjects } from './adapted.ts';
import { ConfigError } from './config/config-error.ts';
import { loadConfig } from './config/load.ts';
import type { Config } from './config/schema.ts';
import { loadPipelines } from './load-pipelines.ts';
import { notedLink } from './nats-flags.ts';
import { printResult } from './print-result.ts';
import { addStateFlags, type StateFlags, withStore } from './state-flags.ts';

interface SetupFlags extends StateFlags {
  readonly nats?: string;
  readonly prefix?: string;
  readonly streams?: boolean;
  readonly apply?: boolean;
  readonly json?: boolean;
}

/** Nobody waits for a server that hangs. */
const SETUP_MS_MAX = 60_000;
const API_MS_MAX = 5000;

export function setupCommand(): Command {
  return addStateFlags(new Command('setup'))
    .description('make the indices of documents and the streams, and say what was made or differs')
    .option('--streams', 'the JetStream streams and consumers too (so does --nats)')
    .option('--nats <url>', 'NATS server of the streams')
    .option('--prefix <prefix>', 'first tokens of every subject')
    .option('--apply', 'change what differs, where that can be changed')
    .option('--json', 'print a list of sentences')
    .action(setup);
}

/** Makes what is missing; changes nothing that is there without `--apply`. */
async function setup(flags: SetupFlags): Promise<void> {
  const config = loadConfig(await loadPipelines(), flags.config, process.env, {
    state: flags.state,
    prefix: flags.prefix,
    nats: flags.nats === undefined ? {} : { servers: flags.nats },
  });
  const isAsked = flags.streams === true || flags.nats !== undefined;
  const wantsStreams = isAsked || config.delivery === 'jetstream';
  const hasStore = config.documents.store !== 'none';
  // Without either there is nothing to do, and asking for the store says so.
  const made = hasStore || !wantsStreams ? await setUpStore(config) : [];
  const differs: string[] = [];
  if (wantsStreams) {
    const streams = await setUpAllStreams(config, flags.apply === true);
    made.push(...streams.made, ...streams.changed);
    differs.push(...streams.differs);
  }
  const sentences = [...made, ...differs];
  if (flags.json === true) await printResult(`${JSON.stringify(sentences)}\n`);
  else if (sentences.length === 0) await printResult('everything is there\n');
  else await printResult(sentences.map((sentence) => `${sentence}\n`).join(''));
  if (differs.length === 0) return;
  const hint = flags.apply === true ? 'what is left' : '--apply changes what';
  const rest = flags.apply === true ? 'has to be changed by hand' : 'can be changed';
  throw new Error(`${differs.length} differ from the configuration; ${hint} ${rest}`);
}

async function setUpStore(config: Config): Promise<string[]> {
  return await withStore(config, async (store) => {
    try {
      return [...(await store.setup(AbortSignal.timeout(SETUP_MS_MAX)))];
    } catch (error) {
      if (error instanceof StoreError) throw new ConfigError(error.message);
      throw error;
    }
  });
}

async function setUpAllStreams(config: Config, change: boolean) {
  const link = notedLink(config);
  try {
    const connection = await link.open(AbortSignal.timeout(SETUP_MS_MAX));
    const manager = await jetstreamManager(connection, { timeout: API_MS_MAX });
    const consumer =
      config.documents.store === 'none' ? undefined : documentsConsumer(config.prefix);
    const { prefix, streams } = config;
    const wanted = wantedStreams(prefix, streams, consumer, adaptedSubjects(config));
    return await setUpStreams(manager, wanted, { change });
  } catch (error) {
    if (error instanceof StreamSetupError) throw new ConfigError(error.message);
    throw error;
  } finally {
    await link.close();
  }
}
