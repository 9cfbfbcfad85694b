import type { NatsConnection } from '@nats-io/transport-node';
import type { NatsOutbox } from '../../sinks/nats-outbox.ts';
import type { StreamView } from '../../sources/jetstream.ts';
import type { StreamNames } from '../../sources/jetstream-streams.ts';
import type { PullShare } from '../../sources/pull-share.ts';
import type { Config } from '../config/schema.ts';
import type { RareLog } from '../jetstream/rare-log.ts';
import type { OwnTelemetry } from '../own-telemetry.ts';

/** What all parts of a worker share. */
export interface WorkerParts {
  readonly version: string;
  readonly config: Config;
  /** Of the process. */
  readonly telemetry: OwnTelemetry;
  readonly rare: RareLog;
  readonly connection: () => NatsConnection | undefined;
  readonly names: StreamNames;
  /** This worker, over restarts of its process. */
  readonly worker: string;
  /** This process of it. */
  readonly owner: string;
  /** What its readers may have on its way. */
  readonly pulls: PullShare;
  readonly deadOutbox: NatsOutbox;
  /** How a stream stands; undefined at the signal. */
  readonly look: (stream: string, signal: AbortSignal) => Promise<StreamView | undefined>;
  readonly makeStreams: () => Promise<void>;
  /** All messages of the derived stream up to this one are documents. */
  readonly documentsTo: () => number;
  /** A checkpoint knows of documents up to there. */
  readonly documentsFrom: (sequence: number) => void;
  /** So many messages are gone that were not read. */
  readonly gone: (messages: number) => void;
}
