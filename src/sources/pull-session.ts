import {
  createInbox,
  type Msg,
  type NatsConnection,
  type Subscription,
} from '@nats-io/transport-node';
import type { Timers } from '../component/timers.ts';
import { claim } from './claims.ts';
import { DeliveryReader, type PullDelivery } from './pull-delivery.ts';
import { firstLineOf, headerOf } from './wire-headers.ts';
import { type WireMessage, wireMessageOf } from './wire-message.ts';

/** What may be on its way from the server at once: the only queue in front of the reader. */
export interface PullWindow {
  readonly messages: number;
  readonly bytes: number;
  /** A reader has it now, or has it no more; for windows that share what may be on its way. */
  readonly used?: (isUsed: boolean) => void;
}

export interface PullSessionParts {
  readonly connection: NatsConnection;
  readonly stream: string;
  readonly consumer: string;
  readonly window: PullWindow;
  readonly timers: Timers;
  /** Takes a message, valid during the call; gives why the session is of no use any more. */
  readonly take: (message: WireMessage, delivery: PullDelivery) => string | undefined;
  /** Whether more may be asked for; `wake` says that this may have changed. */
  readonly hasRoom: () => boolean;
}

const EXPIRES_MS = 30_000;
const HEARTBEAT_MS = 500;
/** Heartbeats missed, and one for what the server is late by. */
const SILENT_MS_MAX = 4 * HEARTBEAT_MS;
const LOOK_EVERY_MS = HEARTBEAT_MS;

/** What counts of a message beside its headers and its data: its subject, and the reply subject. */
const HEAD_BYTES_MAX = 8 * 1024;
const MEAN_GAIN = 1 / 16;
/** On their way before it is known how large they are. */
const MESSAGES_FIRST = 16;

const STATUS_HEARTBEAT = 100;
const STATUS_NO_MESSAGES = 404;
const STATUS_EXPIRED = 408;
const STATUS_CONFLICT = 409;
/** What a request ends with when it has its bytes; all else with 409 is the consumer's end. */
const ENDS_OF_REQUEST = /exceeds? maxbytes|batch completed|interest expired/i;

/**
 * Messages of one JetStream consumer, asked for in requests of which two overlap, until something
 * is amiss: the consumer is gone, the server silent, a message was lost on the way. Then it ends
 * with the reason, and its maker begins anew where it stands. What the server may send is bounded
 * by what was asked for, so nothing here waits and nothing is dropped.
 */
export class PullSession {
  private readonly parts: PullSessionParts;
  private readonly inbox = createInbox();
  private readonly subscription: Subscription;
  private readonly deliveries = new DeliveryReader();
  private readonly end = Promise.withResolvers<string>();
  private asked = 0;
  private consumed = 0;
  /** Of a message, on average of the last ones; 0 before the first. */
  private meanBytes = 0;
  private heardMs: number;
  private isOver = false;
  private callOff: () => void = () => {};

  constructor(parts: PullSessionParts) {
    this.parts = parts;
    this.heardMs = parts.timers.nowMs();
    const callback = (error: Error | null, message: Msg): void => {
      if (error === null) this.hear(wireMessageOf(message));
      else this.finish(error.message);
    };
    this.subscription = parts.connection.subscribe(this.inbox, { callback });
    claim(parts.connection, this.subscription, (message) => this.hear(message));
    parts.window.used?.(true);
    this.wake();
    this.look();
  }

  /** Resolves with why it ended. */
  get ended(): Promise<string> {
    return this.end.promise;
  }

  /** A message that is larger than what is asked for would never come. */
  private get bytesMax(): number {
    const { connection, window } = this.parts;
    const largest = (connection.info?.max_payload ?? 0) + HEAD_BYTES_MAX;
    return Math.max(Math.floor(window.bytes / 2), largest);
  }

  /**
   * Messages of a request, two of which fill the window. Its bytes end it as well, but only late:
   * they have to be enough for the largest message. So the first asks for few.
   */
  private get batch(): number {
    const { messages, bytes } = this.parts.window;
    const fitting = this.meanBytes > 0 ? bytes / this.meanBytes : MESSAGES_FIRST;
    return Math.max(1, Math.floor(Math.min(messages, fitting) / 2));
  }

