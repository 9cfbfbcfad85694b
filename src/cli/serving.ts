import type { AnyPipeline } from '../component/pipeline.ts';
import type { RecordSinks } from '../component/record-sinks.ts';
import type { NatsLink, NatsLinkEvents } from '../sources/nats-link.ts';
import { withoutUserinfo } from '../sources/nats-servers.ts';
import type { Log } from '../telemetry/log.ts';
import type { OwnMetrics } from '../telemetry/own-metrics.ts';
import type { AlertParts } from './alert-parts.ts';
import type { Config } from './config/schema.ts';
import type { DocumentParts } from './document-parts.ts';
import type { OwnTelemetry } from './own-telemetry.ts';
import type { Traces } from './traces.ts';

/** What serving needs, however frames come. */
export interface Serving {
  readonly version: string;
  readonly config: Config;
  readonly telemetry: OwnTelemetry;
  readonly pipelines: readonly AnyPipeline[];
  readonly traces: Traces;
  readonly link: NatsLink;
  readonly documents: DocumentParts;
  readonly alerts: AlertParts;
  readonly signal: AbortSignal;
}

/** What waits for a server that does not answer is given up after this. */
export const STOP_MS_MAX = 3000;

/** The servers as they may be shown. */
export function shownServers({ nats }: Config): string {
  return [nats.servers].flat().map(withoutUserinfo).join(', ');
}

export function dropped(own: OwnMetrics, sink: string): (reason: string, count: number) => void {
  return (reason, count) => own.dropped.series(sink, reason).add(count);
}

type TakeDerived = NonNullable<RecordSinks['derived']>;

/** Gives each record to all; one alone costs nothing more. */
export function fanOut(
  first: TakeDerived,
  ...others: readonly (TakeDerived | undefined)[]
): TakeDerived {
  const [second, ...more] = others.filter((take) => take !== undefined);
  if (second === undefined) return first;
  const both: TakeDerived = (record) => {
    first(record);
    second(record);
  };
  return fanOut(both, ...more);
}

interface Queue {
  readonly depth: { readonly messages: number; readonly bytes?: number };
}

export function showQueues(own: OwnMetrics, queues: Readonly<Record<string, Queue>>): void {
  for (const [name, { depth }] of Object.entries(queues)) {
    own.queueDepth.series(name).set(depth.messages);
    if (depth.bytes !== undefined) own.queueBytes.series(name).set(depth.bytes);
  }
}

/** What happens to the connection, in the log and the metrics. `isKept`: a stream keeps frames. */
export function linkEvents(log: Log, own: OwnMetrics, isKept: () => boolean): NatsLinkEvents {
  return {
    waiting: (servers, reason) => log.warn(`waiting for NATS at ${servers}: ${reason}`),
    connected: (server) => log.info(`connected to NATS at ${server}`),
    disconnected: (server, reason) => {
      own.natsConnected.series().set(0);
      own.natsDisconnects.series().add(1);
      const effect = isKept() ? 'frames wait in its stream' : 'what is published meanwhile is lost';
      log.warn(`lost NATS at ${server}: ${reason}; ${effect}`);
    },
    reconnected: (server) => {
      own.natsConnected.series().set(1);
      own.natsReconnects.series().add(1);
      log.info(`connected to NATS at ${server} again`);
    },
    refused: (text) => log.error(`NATS refuses: ${text}`),
  };
}
