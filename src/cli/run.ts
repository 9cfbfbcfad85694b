import { Command } from 'commander';
import { stringify } from 'yaml';
import { z } from 'zod';
import type { AnyPipeline } from '../component/pipeline.ts';
import { NO_SINKS, type RecordSinks } from '../component/record-sinks.ts';
import { isAtLeast } from '../frames/log.ts';
import { DEAD_LETTER_LIMITS, deadLetters } from '../sinks/dead-letters.ts';
import { DERIVED_LIMITS, derivedStream } from '../sinks/derived-stream.ts';
import { NatsOutbox, type OutboxLimits } from '../sinks/nats-outbox.ts';
import { OWN_FRAME_LIMITS } from '../sinks/own-frames.ts';
import { ArrivalClock } from '../sources/arrival-clock.ts';
import { EVENT_LOOP, Inbox, inboxLimits } from '../sources/inbox.ts';
import { NatsSource } from '../sources/nats.ts';
import { NatsLink, type NatsLinkEvents } from '../sources/nats-link.ts';
import { withoutUserinfo } from '../sources/nats-servers.ts';
import type { Log } from '../telemetry/log.ts';
import type { OwnMetrics } from '../telemetry/own-metrics.ts';
import { parseAddress } from './address.ts';
import { runBenchmarks } from './benchmark-parts.ts';
import { loadConfig } from './config/load.ts';
import { type Config, configSchema } from './config/schema.ts';
import type { Settings } from './config/settings.ts';
import { type DocumentParts, openDocuments } from './document-parts.ts';
import { openDocumentStore } from './document-store.ts';
import { natsPings } from './health-parts.ts';
import { JetStreamDelivery } from './jetstream-delivery.ts';
import { loadPipelines } from './load-pipelines.ts';
import { createOwnTelemetry, type OwnTelemetry } from './own-telemetry.ts';
import { createService } from './service.ts';
import { stopSignal } from './stop-signal.ts';
import { checkTraces, startTraces, type Traces } from './traces.ts';

interface RunFlags {
  readonly config?: string;
  readonly nats?: string;
  readonly http?: string;
  readonly delivery?: string;
  readonly prefix?: string;
  readonly state?: string;
  readonly check?: boolean;
  readonly printConfig?: boolean;
}

export function runCommand(version: string): Command {
  return new Command('run')
    .description('the service: frames from NATS through every pipeline to metrics')
    .option('--config <file>', 'YAML file with settings')
    .option('--nats <url>', 'NATS server')
    .option('--http <host:port>', 'where to serve /metrics, /health and the page')
    .option('--delivery <core|jetstream>', 'how frames come: best effort, or each exactly once')
    .option('--state <dir>', 'folder of what outlives a restart')
    .option('--prefix <prefix>', 'first tokens of every subject')
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
  if (flags.check === true) {
    // Files are opened as at a start; nothing connects.
    new NatsLink(config.nats, SILENT);
    checkTraces(config, process.env);
    await (await openDocumentStore(config))?.close();
    process.stdout.write('configuration is fine\n');
    return;
  }
  await serve(version, config, pipelines);
}

/** What waits for a server that does not answer is given up after this. */
const STOP_MS_MAX = 3000;

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
    http,
    nats: flags.nats === undefined ? {} : { servers: flags.nats },
  };
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
  const signal = stopSignal();
  const telemetry = createOwnTelemetry(config, version);
  const { log, own } = telemetry;
  const traces = await startTraces(config, version, telemetry, process.env);
  const link = new NatsLink(config.nats, linkEvents(log, own));
  const inbox = new Inbox(inboxLimits(config.nats.buffer_bytes), EVENT_LOOP, dropped(own, 'nats'));
  const outbox = (sink: string, limits: OutboxLimits) =>
    new NatsOutbox({ connection: () => link.connection, limits, dropped: dropped(own, sink) });
  const documents = await openDocuments(config, telemetry);
  if (config.delivery === 'jetstream') {
    const parts = { version, config, telemetry, pipelines, traces, link, documents, signal };
    await serveJetStream(parts);
    return;
  }
  const dead = outbox('dead', DEAD_LETTER_LIMITS);
  const derived = outbox('derived', DERIVED_LIMITS);
  const service = createService({
    version,
    config,
    telemetry,
    pipelines,
    dead: deadLetters(config.prefix, dead),
    sinks: {
      ...NO_SINKS,
      derived: fanOut(derivedStream(config.prefix, derived), documents.take),
      derivedLog: (level) => isAtLeast(level, config.derived.log_level),
      spans: traces.take,
    },
    watches: [],
    documents: documents.store,
    pings: natsPings(config, link),
    database: documents.check,
    beforeScrape: () => {
      documents.beforeScrape();
      showQueues(own, { nats: inbox, dead, derived, ...traces.queues, ...documents.queues });
    },
  });
  const clock = new ArrivalClock();
  const source = new NatsSource({
    link,
    prefix: config.prefix,
    inbox,
    clock,
    listening: () => {
      own.natsConnected.series().set(1);
      log.info(`listening on ${config.prefix}.<kind>.>`);
    },
  });
  const shown = [config.nats.servers].flat().map(withoutUserinfo).join(', ');
  try {
    await documents.start();
    await service.serve(`core NATS at ${shown}`, () => link.isConnected);
    const { inlet } = service.topology;
    const benchmarks = { config, link, log, own, clock };
    await Promise.all([
      source.run(traces.around(inlet), signal),
      runBenchmarks(benchmarks, inlet, signal),
    ]);
  } finally {
    // Stopping follows the flow: the source has ended, then the sinks, then what they share.
    const late = AbortSignal.timeout(STOP_MS_MAX);
    const sinks = [dead, derived, traces, documents];
    await Promise.all(sinks.map((sink) => sink.close(late)));
    await link.close();
    await service.close();
  }
}