  /** Asks for more where there is room. */
  wake(): void {
    const { hasRoom } = this.parts;
    while (!this.isOver && this.asked <= this.batch && hasRoom()) this.ask();
  }

  /** Ends it; what comes later is not taken. */
  finish(reason: string): void {
    if (this.isOver) return;
    this.isOver = true;
    this.callOff();
    this.parts.window.used?.(false);
    try {
      this.subscription.unsubscribe();
    } catch {
      // The connection is closed, and the subscription with it.
    }
    this.end.resolve(reason);
  }

  private ask(): void {
    const { connection, stream, consumer } = this.parts;
    const { batch } = this;
    const request = {
      batch,
      max_bytes: this.bytesMax,
      expires: EXPIRES_MS * 1_000_000,
      idle_heartbeat: HEARTBEAT_MS * 1_000_000,
    };
    if (this.asked === 0) this.heardMs = this.parts.timers.nowMs();
    this.asked += batch;
    try {
      const subject = `$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`;
      connection.publish(subject, JSON.stringify(request), { reply: this.inbox });
    } catch (error) {
      this.finish((error as Error).message);
    }
  }

  private hear(message: WireMessage): void {
    if (this.isOver) return;
    this.consumed++;
    const delivery = this.deliveries.read(message.replyBytes, message.replyFrom, message.replyTo);
    if (delivery === undefined) {
      this.hearStatus(message);
      return;
    }
    this.asked--;
    const bytes = message.dataTo - message.headersFrom;
    this.meanBytes += (bytes - this.meanBytes) * (this.meanBytes === 0 ? 1 : MEAN_GAIN);
    const reason = this.parts.take(message, delivery);
    if (reason !== undefined) this.finish(reason);
    else if (this.asked <= this.batch) this.wake();
  }

  private hearStatus(message: WireMessage): void {
    const { code, text, left } = statusOf(message);
    if (code === STATUS_HEARTBEAT) return;
    const isOfRequest =
      code === STATUS_EXPIRED ||
      code === STATUS_NO_MESSAGES ||
      (code === STATUS_CONFLICT && ENDS_OF_REQUEST.test(text));
    if (!isOfRequest) {
      this.finish(`${code} ${text}`);
      return;
    }
    this.asked = Math.max(0, this.asked - left);
    this.wake();
  }

  /** Silence is found by a timer: a clock for each message would cost more than the message. */
  private look(): void {
    const { timers, connection } = this.parts;
    let consumed = this.consumed;
    let lookedMs = timers.nowMs();
    const round = (): void => {
      const nowMs = timers.nowMs();
      if (this.consumed !== consumed) this.heardMs = nowMs;
      // While this process was held up it heard nobody: what was said meanwhile is read after this.
      else this.heardMs += Math.max(0, nowMs - lookedMs - LOOK_EVERY_MS);
      lookedMs = nowMs;
      consumed = this.consumed;
      if (connection.isClosed()) this.finish('the connection was closed');
      else if (this.asked > 0 && nowMs - this.heardMs > SILENT_MS_MAX) {
        this.finish('the server fell silent');
      } else {
        this.wake();
        this.callOff = timers.after(LOOK_EVERY_MS, round);
      }
    };
    this.callOff = timers.after(LOOK_EVERY_MS, round);
  }
}

interface PullStatus {
  readonly code: number;
  readonly text: string;
  /** Messages that the request was still owed. */
  readonly left: number;
}

/** The first line of a status: `NATS/1.0 409 Batch Completed`. */
const STATUS_LINE = /^NATS\/1\.0 +(\d{3}) *(.*)$/;

/** Read by hand: a request ends with a status, and often by its bytes, so there are many. */
function statusOf(message: WireMessage): PullStatus {
  const [, code, text = ''] = STATUS_LINE.exec(firstLineOf(message)) ?? [];
  // Whatever it is, it is not the server's.
  if (code === undefined) return { code: 0, text: 'not a message of the consumer', left: 0 };
  const left = Number(headerOf(message, 'Nats-Pending-Messages')) || 0;
  return { code: Number(code), text, left };
}
