import { setTimeout as sleep } from 'node:timers/promises';
import { Command, Option } from 'commander';
import { stringify } from 'yaml';
import { z } from 'zod';
import type { AnyPipeline } from '../component/pipeline.ts';
import { aborted } from '../component/together.ts';
import { NatsLink } from '../sources/nats-link.ts';
import { withoutUserinfo } from '../sources/nats-servers.ts';
import { parseAddress } from './address.ts';
import { checkAlerts, openAlerts } from './alert-parts.ts';
import { loadConfig } from './config/load.ts';
import { type Config, configSchema } from './config/schema.ts';
import type { Settings } from './config/settings.ts';
import { openDocuments } from './document-parts.ts';
import { openDocumentStore } from './document-store.ts';
import { NoJetStreamError, whyNoJetStream } from './jetstream/offered.ts';
import { loadPipelines } from './load-pipelines.ts';
import { NATS_FLAG, natsSettings } from './nats-flags.ts';
import { createOwnTelemetry } from './own-telemetry.ts';
import { serveCore } from './serve-core.ts';
import { serveJetStream } from './serve-jetstream.ts';
import { linkEvents } from './serving.ts';
import { stopSignal } from './stop-signal.ts';
import { checkTraces, startTraces } from './traces.ts';
import { checkWorkers } from './workers/check-workers.ts';
import { serveWorkers } from './workers/serve-workers.ts';
import { Supervisor, workerCount } from './workers/supervise.ts';
import { configOfWorker, withoutParent } from './workers/worker-child.ts';

interface RunFlags {
  readonly config?: string;
  readonly nats?: string;
  readonly http?: string;
  readonly delivery?: string;
  readonly prefix?: string;
  readonly state?: string;
  readonly workers?: string;
  readonly worker?: string;
  readonly check?: boolean;
  readonly printConfig?: boolean;
}

export function runCommand(version: string): Command {
  return new Command('run')
    .description('the service: frames from NATS through every pipeline to metrics')
    .option('--config <file>', 'YAML file with settings')
    .option('--nats <url>', NATS_FLAG)
    .option('--http <host:port>', 'where to serve /metrics, /health and the page')
    .option(
      '--delivery <core|jetstream>',
      'best effort, or each exactly once where the server has it',
    )
    .option('--state <dir>', 'folder of what outlives a restart')
    .option('--prefix <prefix>', 'first tokens of every subject')
    .option('--workers <auto|n>', 'processes that share the partitions of the stream')
    .addOption(new Option('--worker <index>', 'which of them this is').hideHelp())
    .option('--check', 'check the configuration and end')
    .option('--print-config', 'print the whole configuration, secrets masked, and end')
    .action((flags: RunFlags) => run(flags, version));
}

async function run(flags: RunFlags, version: string): Promise<void> {
  const pipelines = await loadPipelines();
  const config = loadConfig(pipelines, flags.config, process.env, settingsOf(flags));
  if (flags.printConfig === true) {
    process.stdout.write(stringify(printable(config, pipelines)));
    return;
  }
  checkWorkers(config);
  if (flags.check === true) {
    // Files are opened as at a start; nothing connects.
    new NatsLink(config.nats, SILENT);
    checkAlerts(config);
    checkTraces(config, process.env);
    await (await openDocumentStore(config))?.close();
    process.stdout.write('configuration is fine\n');
    return;
  }
  if (flags.worker !== undefined) {
    await serve(version, configOfWorker(config, Number(flags.worker)), pipelines);
  } else if (workerCount(config) > 1) {
    const { log } = createOwnTelemetry(config, version);
    await new Supervisor(config, log).run(stopSignal());
  } else await serve(version, config, pipelines);
}

const SILENT = {
  waiting: () => {},
  connected: () => {},
  disconnected: () => {},
  reconnected: () => {},
  refused: () => {},
};

function settingsOf(flags: RunFlags): Settings {
  const http = flags.http === undefined ? {} : parseAddress(flags.http);
  return {
    prefix: flags.prefix,
    delivery: flags.delivery,
    state: flags.state,
    workers: flags.workers === undefined ? {} : { count: countOf(flags.workers) },
    http,
    nats: natsSettings(flags.nats),
  };
}

/** What is no number is left to the schema, which says what it may be. */
function countOf(text: string): string | number {
  return /^\d+$/.test(text) ? Number(text) : text;
}

/** The configuration as a file would say it, without what is secret. */
function printable(config: Config, pipelines: readonly AnyPipeline[]): Settings {
  const servers = [config.nats.servers].flat().map(withoutUserinfo);
  const shown = { ...config, nats: { ...config.nats, servers } };
  return z.encode(configSchema(pipelines), shown) as Settings;
}

async function serve(
  version: string,
  config: Config,
  pipelines: readonly AnyPipeline[],
): Promise<void> {
  const signal = withoutParent(stopSignal());
  const telemetry = createOwnTelemetry(config, version);
  const { log, own } = telemetry;
  const traces = await startTraces(config, version, telemetry, process.env);
  let isKept = config.delivery !== 'core';
  const link = new NatsLink(
    config.nats,
    linkEvents(log, own, () => isKept),
  );
  const documents = await openDocuments(config, telemetry);
  const alerts = openAlerts(config, telemetry, link);
  const parts = { version, config, telemetry, pipelines, traces, link, documents, alerts, signal };
  const { delivery } = config;
  if (config.streams.partitions > 1) return await serveWorkers(parts);
  const why = delivery === 'auto' ? await whyCore(link, signal) : undefined;
  if (why !== undefined) {
    isKept = false;
    log.info(`delivery: core NATS, best effort: ${why}`);
  }
  if (!isKept) return await serveCore(parts);
  try {
    await serveJetStream(parts);
  } catch (error) {
    if (delivery !== 'auto' || !(error instanceof NoJetStreamError)) throw error;
    // The server was away at the start, and turned out to have none.
    log.info(`beginning anew: ${error.message}`);
    await serve(version, { ...config, delivery: 'core' }, pipelines);
  }
}

/** A server that is there says at once what it has. */
const DECIDE_MS_MAX = 3000;

/** Why core NATS has to do; undefined where JetStream does, or no server can be asked yet. */
async function whyCore(link: NatsLink, signal: AbortSignal): Promise<string | undefined> {
  const late = sleep(DECIDE_MS_MAX, undefined, { ref: false });
  const stopped = aborted(signal);
  const opened = link.open(signal).then(
    (connection) => connection,
    (error: unknown) => {
      if (signal.aborted) return undefined;
      throw error;
    },
  );
  const connection = await Promise.race([opened, late, stopped]);
  return connection ? await whyNoJetStream(connection) : undefined;
}
