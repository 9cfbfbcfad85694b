import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { StreamView } from '../../sources/jetstream.ts';
import {
  type StreamNames,
  StreamSetupError,
  setUpStreams,
  streamNames,
  type WantedConsumer,
  wantedStreams,
} from '../../sources/jetstream-streams.ts';
import type { Log } from '../../telemetry/log.ts';
import { adaptedSubjects } from '../adapted.ts';
import { ConfigError } from '../config/config-error.ts';
import type { Config } from '../config/schema.ts';
import type { RareLog } from './rare-log.ts';

export interface StreamsParts {
  readonly connection: () => NatsConnection | undefined;
  readonly config: Config;
  /** The durable consumer of who writes documents; undefined where nobody does. */
  readonly documents: WantedConsumer | undefined;
  readonly log: Log;
  readonly rare: RareLog;
}

const API_MS_MAX = 2000;
const RETRY_MS = 500;

/** The streams that the service works on: made where they are missing, never changed. */
export class Streams {
  readonly names: StreamNames;
  private readonly parts: StreamsParts;

  constructor(parts: StreamsParts) {
    this.parts = parts;
    this.names = streamNames(parts.config.streams.name);
  }

  /**
   * Makes what is missing and says what differs.
   * @throws ConfigError where what is there will never do
   */
  async make(): Promise<void> {
    const { config, documents, log, rare } = this.parts;
    const { prefix, streams } = config;
    const wanted = wantedStreams(prefix, streams, documents, adaptedSubjects(config));
    try {
      const asked = setUpStreams(await this.manager(), wanted, { change: false });
      const { made, differs, vital } = await asked;
      for (const sentence of made) log.info(`JetStream: ${sentence}`);
      if (vital.length > 0) {
        throw new ConfigError(`JetStream: ${vital.join('; ')}; see spikescope setup --apply`);
      }
      for (const sentence of differs) rare.warn(sentence, `JetStream: ${sentence}`);
    } catch (error) {
      if (error instanceof StreamSetupError) throw new ConfigError(error.message);
      throw error;
    }
  }

  /** Makes what is missing and looks at the stream of frames; undefined at the signal. */
  async firstLook(signal: AbortSignal): Promise<StreamView | undefined> {
    while (!signal.aborted) {
      try {
        await this.make();
        const manager = await this.manager();
        const { created, state } = await manager.streams.info(this.names.frames);
        const { first_seq: firstSequence, last_seq: lastSequence, messages } = state;
        return { created, firstSequence, lastSequence, messages };
      } catch (error) {
        if (error instanceof ConfigError) throw error;
        const reason = (error as Error).message;
        this.parts.rare.warn('streams', `JetStream can't be used yet: ${reason}`);
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
    return undefined;
  }

  private async manager(): Promise<JetStreamManager> {
    const connection = this.parts.connection();
    if (connection === undefined) throw new Error('not connected to NATS');
    return await jetstreamManager(connection, { timeout: API_MS_MAX, checkAPI: false });
  }
}
