import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { muteLine } from '../anomalies/mute-line.ts';
import type { DeadMessage, InboundMessage } from '../component/message.ts';
import type { AnyPipeline } from '../component/pipeline.ts';
import { type LogSink, NO_SINKS, type RecordSinks } from '../component/record-sinks.ts';
import type { FrameWatch, Inlet } from '../component/source.ts';
import { FRAME_LIMITS, type FrameLimits } from '../frames/limits.ts';
import type { AlertRouteOptions } from '../http/alert-route.ts';
import type { FoundGap } from '../http/live/delivery.ts';
import { createHttpServer, type HttpServer } from '../http/server.ts';
import type { DocumentStore } from '../sinks/documents/document-store.ts';
import { CONTENT_TYPE, Exposition } from '../sinks/prometheus/exposition.ts';
import { TICK_MS } from '../sinks/prometheus/metric-store.ts';
import type { ChipPings } from '../sources/chip-pings.ts';
import type { Log } from '../telemetry/log.ts';
import { startTopology, type Topology } from '../topology/topology.ts';
import { adaptersOf } from './adapted.ts';
import { arrivalWatches } from './arrival-watches.ts';
import { ConfigError } from './config/config-error.ts';
import type { Config } from './config/schema.ts';
import type { ServiceProbe } from './health-checks.ts';
import { createHealthParts } from './health-parts.ts';
import { createLiveParts } from './live-parts.ts';
import type { OwnTelemetry } from './own-telemetry.ts';
import { createReplays } from './replays/replay-parts.ts';

/** What every command that serves has in common: pipelines and, with `serve`, HTTP. */
export interface Service {
  readonly topology: Topology;
  /** Listens; the page names the source. */
  serve(source: string, connected: () => boolean | undefined): Promise<HttpServer>;
  close(): Promise<void>;
}

export interface ServiceParts {
  readonly version: string;
  readonly config: Config;
  readonly telemetry: OwnTelemetry;
  readonly pipelines: readonly AnyPipeline[];
  readonly dead: (dead: DeadMessage) => void;
  /** Where records go beside the metrics and the log. */
  readonly sinks: Omit<RecordSinks, 'log'>;
  /** What looks at arrivals. */
  readonly watches: readonly FrameWatch[];
  /** The store of documents; undefined where there is none. */
  readonly documents: DocumentStore | undefined;
  /** Asks chips for their health; undefined where there is nobody to ask. */
  readonly pings: ChipPings | undefined;
  /** Whether the store works; undefined where none is configured. */
  readonly database: ServiceProbe | undefined;
  /** Where Alertmanager tells of alerts; undefined where it may not. */
  readonly alerts: AlertRouteOptions | undefined;
  /** Sets gauges that are read only when somebody asks. */
  readonly beforeScrape: () => void;
  /** Undefined where frames come as they are sent, and only then. */
  readonly stream?: StreamSide | undefined;
}

/** What is different where frames come from a stream that is read again after a restart. */
export interface StreamSide {
  /** Where what the service itself finds goes: into the stream. */
  readonly own: Inlet;
  readonly isHealth: (answer: InboundMessage) => boolean;
  /** Reprocessing has not come to where it was: metrics are held back, nothing is watched. */
  readonly isBehind: () => boolean;
  /** What is derived now was derived and told before the restart. */
  readonly isAgain: () => boolean;
  /** Counters of the process are about to be shown: they must not be forgotten. */
  readonly shown: () => void;
  /** What was found missing of the stream last, since the process began. */
  readonly lastGap: () => FoundGap | undefined;
}

export const NO_PARTS: Omit<ServiceParts, 'version' | 'config' | 'telemetry' | 'pipelines'> = {
  dead: () => {},
  sinks: NO_SINKS,
  watches: [],
  documents: undefined,
  pings: undefined,
  database: undefined,
  alerts: undefined,
  beforeScrape: () => {},
};

