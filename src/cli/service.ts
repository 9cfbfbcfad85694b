import type { SharedView } from '../component/partition-view.ts';
import type { AnyPipeline } from '../component/pipeline.ts';
import { NO_SINKS } from '../component/record-sinks.ts';
import type { Inlet } from '../component/source.ts';
import type { AlertRouteOptions } from '../http/alert-route.ts';
import type { FoundGap } from '../http/live/delivery.ts';
import type { HttpServer } from '../http/server.ts';
import type { DocumentStore } from '../sinks/documents/document-store.ts';
import { TICK_MS } from '../sinks/prometheus/metric-store.ts';
import type { Topology } from '../topology/topology.ts';
import type { Config } from './config/schema.ts';
import { createFrameSide, type FrameSideParts, type FrameStream } from './frame-side.ts';
import type { ServiceProbe } from './health-checks.ts';
import type { OwnTelemetry } from './own-telemetry.ts';
import { createServiceShell } from './service-shell.ts';

/** What every command that serves has in common: pipelines and, with `serve`, HTTP. */
export interface Service {
  readonly topology: Topology;
  /** Listens; the page names the source. */
  serve(source: string, connected: () => boolean | undefined): Promise<HttpServer>;
  close(): Promise<void>;
}

export interface ServiceParts extends Pick<FrameSideParts, 'dead' | 'sinks' | 'watches' | 'pings'> {
  readonly version: string;
  readonly config: Config;
  readonly telemetry: OwnTelemetry;
  readonly pipelines: readonly AnyPipeline[];
  /** The store of documents; undefined where there is none. */
  readonly documents: DocumentStore | undefined;
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
export interface StreamSide extends FrameStream {
  /** Counters of the process are about to be shown: they must not be forgotten. */
  readonly shown: () => void;
  /** What was found missing of the stream last, since the process began. */
  readonly lastGap: () => FoundGap | undefined;
  /** How partitions stand; undefined where one process has all frames. */
  readonly partitions?: (() => SharedView) | undefined;
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
  const { config, telemetry, stream } = parts;
  const shell = createServiceShell({
    ...parts,
    families: telemetry.store,
    isBehind: () => stream?.isBehind() === true,
    monitors: () => [side.monitor],
    found: { frame: (frame) => side.found.frame(frame) } satisfies Pick<Inlet, 'frame'>,
  });
  const { live } = shell;
  const watches = [...parts.watches, live.watch];
  const side = createFrameSide({
    ...parts,
    watches,
    beside: (sinks) => live.beside(sinks),
    chips: config.health.chips,
  });
  let isSourceThere: () => boolean | undefined = () => undefined;
  const ticks = setInterval(() => {
    telemetry.store.tick();
    live.tick();
    side.tick(isSourceThere() !== false);
  }, TICK_MS);
  return {
    topology: side.topology,
    serve: async (source, connected) => {
      isSourceThere = connected;
      side.start();
      return await shell.serve(source, connected);
    },
    close: async () => {
      clearInterval(ticks);
      shell.stop();
      side.close();
      await shell.close();
    },
  };
}
