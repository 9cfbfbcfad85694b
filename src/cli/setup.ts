import { setTimeout as sleep } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { errors } from '@nats-io/transport-node';
import { Command } from 'commander';
import { isAnswer, NOT_AVAILABLE } from '../component/jetstream-codes.ts';
import { StoreError } from '../sinks/documents/document-store.ts';
import { documentsConsumer, setUpStreams, wantedStreams } from '../sources/jetstream-streams.ts';
import { ClusterFormingError, StreamSetupError } from '../sources/make-stream.ts';
import { ConfigError } from './config/config-error.ts';
import { loadConfig } from './config/load.ts';
import type { Config } from './config/schema.ts';
import { whyNoJetStream } from './jetstream/offered.ts';
import { loadPipelines } from './load-pipelines.ts';
import { NATS_FLAG, natsSettings, notedLink } from './nats-flags.ts';
import { printResult } from './print-result.ts';
import { note } from './progress.ts';
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
/** A cluster elects within 10 s, where its servers are up. */
const FORMING_MS_MAX = 15_000;
const FORMING_RETRY_MS = 500;

export function setupCommand(): Command {
  return addStateFlags(new Command('setup'))
    .description('make the indices of documents and the streams, and say what was made or differs')
    .option('--streams', 'the JetStream streams and consumers too (so does --nats)')
    .option('--nats <url>', NATS_FLAG)
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
    nats: natsSettings(flags.nats),
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
    const why = await whyNoJetStream(connection);
    if (why !== undefined) throw new Error(`no streams can be made: ${why}`);
    const manager = await jetstreamManager(connection, { timeout: API_MS_MAX, checkAPI: false });
    const consumer =
      config.documents.store === 'none' ? undefined : documentsConsumer(config.prefix);
    const wanted = wantedStreams(config.prefix, config.streams, consumer);
    return await onceFormed(() => setUpStreams(manager, wanted, { change }));
  } catch (error) {
    if (error instanceof StreamSetupError) throw new ConfigError(error.message);
    throw error;
  } finally {
    await link.close();
  }
}

/** A cluster that was just started has no leader yet, or servers are missing: that passes. */
async function onceFormed<T>(attempt: () => Promise<T>): Promise<T> {
  const deadlineMs = performance.now() + FORMING_MS_MAX;
  for (let isSaid = false; ; isSaid = true) {
    try {
      return await attempt();
    } catch (error) {
      if (!isPassing(error)) throw error;
      const reason = (error as Error).message;
      if (performance.now() > deadlineMs) {
        throw new Error(
          `JetStream can't be used: ${reason}; where the cluster has fewer servers than \
streams.replicas, add servers or lower it`,
          { cause: error },
        );
      }
      if (!isSaid) note(`waiting for the NATS cluster: ${reason}`);
      await sleep(FORMING_RETRY_MS);
    }
  }
}

/** Nobody answers, or somebody who knows that others should. */
function isPassing(error: unknown): boolean {
  return (
    error instanceof ClusterFormingError ||
    error instanceof errors.TimeoutError ||
    error instanceof errors.NoRespondersError ||
    isAnswer(error, NOT_AVAILABLE)
  );
}
