import type { RecordSinks } from '../component/record-sinks.ts';
import type { FrameWatch } from '../component/source.ts';
import { LiveHub } from '../http/live/live-hub.ts';
import type { LiveRouteOptions } from '../http/live/live-routes.ts';
import { LiveView } from '../http/live/live-view.ts';
import { LiveStore } from '../sinks/live/live-store.ts';
import { MetricValues } from '../sinks/live/metric-values.ts';
import type { ShellParts } from './service-shell.ts';

/** The live page's part of the service. */
export interface LiveParts {
  /** Sees the frames that come. */
  readonly watch: FrameWatch;
  /** The sinks, with the page beside them. */
  beside(sinks: RecordSinks): RecordSinks;
  /** What the HTTP server needs of it, once the source is known. */
  routes(source: string, connected: () => boolean | undefined): LiveRouteOptions;
  /** Once a second. */
  tick(): void;
}

export function createLiveParts(
  parts: Omit<ShellParts, 'beforeScrape' | 'monitors' | 'found'>,
  refresh: () => void,
): LiveParts {
  const { config, telemetry, pipelines, version } = parts;
  const { own } = telemetry;
  const live = new LiveStore(() => performance.now());
  let view: LiveView | undefined;
  return {
    watch: live,
    beside: (sinks) => live.beside(sinks),
    tick: () => view?.tick(),
    routes: (source, connected) => {
      view = new LiveView({
        ...{ version, source, connected, live, pipelines, refresh },
        values: new MetricValues(parts.families),
        traceUrl: config.http.trace_url,
        logsStored: parts.documents !== undefined,
        nowUs: () => Date.now() * 1000,
        streamGap: parts.stream?.lastGap,
        partitions: parts.stream?.partitions,
      });
      const hub = new LiveHub({
        view,
        clientsMax: config.http.pages_max,
        clients: (count) => own.pageClients.series().set(count),
        skipped: () => own.pageLooksSkipped.series().add(1),
      });
      return { view, hub, version, refused: () => own.dropped.series('page', 'clients').add(1) };
    },
  };
}
