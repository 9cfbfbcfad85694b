import { readFileSync } from 'node:fs';
import { muteLine } from '../anomalies/mute-line.ts';
import type { Inlet } from '../component/source.ts';
import { createHttpServer, type HttpServer } from '../http/server.ts';
import { CONTENT_TYPE, Exposition } from '../sinks/prometheus/exposition.ts';
import type { FamilySource } from '../sinks/prometheus/metric-store.ts';
import type { ChipMonitor } from '../sources/chip-monitor.ts';
import { ConfigError } from './config/config-error.ts';
import type { Config } from './config/schema.ts';
import { limitsOf } from './frame-side.ts';
import { createHealthParts } from './health-parts.ts';
import { createLiveParts, type LiveParts } from './live-parts.ts';
import { createReplays } from './replays/replay-parts.ts';
import type { ServiceParts, StreamSide } from './service.ts';

/** What a process that serves shows of itself: HTTP, the live page, its health. */
export interface ServiceShell {
  readonly live: LiveParts;
  /** Listens; the page names the source. */
  serve(source: string, connected: () => boolean | undefined): Promise<HttpServer>;
  /** Looks at nothing any more. */
  stop(): void;
  close(): Promise<void>;
}

export interface ShellParts
  extends Pick<
    ServiceParts,
    | 'version'
    | 'config'
    | 'telemetry'
    | 'pipelines'
    | 'documents'
    | 'database'
    | 'alerts'
    | 'beforeScrape'
  > {
  /** What /metrics and the page show. */
  readonly families: FamilySource;
  /** Only gauges of the process may be shown yet. */
  readonly isBehind: () => boolean;
  /** Those who watch chips, of each part that this process has. */
  readonly monitors: () => readonly ChipMonitor[];
  /** Where what people order goes, such as a mute. */
  readonly found: Pick<Inlet, 'frame'>;
  readonly stream?: Pick<StreamSide, 'shown' | 'lastGap' | 'partitions'> | undefined;
}

/** @throws ConfigError where a file of the configuration can't be read */
export function createServiceShell(parts: ShellParts): ServiceShell {
  const { config, version, telemetry, stream, found } = parts;
  const { log } = telemetry;
  const health = createHealthParts(parts);
  const beforeScrape = (): void => {
    parts.beforeScrape();
    health.beforeScrape();
  };
  const live = createLiveParts(parts, beforeScrape);
  const exposition = new Exposition(parts.families, beforeScrape, parts.isBehind);
  let http: HttpServer | undefined;
  return {
    live,
    serve: async (source, connected) => {
      const looked = health.start();
      http = await createHttpServer({
        host: config.http.host,
        port: config.http.port,
        token: readToken(config),
        allowedHosts: config.http.allowed_hosts,
        version,
        metrics: () => scrape(exposition, stream),
        metricsType: CONTENT_TYPE,
        health: () => ({ ...health.readings(connected()), partitions: stream?.partitions?.() }),
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
    stop: () => health.stop(),
    close: async () => await http?.close(),
  };
}

async function scrape(exposition: Exposition, stream: ShellParts['stream']): Promise<string> {
  const text = await exposition.text();
  stream?.shown();
  return text;
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