interface JetStreamServing {
  readonly version: string;
  readonly config: Config;
  readonly telemetry: OwnTelemetry;
  readonly pipelines: readonly AnyPipeline[];
  readonly traces: Traces;
  readonly link: NatsLink;
  readonly documents: DocumentParts;
  readonly signal: AbortSignal;
}

async function serveJetStream(parts: JetStreamServing): Promise<void> {
  const { config, telemetry, traces, link, documents, signal } = parts;
  const { log, own } = telemetry;
  const outbox = (sink: string, limits: OutboxLimits) =>
    new NatsOutbox({
      connection: () => link.connection,
      limits,
      dropped: dropped(own, sink),
      confirmed: 'stored',
    });
  const dead = outbox('dead', DEAD_LETTER_LIMITS);
  const found = outbox('own', OWN_FRAME_LIMITS);
  const delivery = new JetStreamDelivery({ ...parts, ownOutbox: found, deadOutbox: dead });
  const service = createService({
    ...parts,
    dead: deadLetters(config.prefix, dead, delivery.deadId),
    sinks: {
      ...NO_SINKS,
      derived: delivery.derived,
      derivedLog: (level) => isAtLeast(level, config.derived.log_level),
      spans: traces.take,
    },
    watches: [],
    documents: documents.store,
    pings: natsPings(config, link),
    database: documents.check,
    stream: delivery.stream,
    beforeScrape: () => {
      documents.beforeScrape();
      delivery.beforeScrape();
      showQueues(own, {
        ...{ dead, own: found },
        ...delivery.queues,
        ...traces.queues,
        ...documents.queues,
      });
    },
  });
  const shown = [config.nats.servers].flat().map(withoutUserinfo).join(', ');
  const clock = new ArrivalClock();
  try {
    await documents.start();
    await service.serve(`JetStream at ${shown}`, () => link.isConnected);
    await Promise.all([
      delivery.run(service, (inlet) => traces.around(inlet), signal),
      runBenchmarks({ config, link, log, own, clock }, delivery.stream.own, signal),
    ]);
  } finally {
    const late = AbortSignal.timeout(STOP_MS_MAX);
    // The last checkpoint waits for dead letters; documents are read from the stream again.
    await delivery.close(late);
    await Promise.all([dead, found, traces, documents].map((sink) => sink.close(late)));
    await link.close();
    await service.close();
  }
}

type TakeDerived = NonNullable<RecordSinks['derived']>;

/** Gives each record to both; one alone costs nothing more. */
function fanOut(first: TakeDerived, second: TakeDerived | undefined): TakeDerived {
  if (second === undefined) return first;
  return (record) => {
    first(record);
    second(record);
  };
}

function dropped(own: OwnMetrics, sink: string): (reason: string, count: number) => void {
  return (reason, count) => own.dropped.series(sink, reason).add(count);
}

interface Queue {
  readonly depth: { readonly messages: number; readonly bytes?: number };
}

function showQueues(own: OwnMetrics, queues: Readonly<Record<string, Queue>>): void {
  for (const [name, { depth }] of Object.entries(queues)) {
    own.queueDepth.series(name).set(depth.messages);
    if (depth.bytes !== undefined) own.queueBytes.series(name).set(depth.bytes);
  }
}

/** What happens to the connection, in the log and the metrics. */
function linkEvents(log: Log, own: OwnMetrics): NatsLinkEvents {
  return {
    waiting: (servers, reason) => log.warn(`waiting for NATS at ${servers}: ${reason}`),
    connected: (server) => log.info(`connected to NATS at ${server}`),
    disconnected: (server, reason) => {
      own.natsConnected.series().set(0);
      own.natsDisconnects.series().add(1);
      log.warn(`lost NATS at ${server}: ${reason}; what is published meanwhile is lost`);
    },
    reconnected: (server) => {
      own.natsConnected.series().set(1);
      own.natsReconnects.series().add(1);
      log.info(`connected to NATS at ${server} again`);
    },
    refused: (text) => log.error(`NATS refuses: ${text}`),
  };
}
