import { setTimeout as sleep } from 'node:timers/promises';
import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import type { Inlet, Source } from '../component/source.ts';
import { FRAME_KINDS } from '../frames/header.ts';
import type { ArrivalClock } from './arrival-clock.ts';
import { claim, watchReads } from './claims.ts';
import type { Inbox } from './inbox.ts';
import type { NatsLink } from './nats-link.ts';
import { WireHeaders } from './wire-headers.ts';
import { ReusedMessage, type WireMessage, wireMessageOf } from './wire-message.ts';

export interface NatsSourceParts {
  readonly link: NatsLink;
  /** First tokens of the subjects. */
  readonly prefix: string;
  /** Subjects beside those of the prefix. */
  readonly adapted?: readonly string[];
  readonly inbox: Inbox;
  readonly clock: ArrivalClock;
  /** The server knows of all subscriptions: what is published from now on arrives. */
  readonly listening: () => void;
}

/** A server that doesn't answer must not keep the service from stopping. */
const DRAIN_MS_MAX = 5000;

/**
 * Frames from core NATS, best effort: one subscription a kind, and what a server outage or a slow
 * reader loses shows as gaps in `seq`. The link is not closed: sinks still need it after the
 * source.
 */
export class NatsSource implements Source {
  private readonly parts: NatsSourceParts;
  private readonly headers = new WireHeaders();
  /** The same for all messages: the inbox copies what it keeps. */
  private readonly inbound = new ReusedMessage();
  /** The read that the last message came by. */
  private read = -1;

  constructor(parts: NatsSourceParts) {
    this.parts = parts;
  }

  async run(inlet: Inlet, signal: AbortSignal): Promise<void> {
    const connection = await this.open(signal);
    if (connection === undefined) return;
    const ended = Promise.withResolvers<void>();
    this.parts.inbox.connect(inlet, ended.reject);
    const stop = () => ended.resolve();
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    void connection.closed().then((cause) => {
      ended.reject(new Error('the connection to NATS was closed', { cause }));
    });
    const subscriptions = this.subscribe(connection, ended.reject);
    connection.flush().then(this.parts.listening, () => {});
    try {
      await ended.promise;
    } finally {
      signal.removeEventListener('abort', stop);
      await this.drain(subscriptions);
    }
  }

  /** Undefined where the service is stopped before the first connection. */
  private async open(signal: AbortSignal): Promise<NatsConnection | undefined> {
    try {
      return await this.parts.link.open(signal);
    } catch (error) {
      if (signal.aborted) return undefined;
      throw error;
    }
  }

  private subscribe(
    connection: NatsConnection,
    fail: (error: Error) => void,
  ): readonly Subscription[] {
    const { prefix, adapted = [] } = this.parts;
    const subjects = [...FRAME_KINDS.map((kind) => `${prefix}.${kind}.>`), ...adapted];
    let refused = 0;
    const callback = (error: Error | null, message: Msg) => {
      if (error === null) {
        this.take(wireMessageOf(message));
      } else if (++refused === subjects.length) {
        // The link tells each refusal; with some allowed the others are worth having.
        const all = [`${prefix}.<kind>.>`, ...adapted].join(', ');
        fail(new Error(`NATS allows none of the subjects ${all}`, { cause: error }));
      }
    };
    watchReads(connection, this.parts.inbox);
    return subjects.map((subject) => {
      const subscription = connection.subscribe(subject, { callback });
      claim(connection, subscription, this.take);
      return subscription;
    });
  }

  private readonly take = (message: WireMessage): void => {
    const { inbox, clock } = this.parts;
    const { inbound } = this;
    const { contentType, trace } = this.headers.of(message);
    inbound.subject = message.subject;
    inbound.liesIn(message);
    inbound.contentType = contentType;
    inbound.trace = trace;
    // What came by one read arrived at once.
    if (message.read !== this.read) inbound.arrivedUs = clock.nowUs();
    this.read = message.read;
    inbox.offer(inbound);
  };

  /** Unsubscribes, takes what is still under way, and waits until all of it is delivered. */
  private async drain(subscriptions: readonly Subscription[]): Promise<void> {
    const drained = Promise.allSettled(subscriptions.map((one) => one.drain()));
    const timer = new AbortController();
    const late = sleep(DRAIN_MS_MAX, undefined, { signal: timer.signal }).catch(() => {});
    if (this.parts.link.isConnected) await Promise.race([drained, late]);
    await Promise.race([this.parts.inbox.drained(), late]);
    timer.abort();
  }
}
