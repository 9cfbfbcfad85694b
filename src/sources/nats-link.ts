import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectionOptions, NatsConnection, Status } from '@nats-io/transport-node';
import { isPermanent, reasonOf } from './nats-failure.ts';
import type { NatsOptions } from './nats-options.ts';
import { natsAuthenticator, natsTls } from './nats-secrets.ts';
import { parseNatsServer } from './nats-servers.ts';
import { connectNats } from './nats-transport.ts';

/** What happens to a connection, for the log and the counters. No text holds a secret. */
export interface NatsLinkEvents {
  /** No server can be reached yet; it is tried for ever. Said once. */
  waiting(servers: string, reason: string): void;
  connected(server: string): void;
  disconnected(server: string, reason: string): void;
  reconnected(server: string): void;
  /** The server refused something (a subject, credentials); each text once a connection. */
  refused(text: string): void;
}

const CONNECT_MS_MAX = 5000;
/** A server that answers nothing is given up after three of these. */
const PING_EVERY_MS = 20_000;
/** Where there are others to go to, one that hangs is left soon: what waits for it has a lease. */
const PING_EVERY_MS_IN_CLUSTER = 1500;
const FLUSH_MS_MAX = 2000;
/** Different refusals that are told apart in one connection. */
const REFUSALS_MAX = 64;

/**
 * The connection to NATS that source and sinks share. It waits for a server that isn't up yet,
 * reconnects for ever, and says what happens. Bad options show in the constructor, before anything
 * connects; a server that refuses the credentials at the start rejects `open`.
 */
export class NatsLink {
  private readonly events: NatsLinkEvents;
  private readonly client: ConnectionOptions;
  private readonly servers: readonly string[];
  private readonly waitMs: number;
  private opening: Promise<NatsConnection> | undefined;
  private opened: NatsConnection | undefined;
  private isUp = false;
  private ups = 0;
  private readonly refusals = new Set<string>();
  private lastError: string | undefined;

  /** @throws OptionError where a file can't be used */
  constructor(options: NatsOptions, events: NatsLinkEvents) {
    this.events = events;
    this.servers = [options.servers].flat().map((url) => parseNatsServer(url).address);
    this.waitMs = options.reconnect_wait / 1000;
    const authenticator = natsAuthenticator(options);
    const tls = natsTls(options);
    this.client = {
      servers: [...this.servers],
      name: options.name,
      reconnectTimeWait: this.waitMs,
      reconnectJitter: this.waitMs / 2,
      reconnectJitterTLS: this.waitMs / 2,
      maxReconnectAttempts: -1,
      // Credentials are being changed, perhaps: an error at the start ends the service, none later.
      ignoreAuthErrorAbort: true,
      timeout: CONNECT_MS_MAX,
      pingInterval: this.servers.length > 1 ? PING_EVERY_MS_IN_CLUSTER : PING_EVERY_MS,
      ...(authenticator !== undefined && { authenticator }),
      ...(tls !== undefined && { tls }),
    };
  }

  /** The connection, whether it is up or being made again; undefined before the first and after. */
  get connection(): NatsConnection | undefined {
    return this.opened;
  }

  get isConnected(): boolean {
    return this.isUp;
  }

  /** How often it was connected: 1 after the first time, one more after each outage. */
  get connects(): number {
    return this.ups;
  }

  /**
   * Connects once; later calls get the same connection. Rejects with the signal's reason when it is
   * aborted meanwhile, and when the server can be reached but will never take this client.
   */
  open(signal: AbortSignal): Promise<NatsConnection> {
    this.opening ??= this.connectFirst(signal);
    return this.opening;
  }

  /** Sends what is written and closes. A server that doesn't answer delays this by seconds only. */
  async close(): Promise<void> {
    const connection = this.opened;
    this.opened = undefined;
    this.isUp = false;
    if (connection === undefined || connection.isClosed()) return;
    await Promise.race([connection.flush().catch(() => {}), sleep(FLUSH_MS_MAX)]);
    await connection.close();
  }

  /**
   * The client's own waiting for a first connection would go on for ever on wrong credentials, and
   * could not be stopped; so each round is one attempt at every server.
   */
  private async connectFirst(signal: AbortSignal): Promise<NatsConnection> {
    let isSaid = false;
    for (;;) {
      signal.throwIfAborted();
      try {
        return this.take(await abandonedOn(signal, connectNats({ ...this.client })));
      } catch (error) {
        signal.throwIfAborted();
        const servers = this.servers.join(', ');
        if (isPermanent(error)) {
          throw new Error(`NATS (${servers}): ${reasonOf(error)}`, { cause: error });
        }
        if (!isSaid) this.events.waiting(servers, reasonOf(error));
        isSaid = true;
      }
      await sleep(this.waitMs * (1 + Math.random() / 2), undefined, { signal });
    }
  }

  private take(connection: NatsConnection): NatsConnection {
    this.opened = connection;
    this.isUp = true;
    this.ups++;
    // The client forgets servers that did not answer at the start; they may well do so later.
    const known = connection.getServers().map((server) => server.listen);
    connection.setServers([...new Set([...known, ...this.servers])]);
    this.events.connected(connection.getServer());
    void this.watch(connection);
    return connection;
  }

  private async watch(connection: NatsConnection): Promise<void> {
    for await (const status of connection.status()) this.tell(status);
  }

  private tell(status: Status): void {
    if (status.type === 'error') {
      this.lastError = reasonOf(status.error);
      if (this.refusals.has(this.lastError) || this.refusals.size >= REFUSALS_MAX) return;
      this.refusals.add(this.lastError);
      this.events.refused(this.lastError);
    } else if (status.type === 'staleConnection') {
      this.lastError ??= 'the server does not answer';
    } else if (status.type === 'ldm') {
      this.lastError = 'the server is shutting down';
    } else if (status.type === 'disconnect' && this.isUp) {
      this.isUp = false;
      this.events.disconnected(status.server, this.lastError ?? 'the connection was closed');
    } else if (status.type === 'reconnect') {
      this.isUp = true;
      this.ups++;
      this.lastError = undefined;
      this.refusals.clear();
      this.events.reconnected(status.server);
    }
  }
}

/** Rejects at the abort; a connection that is made nevertheless is closed again. */
function abandonedOn(
  signal: AbortSignal,
  connecting: Promise<NatsConnection>,
): Promise<NatsConnection> {
  return new Promise((resolve, reject) => {
    const abandon = () => {
      reject(signal.reason);
      connecting.then((connection) => connection.close()).catch(() => {});
    };
    signal.addEventListener('abort', abandon, { once: true });
    connecting.then(resolve, reject).finally(() => signal.removeEventListener('abort', abandon));
  });
}
