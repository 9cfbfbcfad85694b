import type { DropReason } from './emitter-tally.ts';
import type { FrameMessage } from './frame-message.ts';

/** A message until the server says that it has it. */
export interface Outgoing {
  readonly message: FrameMessage;
  readonly samples: number;
  /** What it weighs in the buffer. */
  readonly bytes: number;
  isConfirmed: boolean;
  wasSent: boolean;
}

/** Called for what leaves the buffer unsent, with what there is to say. */
export type OnDrop = (reason: DropReason, entry: Outgoing, why: string) => void;

/** Under way without the server's word. Readers tell repeats among the last 1,024 of a subject. */
const UNCONFIRMED_MAX = 512;
const UNCONFIRMED_BYTES_MAX = 4 * 1024 * 1024;
/** Of an entry beside its payload: headers, objects. */
const ENTRY_BYTES = 512;

/**
 * Messages in order, until they are confirmed: those under way, then those that wait. Together
 * never more bytes than the bound. What is too much is dropped from the oldest of those that wait;
 * what is under way may have arrived, so that it can't be counted as dropped.
 */
export class Outbox {
  readonly bytesMax: number;
  frames = 0;
  samples = 0;
  bytes = 0;
  bytesSeenMax = 0;
  private readonly unconfirmedBytesMax: number;
  private readonly onDrop: OnDrop;
  private readonly sent: Outgoing[] = [];
  private sentBytes = 0;
  /** Of `sent`: the next to send again; its length where all have been. */
  private resendAt = 0;
  private waiting: (Outgoing | undefined)[] = [];
  /** Of `waiting`: what is below has gone. */
  private waitingAt = 0;

  constructor(bytesMax: number, onDrop: OnDrop) {
    this.bytesMax = bytesMax;
    this.unconfirmedBytesMax = Math.min(UNCONFIRMED_BYTES_MAX, bytesMax / 2);
    this.onDrop = onDrop;
  }

  add(message: FrameMessage, samples: number): void {
    const bytes = message.data.length + message.subject.length + ENTRY_BYTES;
    const entry = { message, samples, bytes, isConfirmed: false, wasSent: false };
    while (this.bytes + bytes > this.bytesMax) {
      const oldest = this.takeWaiting();
      if (oldest === undefined) {
        this.onDrop('buffer_full', entry, this.fullText());
        return;
      }
      this.leave(oldest);
      this.onDrop('buffer_full', oldest, this.fullText());
    }
    this.waiting.push(entry);
    this.frames++;
    this.samples += samples;
    this.bytes += bytes;
    if (this.bytes > this.bytesSeenMax) this.bytesSeenMax = this.bytes;
  }

  /** The next to send; undefined where nothing waits, or enough is under way. */
  next(): Outgoing | undefined {
    while (this.resendAt < this.sent.length) {
      const entry = this.sent[this.resendAt++] as Outgoing;
      if (!entry.isConfirmed) return entry;
    }
    const full = this.sent.length >= UNCONFIRMED_MAX || this.sentBytes >= this.unconfirmedBytesMax;
    const entry = full ? undefined : this.takeWaiting();
    if (entry === undefined) return undefined;
    this.sent.push(entry);
    this.sentBytes += entry.bytes;
    this.resendAt = this.sent.length;
    return entry;
  }

  /** The server has it; false where that was known. `trim` makes room for others. */
  confirm(entry: Outgoing): boolean {
    if (entry.isConfirmed) return false;
    entry.isConfirmed = true;
    this.leave(entry);
    return true;
  }

  /** Takes out what no server will take. */
  refuse(entry: Outgoing, why: string): void {
    if (!this.confirm(entry)) return;
    this.trim();
    this.onDrop('refused', entry, why);
  }

  /** All that are under way are to be sent again. */
  rewind(): void {
    this.resendAt = 0;
  }

  /** Drops all that is left: there is no more time. */
  clear(): void {
    const left = [...this.sent, ...this.waiting];
    this.sent.length = 0;
    this.sentBytes = 0;
    this.resendAt = 0;
    this.waiting = [];
    this.waitingAt = 0;
    for (const entry of left) {
      if (entry === undefined || !this.confirm(entry)) continue;
      this.onDrop('closed', entry, 'there was no time to send it');
    }
  }

  private fullText(): string {
    return `no room: ${this.bytesMax} bytes wait for NATS at most`;
  }

  private leave(entry: Outgoing): void {
    this.frames--;
    this.samples -= entry.samples;
    this.bytes -= entry.bytes;
  }

  /** Forgets those at the front that are confirmed. */
  trim(): void {
    let gone = 0;
    while (this.sent[gone]?.isConfirmed === true) {
      this.sentBytes -= (this.sent[gone] as Outgoing).bytes;
      gone++;
    }
    if (gone === 0) return;
    this.sent.splice(0, gone);
    this.resendAt = Math.max(0, this.resendAt - gone);
  }

  private takeWaiting(): Outgoing | undefined {
    const entry = this.waiting[this.waitingAt];
    if (entry === undefined) return undefined;
    this.waiting[this.waitingAt++] = undefined;
    if (this.waitingAt === this.waiting.length) {
      this.waiting.length = 0;
      this.waitingAt = 0;
    } else if (this.waitingAt >= 1024 && this.waitingAt * 2 >= this.waiting.length) {
      this.waiting = this.waiting.slice(this.waitingAt);
      this.waitingAt = 0;
    }
    return entry;
  }
}
