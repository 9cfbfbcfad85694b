import { jetstreamManager } from '@nats-io/jetstream';
import { NatsLink } from '../../sources/nats-link.ts';
import { streamNames } from '../../sources/jetstream-streams.ts';
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
  const link = new NatsLink(config.nats, {
    // All servers were tried once: the service would wait on, and this does not.
    waiting: (_servers, reason) => away.abort(new Error(reason)),
    connected: () => {},
    disconnected: () => {},
    reconnected: () => {},
    refused: (text) => problems.push(`NATS refuses: ${text}`),
  });
  try {
    const either = AbortSignal.any([away.signal, AbortSignal.timeout(CONNECT_MS_MAX)]);
    const connection = await link.open(either);
    const manager = await jetstreamManager(connection, { timeout: API_MS_MAX, checkAPI: false });
    const nats = { servers, connected: true, error: null };
    const reason = await withoutJetStream(() => manager.getAccountInfo());
    if (reason !== undefined) {
      problems.push(`JetStream can't be used: ${reason}`);
      return { nats, ...NO_STREAMS };
    }
    const place = { prefix: config.prefix, names: streamNames(config.streams.name) };
    return { nats, ...(await readStreams(connection, manager, place, problems)) };
  } catch (error) {
    const reason = (error as Error).message;
    return { nats: { servers, connected: false, error: reason }, ...NO_STREAMS };
  } finally {
    await link.close();
  }
}

async function withoutJetStream(ask: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await ask();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
