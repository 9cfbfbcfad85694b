import { setTimeout as sleep } from 'node:timers/promises';
import type { MsgHdrs, NatsConnection } from '@nats-io/transport-node';

export interface OutboxLimits {
  /** Bytes that may wait for the server, with what a message costs beside its payload. */
  readonly bytesMax: number;
  /** Bytes sent before the server is asked whether it has them. */
  readonly batchBytesMax: number;
  /** Pause after an attempt that failed. */
  readonly retryMs: number;
  /** What a waiting message takes beside its payload: headers, objects. An upper estimate. */
  readonly messageBytes: number;
}

/**
 * `queue_full`: more waited than may. `too_large`: the server's max_payload has no room for it.
 * `stopped`: the server did not take it before the service ended.
 */
export type OutboxDropReason = 'queue_full' | 'too_large' | 'stopped';

export interface OutboxParts {
  /** The connection of now, up or not; undefined before the first. */
  readonly connection: () => NatsConnection | undefined;
  readonly limits: OutboxLimits;
  readonly dropped: (reason: OutboxDropReason, messages: number) => void;
  /** `read` (the default): the server has it. `stored`: a stream says that it holds it. */
  readonly confirmed?: 'read' | 'stored';
}

export interface OutboxMessage {
  readonly subject: string;
  readonly headers: MsgHdrs;
  /** The outbox's from now on. */
  readonly data: Uint8Array;
  /** A header that says how long the data was, where it may be cut to what the server takes. */
  readonly cutHeader?: string;
}

/**
 * Messages on their way to NATS. They wait, bounded, until the server says that it has them, so
 * that an outage loses none that there is room for; what is sent again after one has the same
 * `Nats-Msg-Id`, by which a stream knows it.
 */
export class NatsOutbox {
  private readonly parts: OutboxParts;
  private readonly waiting: OutboxMessage[] = [];
  private waitingBytes = 0;
  private sending: Promise<void> | undefined;
  private taken = 0;
  private done = 0;
  private waits: { readonly until: number; readonly resolve: () => void }[] = [];
  private readonly stopping = new AbortController();

  constructor(parts: OutboxParts) {
    this.parts = parts;
  }

  get depth(): { readonly messages: number; readonly bytes: number } {
    return { messages: this.waiting.length, bytes: this.waitingBytes };
  }

  /** Whether a message of that many bytes would be kept; what would not is counted as dropped. */
  hasRoomFor(dataBytes: number): boolean {
    const { limits } = this.parts;
    if (this.stopping.signal.aborted) this.parts.dropped('stopped', 1);
    else if (this.waitingBytes + dataBytes + limits.messageBytes > limits.bytesMax) {
      this.parts.dropped('queue_full', 1);
    } else return true;
    return false;
  }

  /** Takes a message; never waits, never throws. */
  offer(message: OutboxMessage): void {
    if (!this.hasRoomFor(message.data.byteLength)) return;
    this.taken++;
    this.waiting.push(message);
    this.waitingBytes += this.bytesOf(message);
    this.sending ??= this.send().finally(() => {
      this.sending = undefined;
    });
  }

  /** Resolves when what was taken until now is where it belongs, or was dropped. */
  settled(): Promise<void> {
    if (this.done >= this.taken) return Promise.resolve();
    const until = this.taken;
    return new Promise((resolve) => this.waits.push({ until, resolve }));
  }

  /** Resolves when the server has all that waits, or at the abort; drops and counts the rest. */
  async close(signal: AbortSignal): Promise<void> {
    const stop = () => this.stopping.abort();
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    await this.sending;
    signal.removeEventListener('abort', stop);
    stop();
    if (this.waiting.length > 0) this.parts.dropped('stopped', this.waiting.length);
    this.count(this.waiting.length);
    this.waiting.length = 0;
    this.waitingBytes = 0;
  }

  private async send(): Promise<void> {
    const { signal } = this.stopping;
    while (this.waiting.length > 0 && !signal.aborted) {
      if (await this.sendBatch(signal)) continue;
      await sleep(this.parts.limits.retryMs, undefined, { signal }).catch(() => {});
    }
  }

  /** False where the server does not have the batch, or may not: it stays at the front. */
  private async sendBatch(signal: AbortSignal): Promise<boolean> {
    const connection = this.parts.connection();
    const payloadBytesMax = connection?.info?.max_payload;
    if (connection === undefined || payloadBytesMax === undefined) return false;
    let messages = 0;
    let bytes = 0;
    let tooLarge = 0;
    const isStored = this.parts.confirmed === 'stored';
    const answers: Promise<void>[] = [];
    try {
      for (const message of this.waiting) {
        if (messages > 0 && bytes + this.bytesOf(message) > this.parts.limits.batchBytesMax) break;
        if (isStored && messages >= STORED_MESSAGES_MAX) break;
        const data = fitted(message, payloadBytesMax);
        if (data === undefined) tooLarge++;
        else if (isStored) answers.push(store(connection, message, data));
        else connection.publish(message.subject, data, { headers: message.headers });
        messages++;
        bytes += this.bytesOf(message);
      }
      // Rejects when the connection is lost; it never settles when it is closed for good.
      const end = isStored ? Promise.all(answers) : connection.flush();
      await unlessAborted(end, signal);
    } catch {
      await Promise.allSettled(answers);
      return false;
    }
    this.waiting.splice(0, messages);
    this.waitingBytes -= bytes;
    this.count(messages);
    if (tooLarge > 0) this.parts.dropped('too_large', tooLarge);
    return true;
  }

  private count(messages: number): void {
    this.done += messages;
    for (const { until, resolve } of this.waits) if (until <= this.done) resolve();
    this.waits = this.waits.filter(({ until }) => until > this.done);
  }

  private bytesOf({ data }: OutboxMessage): number {
    return data.byteLength + this.parts.limits.messageBytes;
  }
}

/** Messages that a stream is asked to confirm at once. */
const STORED_MESSAGES_MAX = 256;
const STORED_MS_MAX = 2000;

/** Resolves when a stream holds the message; one that it holds already is known by its id. */
async function store(
  connection: NatsConnection,
  { subject, headers }: OutboxMessage,
  data: Uint8Array,
): Promise<void> {
  const answer = await connection.request(subject, data, { headers, timeout: STORED_MS_MAX });
  const { error } = answer.json<{ readonly error?: { readonly description?: string } }>();
  if (error !== undefined) throw new Error(error.description ?? 'not stored');
}

/** What fits into a message of the server's; undefined where it can't be made to fit. */
function fitted(message: OutboxMessage, payloadBytesMax: number): Uint8Array | undefined {
  const { headers, cutHeader, data } = message;
  if (headerBytes(headers) + data.length <= payloadBytesMax) return data;
  if (cutHeader === undefined) return undefined;
  headers.set(cutHeader, String(data.length));
  const room = payloadBytesMax - headerBytes(headers);
  return room < 0 ? undefined : data.subarray(0, room);
}

function headerBytes(fields: MsgHdrs): number {
  return Buffer.byteLength(String(fields));
}

function unlessAborted(promise: Promise<unknown>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    promise.then(() => resolve(), reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
