import { setTimeout as sleep } from 'node:timers/promises';
import { headers, type MsgHdrs, type NatsConnection, nuid } from '@nats-io/transport-node';
import type { DeadMessage } from '../component/message.ts';
import { isToken } from '../frames/subject.ts';

export interface DeadLetterLimits {
  /** Bytes that may wait for the server, with what a letter costs beside its payload. */
  readonly bytesMax: number;
  /** Bytes sent before the server is asked whether it has them. */
  readonly batchBytesMax: number;
  /** Pause after an attempt that failed. */
  readonly retryMs: number;
}

export const DEAD_LETTER_LIMITS: DeadLetterLimits = {
  bytesMax: 16 * 1024 * 1024,
  batchBytesMax: 2 * 1024 * 1024,
  retryMs: 500,
};

/**
 * `queue_full`: more waited than may. `too_large`: the server's max_payload has no room for the
 * headers alone. `stopped`: the server did not take it before the service ended.
 */
export type DeadLetterDropReason = 'queue_full' | 'too_large' | 'stopped';

export interface DeadLetterParts {
  readonly prefix: string;
  /** The connection of now, up or not; undefined before the first. */
  readonly connection: () => NatsConnection | undefined;
  readonly limits: DeadLetterLimits;
  readonly dropped: (reason: DeadLetterDropReason, letters: number) => void;
}

interface Letter {
  readonly subject: string;
  readonly headers: MsgHdrs;
  readonly data: Uint8Array;
}

/** What a waiting letter takes beside its payload: headers, objects. An upper estimate. */
const LETTER_BYTES = 4096;
const SUBJECT_CHARS_MAX = 256;
const DETAIL_CHARS_MAX = 512;
const CONTENT_TYPE_CHARS_MAX = 128;

/**
 * Messages that are no frames, on `<prefix>.dead.<reason>` with their original bytes, for whoever
 * wants to know what was wrong with them. They wait, bounded, until the server says that it has
 * them, so that an outage loses none that there is room for; what is sent again after one has the
 * same `Nats-Msg-Id`, by which a stream knows it.
 */
export class DeadLetters {
  private readonly parts: DeadLetterParts;
  private readonly waiting: Letter[] = [];
  private waitingBytes = 0;
  private sending: Promise<void> | undefined;
  private readonly stopping = new AbortController();

  constructor(parts: DeadLetterParts) {
    this.parts = parts;
  }

  get depth(): { readonly messages: number; readonly bytes: number } {
    return { messages: this.waiting.length, bytes: this.waitingBytes };
  }

  /** Takes a message and copies its data; never waits, never throws. */
  offer(dead: DeadMessage): void {
    const bytes = bytesOf(dead.message);
    if (this.stopping.signal.aborted) {
      this.parts.dropped('stopped', 1);
    } else if (this.waitingBytes + bytes > this.parts.limits.bytesMax) {
      this.parts.dropped('queue_full', 1);
    } else {
      this.waiting.push(makeLetter(this.parts.prefix, dead));
      this.waitingBytes += bytes;
      this.sending ??= this.send().finally(() => {
        this.sending = undefined;
      });
    }
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
    let letters = 0;
    let bytes = 0;
    let tooLarge = 0;
    try {
      for (const letter of this.waiting) {
        if (letters > 0 && bytes + bytesOf(letter) > this.parts.limits.batchBytesMax) break;
        if (!publish(connection, letter, payloadBytesMax)) tooLarge++;
        letters++;
        bytes += bytesOf(letter);
      }
      // Rejects when the connection is lost; it never settles when it is closed for good.
      await unlessAborted(connection.flush(), signal);
    } catch {
      return false;
    }
    this.waiting.splice(0, letters);
    this.waitingBytes -= bytes;
    if (tooLarge > 0) this.parts.dropped('too_large', tooLarge);
    return true;
  }
}

/** Publishes what fits into a message of the server's; false where not even the headers do. */
function publish(connection: NatsConnection, letter: Letter, payloadBytesMax: number): boolean {
  let { data } = letter;
  if (headerBytes(letter.headers) + data.length > payloadBytesMax) {
    letter.headers.set('Spikescope-Truncated', String(data.length));
    const room = payloadBytesMax - headerBytes(letter.headers);
    if (room < 0) return false;
    data = data.subarray(0, room);
  }
  connection.publish(letter.subject, data, { headers: letter.headers });
  return true;
}

/** A letter with a copy of the bytes, which are valid during the call only. */
function makeLetter(prefix: string, { message, reason, detail }: DeadMessage): Letter {
  const reasonToken = isToken(reason) ? reason : 'other';
  const fields = headers();
  fields.set('Nats-Msg-Id', nuid.next());
  fields.set('Spikescope-Subject', oneLine(message.subject, SUBJECT_CHARS_MAX));
  if (message.sequence !== undefined) fields.set('Spikescope-Sequence', String(message.sequence));
  fields.set('Spikescope-Reason', reasonToken);
  fields.set('Spikescope-Detail', oneLine(detail, DETAIL_CHARS_MAX));
  if (message.contentType !== undefined) {
    fields.set('Content-Type', oneLine(message.contentType, CONTENT_TYPE_CHARS_MAX));
  }
  // Not slice(): what comes from a socket is a Buffer, whose slice() shares the memory.
  const data = new Uint8Array(message.data);
  return { subject: `${prefix}.dead.${reasonToken}`, headers: fields, data };
}

/** Text from outside as a header's value: a line break would end the header. */
function oneLine(text: string, charsMax: number): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').slice(0, charsMax);
}

function headerBytes(fields: MsgHdrs): number {
  return Buffer.byteLength(String(fields));
}

function bytesOf({ data }: { readonly data: Uint8Array }): number {
  return data.byteLength + LETTER_BYTES;
}

function unlessAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
