import { setTimeout as sleep } from 'node:timers/promises';
import {
  AckPolicy,
  type ConsumerConfig,
  type ConsumerInfo,
  DeliverPolicy,
  type JetStreamManager,
  jetstreamManager,
  type StreamInfo,
} from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { pauseMs } from '../component/backoff.ts';
import { isAnswer, NO_MESSAGE, STREAM_NOT_FOUND } from '../component/jetstream-codes.ts';
import type { Inlet, Source } from '../component/source.ts';
import { TIMERS } from '../component/timers.ts';
import type { Inbox } from './inbox.ts';
import type { PullDelivery } from './pull-delivery.ts';
import { PullSession, type PullWindow } from './pull-session.ts';
import { WireHeaders } from './wire-headers.ts';
import { ReusedMessage, type WireMessage } from './wire-message.ts';

/** The stream as it was just seen. */
export interface StreamView {
  /** When it was made: another one of the same name is another stream. */
  readonly created: string;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly messages: number;
}

/** What was gone before the service saw the stream is no loss of its own; all from there on is. */
export function beforeFirst({ firstSequence }: StreamView): number {
  return Math.max(0, firstSequence - 1);
}

export interface JetStreamSourceParts {
  readonly connection: () => NatsConnection | undefined;
  readonly stream: string;
  /** Only messages of these subjects; all where there are none. */
  readonly filters?: readonly string[];
  /** What a message's subject was before the stream stored it, where that added to it. */
  readonly subjectOf?: (stored: string) => string;
  readonly window: PullWindow;
  readonly inbox: Inbox;
  /** Whether more may be asked for. */
  readonly hasRoom: () => boolean;
  /** Where to go on; asked at each beginning. Undefined: from the first message on. */
  readonly next: () => number | undefined;
  /** Reading is about to begin, of a stream that may be another one than before. */
  readonly opened: (view: StreamView) => Promise<void>;
  /** The stream as it is, every second; with filters also how many messages are to come. */
  readonly seen: (view: StreamView, pending: number | undefined) => void;
  /**
   * No message up to this one will come any more, and none waits: they were deleted at the end of
   * the stream, where no later message shows it; or, with filters, are others' messages.
   */
  readonly vanished: (upTo: number) => void;
  /** The stream is not there: makes it. */
  readonly missing: () => Promise<void>;
  readonly began: (next: number | undefined) => void;
  /** Why reading begins anew; it does so for ever. */
  readonly interrupted: (reason: string) => void;
}

const API_MS_MAX = 2000;
const RETRY_LIMITS = { firstMs: 50, lastMs: 2000 };
/** The server deletes a consumer of a reader that is gone after this. */
const INACTIVE_NS = 30_000_000_000;
const VIEW_EVERY_MS = 1000;
/** One that has nothing to read is soon up to date. */
const FIRST_VIEW_MS = 100;
const DRAIN_MS_MAX = 5000;
const LOOKS_IN_VAIN = 3;

/**
 * Frames from a JetStream stream, in its order, from where the state stands. The reader is
 * disposable: its consumer acknowledges nothing and is made anew whenever anything is amiss (the
 * server was away, the consumer deleted, a message lost on the way), at the message after the last.
 */
export class JetStreamSource implements Source {
  private readonly parts: JetStreamSourceParts;
  private readonly headers = new WireHeaders();
  private readonly inbound = new ReusedMessage();
  private session: PullSession | undefined;
  /** The message to come next; what the inbox holds is behind it. */
  private expected: number | undefined;
  /** Messages that the consumer of now has brought. */
  private counted = 0;
  /** As it was at a look that found messages on their way, and looks since that found it so. */
  private countedThen = 0;
  private looksInVain = 0;

  constructor(parts: JetStreamSourceParts) {
    this.parts = parts;
  }

  /** Room for more may have come. */
  wake(): void {
    this.session?.wake();
  }

