import { JetStreamApiError, type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { streamNames } from '../../sources/jetstream-streams.ts';
import { NatsLink } from '../../sources/nats-link.ts';
import { withoutUserinfo } from '../../sources/nats-servers.ts';
import type { Config } from '../config/schema.ts';
import { NO_STREAMS, readStreams, type StreamsStatus } from './stream-status.ts';

export interface NatsStatus extends StreamsStatus {
  readonly nats: {
    readonly servers: readonly string[];
    readonly connected: boolean;
    /** Why not. */
    readonly error: string | null;
  };
}

/** Somebody waits for the answer: a server that does not answer is away. */
const CONNECT_MS_MAX = 5000;
const API_MS_MAX = 3000;

/** @throws OptionError where a file of the configuration can't be used */
export async function readNats(config: Config, problems: string[]): Promise<NatsStatus> {
  const servers = [config.nats.servers].flat().map(withoutUserinfo);
  const away = new AbortController();
  let reason = `no answer within ${CONNECT_MS_MAX / 1000} s`;
  const link = new NatsLink(config.nats, {
    // All servers were tried once: the service would wait on, and this does not.
    waiting: (_servers, why) => {
      reason = why;
      away.abort();
    },
    connected: () => {},
    disconnected: () => {},
    reconnected: () => {},
    refused: (text) => problems.push(`NATS refuses: ${text}`),
  });
  const signal = AbortSignal.any([away.signal, AbortSignal.timeout(CONNECT_MS_MAX)]);
  try {
    const connection = await link.open(signal);
    const nats = { servers, connected: true, error: null };
    const manager = await jetstreamManager(connection, { timeout: API_MS_MAX, checkAPI: false });
    const names = streamNames(config.streams.name);
    const why = await whyNoStreams(manager, names.frames);
    if (why !== undefined) {
      problems.push(`JetStream can't be used here: ${why}`);
      return { nats, ...NO_STREAMS };
    }
    const place = { prefix: config.prefix, names, leaseMs: config.workers.ttl / 1000 };
    return { nats, ...(await readStreams(connection, manager, place, problems)) };
  } catch (error) {
    const text = signal.aborted ? reason : (error as Error).message;
    return { nats: { servers, connected: false, error: text }, ...NO_STREAMS };
  } finally {
    await link.close();
  }
}

/** Undefined where the server answers for streams, whatever it says of this one. */
async function whyNoStreams(manager: JetStreamManager, name: string): Promise<string | undefined> {
  try {
    await manager.streams.info(name);
    return undefined;
  } catch (error) {
    return error instanceof JetStreamApiError ? undefined : (error as Error).message;
  }
}
