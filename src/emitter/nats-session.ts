import {
  type ConnectionOptions,
  connect,
  createInbox,
  headers,
  type Msg,
  type MsgHdrs,
  type NatsConnection,
  type Status,
} from '@nats-io/transport-node';
import type { FrameMessage } from './frame-message.ts';

/** The client's options but those that the emitter sees to by itself. */
export type NatsClientOptions = Omit<
  ConnectionOptions,
  | 'servers'
  | 'port'
  | 'reconnect'
  | 'maxReconnectAttempts'
  | 'reconnectTimeWait'
  | 'reconnectJitter'
  | 'reconnectJitterTLS'
  | 'reconnectDelayHandler'
  | 'waitOnFirstConnect'
  | 'pingInterval'
  | 'maxPingOut'
>;

export interface SessionEvents {
  /** The server refused something: a subject, most likely. */
  refused(text: string): void;
}

/** An answer to a message that was sent with a token; `undefined` data where nobody listens. */
export type OnReply = (token: string, data: Uint8Array, status: number) => void;

const CONNECT_MS_MAX = 5000;
/** As long as a timer can be: the emitter asks the server itself, without keeping the host up. */
const NEVER_MS = 2 ** 31 - 1;

/** What of the client keeps the process alive; not in its declarations. */
interface Handle {
  ref?(): void;
  unref?(): void;
}
interface Inside {
  readonly protocol?: {
    readonly transport?: { readonly socket?: Handle };
    readonly heartbeats?: { readonly timer?: Handle };
  };
}

/**
 * One connection, from when it is made until it breaks: the client's own reconnecting forgets what
 * was under way, and never lets the process end.
 */
export class NatsSession {
  /** Resolves when the connection has ended, with the reason. */
  readonly ended: Promise<string>;
  private readonly connection: NatsConnection;
  private readonly inbox: string;
  private lastError: string | undefined;

  private constructor(connection: NatsConnection, inboxPrefix: string | undefined) {
    this.connection = connection;
    this.inbox = createInbox(inboxPrefix);
    this.ended = connection.closed().then((error) => {
      return this.lastError ?? (error instanceof Error ? reasonOf(error) : 'it was closed');
    });
    (connection as Inside).protocol?.heartbeats?.timer?.unref?.();
  }

  /** One attempt at every server. */
  static async open(
    servers: readonly string[],
    options: NatsClientOptions,
    events: SessionEvents,
  ): Promise<NatsSession> {
    const connection = await connect({
      timeout: CONNECT_MS_MAX,
      ...options,
      servers: [...servers],
      reconnect: false,
      pingInterval: NEVER_MS,
    });
    const session = new NatsSession(connection, options.inboxPrefix);
    void session.watch(events);
    return session;
  }

  get isClosed(): boolean {
    return this.connection.isClosed();
  }

  /** Whether this connection keeps the process alive. */
  hold(isHeld: boolean): void {
    const socket = (this.connection as Inside).protocol?.transport?.socket;
    if (isHeld) socket?.ref?.();
    else socket?.unref?.();
  }

  /** Throws where the server has no room for a message of this size, or the connection is gone. */
  publish(message: FrameMessage, token?: string): void {
    const fields = natsHeaders(message.headers);
    const reply = token === undefined ? {} : { reply: `${this.inbox}.${token}` };
    this.connection.publish(message.subject, message.data, { headers: fields, ...reply });
  }

  /** Answers to what was published with a token. */
  listen(onReply: OnReply): void {
    const callback = (error: Error | null, message: Msg): void => {
      if (error !== null) return;
      const token = message.subject.slice(this.inbox.length + 1);
      onReply(token, message.data, message.headers?.code ?? 0);
    };
    this.connection.subscribe(`${this.inbox}.*`, { callback });
  }

  /** Requests on a subject; the callback does not throw. */
  serve(subject: string, queue: string | undefined, take: (request: Msg) => void): () => void {
    const callback = (error: Error | null, message: Msg): void => {
      if (error === null) take(message);
    };
    const options = queue === undefined ? { callback } : { callback, queue };
    const subscription = this.connection.subscribe(subject, options);
    return () => {
      if (!this.connection.isClosed()) subscription.unsubscribe();
    };
  }

  /** Resolves when the server has all that was published; rejects when the connection ends. */
  flush(): Promise<void> {
    return this.connection.flush();
  }

  /** Ends it at once; `reason` is what `ended` gives. */
  async close(reason?: string): Promise<void> {
    this.lastError ??= reason;
    await this.connection.close().catch(() => {});
  }

  private async watch(events: SessionEvents): Promise<void> {
    try {
      for await (const status of this.connection.status()) this.tell(status, events);
    } catch {
      // It was closed before it could be watched.
    }
  }

  private tell(status: Status, events: SessionEvents): void {
    if (status.type === 'error') {
      this.lastError = reasonOf(status.error);
      events.refused(this.lastError);
    }
  }
}

export function natsHeaders(list: FrameMessage['headers']): MsgHdrs {
  const fields = headers();
  for (const [name, value] of list) fields.set(name, value);
  return fields;
}

/** An error in one line, with what caused it. */
export function reasonOf(error: unknown): string {
  const texts: string[] = [];
  for (let cause = error; cause instanceof Error && texts.length < 4; cause = cause.cause) {
    const text = cause.message.replace(/\s+/g, ' ').trim();
    if (text !== '' && !texts.some((known) => known.includes(text))) texts.push(text);
  }
  return texts.join(': ') || 'no reason given';
}