  async run(inlet: Inlet, signal: AbortSignal): Promise<void> {
    const failed = Promise.withResolvers<never>();
    failed.promise.catch(() => {});
    this.parts.inbox.connect(inlet, failed.reject);
    const stopped = new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
      if (signal.aborted) resolve();
    });
    try {
      await Promise.race([this.readOn(signal), failed.promise, stopped]);
    } finally {
      this.session?.finish('stopped');
      const late = sleep(DRAIN_MS_MAX, undefined, { ref: false });
      await Promise.race([this.parts.inbox.drained(), late]);
    }
  }

  private async readOn(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      const began = performance.now();
      const reason = await this.readOnce(signal).catch((error: unknown) => textOf(error));
      if (signal.aborted) return;
      this.parts.interrupted(reason);
      // One that worked for a while is begun again at once.
      failures = performance.now() - began > RETRY_LIMITS.lastMs ? 0 : failures + 1;
      await sleep(pauseMs(RETRY_LIMITS, failures), undefined, { signal }).catch(() => {});
    }
  }

  /** Reads until something is amiss; gives what. */
  private async readOnce(signal: AbortSignal): Promise<string> {
    const connection = this.parts.connection();
    if (connection === undefined || connection.isClosed()) return 'not connected to NATS';
    const manager = await jetstreamManager(connection, { timeout: API_MS_MAX, checkAPI: false });
    const { stream } = this.parts;
    const view = await this.look(manager.streams.info(stream));
    if (view === undefined) return `the stream ${stream} is not there`;
    await this.parts.opened(view);
    const from = this.parts.next();
    this.expected = from;
    const info = await manager.consumers.add(stream, consumerFrom(from, this.parts.filters));
    if (signal.aborted) return 'stopped';
    this.counted = 0;
    this.looksInVain = 0;
    const take = (message: WireMessage, delivery: PullDelivery): string | undefined => {
      if (delivery.consumerSequence !== ++this.counted) return 'a message was lost on the way';
      this.expected = delivery.streamSequence + 1;
      this.offer(message, delivery);
      return undefined;
    };
    const { window, hasRoom } = this.parts;
    const consumer = info.name;
    const parts = { connection, stream, consumer, window, timers: TIMERS, take, hasRoom };
    this.session = new PullSession(parts);
    this.parts.began(from);
    // What fails here fails the session as well, or passes.
    let isLooking = false;
    // One at a time: answers of a slow server that come together would be one look, not three.
    const lookOnce = async () => {
      if (isLooking) return;
      isLooking = true;
      await this.keepLooking(connection, consumer, view.created).catch(() => {});
      isLooking = false;
    };
    const views = setInterval(lookOnce, VIEW_EVERY_MS);
    const firstView = setTimeout(lookOnce, FIRST_VIEW_MS);
    try {
      return await this.session.ended;
    } finally {
      clearInterval(views);
      clearTimeout(firstView);
      manager.consumers.delete(stream, consumer).catch(() => {});
    }
  }

  private offer(message: WireMessage, delivery: PullDelivery): void {
    const { inbound } = this;
    const { contentType, trace } = this.headers.of(message);
    const { subjectOf } = this.parts;
    inbound.subject = subjectOf === undefined ? message.subject : subjectOf(message.subject);
    inbound.liesIn(message);
    inbound.contentType = contentType;
    inbound.trace = trace;
    inbound.arrivedUs = delivery.storedUs;
    inbound.sequence = delivery.streamSequence;
    this.parts.inbox.offer(inbound);
  }

  /** Undefined where there is no such stream, which is made for the next attempt. */
  private async look(asked: Promise<StreamInfo>): Promise<StreamView | undefined> {
    let info: StreamInfo;
    try {
      info = await asked;
    } catch (error) {
      if (!isAnswer(error, STREAM_NOT_FOUND)) throw error;
      await this.parts.missing();
      return undefined;
    }
    return viewOf(info);
  }

  /** Tells how the stream stands, and finds what was deleted at its end. */
  private async keepLooking(
    connection: NatsConnection,
    consumer: string,
    created: string,
  ): Promise<void> {
    const { stream, inbox, vanished } = this.parts;
    const { session } = this;
    const manager = await jetstreamManager(connection, { timeout: API_MS_MAX, checkAPI: false });
    const view = await this.look(manager.streams.info(stream));
    if (view === undefined || session === undefined || this.session !== session) return;
    if (view.created !== created) {
      session.finish('the stream was made anew');
      return;
    }
    const asked = this.parts.filters && (await manager.consumers.info(stream, consumer));
    // What the consumer before delivered says nothing of this one.
    if (this.session !== session) return;
    this.parts.seen(view, asked && asked.num_pending + this.onTheWay(asked));
    const expected = this.expected ?? 0;
    if (view.lastSequence < expected || inbox.depth.messages > 0) return;
    const info = asked ?? (await manager.consumers.info(stream, consumer));
    if (this.session !== session) return;
    if (this.isLost(info)) return session.finish('the last messages were lost on the way');
    const isIdle = info.num_pending === 0 && this.onTheWay(info) === 0;
    if (!isIdle || (await this.hasMore(manager, expected))) return;
    if ((this.expected ?? 0) !== expected || inbox.depth.messages > 0) return;
    if (this.session !== session) return;
    this.expected = view.lastSequence + 1;
    vanished(view.lastSequence);
  }

  /**
   * Whether what was delivered will not come: the connection was cut and is another one by now. A
   * later message would show it; this finds it where none follows.
   */
  private isLost(info: ConsumerInfo): boolean {
    const isComing = this.onTheWay(info) <= 0 || this.counted !== this.countedThen;
    this.countedThen = this.counted;
    this.looksInVain = isComing ? 0 : this.looksInVain + 1;
    return this.looksInVain >= LOOKS_IN_VAIN;
  }

  /** Delivered, and not taken yet. */
  private onTheWay({ delivered }: ConsumerInfo): number {
    return delivered.consumer_seq - this.counted;
  }

  /**
   * Whether the stream's leader has a message that is to come. A consumer is idle as far as its own
   * server has the stream, and in a cluster that server may be behind.
   */
  private async hasMore(manager: JetStreamManager, expected: number): Promise<boolean> {
    const { stream, filters = ['>'] } = this.parts;
    const last = await Promise.all(filters.map((filter) => lastOf(manager, stream, filter)));
    return Math.max(...last) >= expected;
  }
}

async function lastOf(manager: JetStreamManager, stream: string, subject: string): Promise<number> {
  try {
    return (await manager.streams.getMessage(stream, { last_by_subj: subject }))?.seq ?? 0;
  } catch (error) {
    if (isAnswer(error, NO_MESSAGE)) return 0;
    throw error;
  }
}

function consumerFrom(
  next: number | undefined,
  filters: readonly string[] | undefined,
): Partial<ConsumerConfig> {
  return {
    ack_policy: AckPolicy.None,
    ...(filters !== undefined && { filter_subjects: [...filters] }),
    ...(next === undefined
      ? { deliver_policy: DeliverPolicy.All }
      : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: next }),
    inactive_threshold: INACTIVE_NS,
    mem_storage: true,
    num_replicas: 1,
  };
}

function viewOf({ created, state }: StreamInfo): StreamView {
  return {
    created,
    firstSequence: state.first_seq,
    lastSequence: state.last_seq,
    messages: state.messages,
  };
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