/** @throws ConfigError where a file of the configuration can't be read */
export function createService(parts: ServiceParts): Service {
  const { config, version, telemetry } = parts;
  const { log, own, store } = telemetry;
  const watches = arrivalWatches(config, own);
  const { stream } = parts;
  const health = createHealthParts({ ...parts, isHealth: stream?.isHealth });
  const beforeScrape = (): void => {
    parts.beforeScrape();
    health.beforeScrape();
  };
  const live = createLiveParts(parts, beforeScrape);
  const watched = [...parts.watches, ...watches.all, health.monitor, live.watch];
  const topology = topologyOf(parts, live.beside(sinksOf(parts)), watched);
  for (const watch of watches.all) topology.states.slot(`watch/${watch.stateName}`).hold(watch);
  topology.states.slot('watch/chips').hold(health.monitor);
  const isBehind = (): boolean => stream?.isBehind() === true;
  const exposition = new Exposition(store, beforeScrape, isBehind);
  const found = stream?.own ?? topology.inlet;
  let isSourceThere: () => boolean | undefined = () => undefined;
  // Chips are asked for their health as soon as the service serves and knows what they said before.
  let isServing = false;
  let isWatching = false;
  const watchChips = (): void => {
    if (!isServing || isWatching || isBehind()) return;
    health.watch(found);
    isWatching = true;
  };
  const ticks = setInterval(() => {
    store.tick();
    live.tick();
    watchChips();
    if (!isBehind()) watches.check(found, isSourceThere() !== false);
  }, TICK_MS);
  let http: HttpServer | undefined;
  return {
    topology,
    serve: async (source, connected) => {
      isSourceThere = connected;
      const looked = health.start();
      isServing = true;
      watchChips();
      http = await createHttpServer({
        host: config.http.host,
        port: config.http.port,
        token: readToken(config),
        allowedHosts: config.http.allowed_hosts,
        version,
        metrics: () => scrape(exposition, stream),
        metricsType: CONTENT_TYPE,
        health: () => health.readings(connected()),
        alerts: parts.alerts,
        logs: { store: parts.documents, nowMs: Date.now },
        live: live.routes(source, connected),
        mute: (order) => found.frame(muteLine(order, Date.now() * 1000)),
        ...createReplays(parts, limitsOf(config)),
        now: () => new Date().toISOString(),
        failed: (path, error) => log.error(`answering ${path} failed`, { error }),
      });
      await looked;
      log.info(`serving on ${http.url}`);
      return http;
    },
    close: async () => {
      clearInterval(ticks);
      health.stop();
      topology.close();
      await http?.close();
    },
  };
}

async function scrape(exposition: Exposition, stream: StreamSide | undefined): Promise<string> {
  const text = await exposition.text();
  stream?.shown();
  return text;
}

function topologyOf(
  { config, telemetry, pipelines, dead }: ServiceParts,
  sinks: RecordSinks,
  watches: readonly FrameWatch[],
): Topology {
  const { log, own, store } = telemetry;
  return startTopology({
    prefix: config.prefix,
    limits: limitsOf(config),
    adapters: adaptersOf(config.adapters, limitsOf(config)),
    pipelines,
    pipelineOptions: new Map(Object.entries(config.pipelines)),
    configHash: configHash(config),
    define: store,
    own,
    sinks,
    watches,
    heard: (deviceType, chipId) => store.heard(deviceType, chipId),
    dead,
    onFailure: (pipeline, error) => log.error(`pipeline ${pipeline} ended`, { error }),
  });
}

function sinksOf({ sinks, stream, telemetry }: ServiceParts): RecordSinks {
  const { log } = telemetry;
  return { ...sinks, log: stream === undefined ? log : once(log, stream) };
}

/** Log lines of what was derived before are not written again. */
function once(log: Log, { isAgain }: StreamSide): LogSink {
  return {
    isEnabled: (level) => log.isEnabled(level),
    write: (event) => {
      if (!isAgain()) log.write(event);
    },
  };
}

/** Tells two configurations apart by which the same frames would give other numbers. */
export function configHash(config: Config): string {
  const { pipelines, limits, conversions, runs, silence, adapters } = config;
  // Without any the hash is that of before there were adapters.
  const some = adapters.length === 0 ? {} : { adapters };
  const text = JSON.stringify({ pipelines, limits, conversions, runs, silence, ...some });
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

function readToken(config: Config): string | undefined {
  const file = config.http.token_file;
  if (file === undefined) return undefined;
  try {
    const token = readFileSync(file, 'utf8').trim();
    if (token.length >= 16) return token;
  } catch (error) {
    throw new ConfigError(`http.token_file: ${file} can't be read (${(error as Error).message})`);
  }
  throw new ConfigError(`http.token_file: ${file} needs a token of 16 characters or more`);
}

/** The frame limits of a configuration. */
export function limitsOf(config: Config): FrameLimits {
  const { limits } = config;
  return {
    ...FRAME_LIMITS,
    payloadBytesMax: limits.payload_bytes_max,
    stringCharsMax: limits.string_chars_max,
    textCharsMax: limits.text_chars_max,
    nestingMax: limits.nesting_max,
    samplesMax: limits.samples_max,
    spanUsMax: limits.span_us_max,
    neuronCountMax: limits.neuron_count_max,
  };
}
