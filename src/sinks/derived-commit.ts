import { setTimeout as sleep } from 'node:timers/promises';
import type { NatsConnection } from '@nats-io/transport-node';
import type { CountedFrames } from '../component/counted-frames.ts';
import type { DerivedRecord } from '../component/derived-record.ts';
import { isStored, laterOf, recordId, type StreamPosition } from '../component/stream-position.ts';
import type { BatchMessage } from './atomic-batch.ts';
import type { DerivedCommitParts } from './commit-parts.ts';
import { DerivedWriter, OWNER_HEADER, storedHeaders } from './derived-message.ts';
import { Fence } from './fence.ts';
import type { HeaderLines } from './header-lines.ts';
import { retried } from './retried.ts';
import { type RecordBatch, WaitingRecords } from './waiting-records.ts';

/** Of a record, at most; they count for the server's max_payload. */
const HEADER_BYTES = 512;
/** A marker without records, where frames gave none. */
const MARK_EVERY_MS = 1000;
/** The stream forgets what is old: the marker must not be. */
const REFRESH_EVERY_MS = 3_600_000;
const NOWHERE: StreamPosition = { sequence: 0, records: null };

/**
 * Derived records on their way into the derived stream, each exactly once (DESIGN §6): with the
 * records of a batch goes a marker of how far they reach, in one atomic write that only follows the
 * marker before. What a frame derives again after a restart is there already, and is left out by
 * its position.
 */
export class DerivedCommit {
  private readonly parts: DerivedCommitParts;
  private readonly writer: DerivedWriter;
  private readonly waiting: WaitingRecords;
  private readonly fence: Fence;
  private created = '';
  private storedTo: StreamPosition = NOWHERE;
  /** As it was when this process began: what it derives up to there is not told again. */
  private storedBefore: StreamPosition = NOWHERE;
  private atSequence = 0;
  private atIndex = 0;
  /** Messages up to `storedTo`, and up to the last that was processed, since the stream began. */
  private framesStored = 0;
  private framesSeen = 0;
  private markedMs = 0;
  /** When the last write that worked was begun: from then on others see that we are there. */
  private renewedMs = Number.NEGATIVE_INFINITY;
  /** Of the batch that was tried last. */
  private tooLarge = 0;
  private due = Promise.withResolvers<void>();

  constructor(parts: DerivedCommitParts) {
    this.parts = parts;
    this.writer = new DerivedWriter(parts.place.prefix, parts.place.part);
    this.fence = new Fence(parts);
    this.waiting = new WaitingRecords(parts.share?.marks === true ? 2 : 1);
  }

  /** Which owner this is, of all that the marker ever had. */
  get epoch(): number {
    return this.fence.epoch;
  }

  /** Since others last heard of this owner. */
  get sinceRenewedMs(): number {
    return performance.now() - this.renewedMs;
  }

  get depth(): { readonly messages: number; readonly bytes: number } {
    return { messages: this.waiting.count, bytes: this.waiting.bytes };
  }

  /** Up to where records are stored; for the checkpoint. */
  get position(): StreamPosition {
    return this.storedTo;
  }

  get hasRoom(): boolean {
    return this.waiting.bytes < this.parts.limits.waitingBytesMax / 2;
  }

  /** Whether what is derived now was derived and stored before this process began. */
  get isAgain(): boolean {
    return isStored(this.storedBefore, this.atSequence, this.atIndex);
  }

  /** The records to come are those of this frame. */
  begin(sequence: number): void {
    if (sequence === this.atSequence) return;
    this.pass(sequence);
    // What was stored before is counted already.
    if (sequence > this.storedBefore.sequence) this.framesSeen++;
  }

  /** No message up to there will come that is not processed. */
  pass(sequence: number): void {
    this.atSequence = sequence;
    this.atIndex = 0;
  }

  /** Takes a record of the frame; never waits, never throws. */
  take(record: DerivedRecord): void {
    const index = this.atIndex++;
    if (isStored(this.storedTo, this.atSequence, index)) return;
    const data = this.writer.data(record);
    const subject = this.writer.subject(record);
    const frames = this.framesSeen;
    this.waiting.add({ sequence: this.atSequence, index, subject, data, frames });
    if (this.waiting.isBatchFull) this.due.resolve();
  }

  /**
   * Takes the derived stream over for the records of that stream of frames: from now on no batch of
   * an earlier process is stored. `known` is a position that a checkpoint knows of.
   */
  async claim(
    created: string,
    known: StreamPosition | undefined,
    signal: AbortSignal,
  ): Promise<StreamPosition> {
    this.created = created;
    // Another stream counts its messages anew.
    this.atSequence = 0;
    this.atIndex = 0;
    await this.retried(signal, async (connection) => {
      const { position } = await this.fence.take(connection, created, known);
      this.storedTo = position;
      this.storedBefore = position;
    });
    this.markedMs = performance.now();
    return this.storedTo;
  }

  /**
   * Takes a part over from an owner that has not renewed that marker, in one attempt; undefined
   * where it has, or another was first. Gives how far it is stored.
   */
  async takeOver(created: string, revision: number): Promise<StreamPosition | undefined> {
    const connection = this.parts.connection();
    if (connection === undefined) return undefined;
    const beganMs = performance.now();
    const reached = await this.fence.takeOver(connection, created, revision);
    if (reached === undefined) return undefined;
    this.created = created;
    this.know(reached.position, reached.frames);
    this.markedMs = performance.now();
    this.renewedMs = beganMs;
    return this.storedTo;
  }

  /** So far it is stored, by what a marker or a checkpoint knows. */
  know(position: StreamPosition, frames: number): void {
    this.storedTo = laterOf(this.storedTo, position);
    this.storedBefore = this.storedTo;
    this.framesStored = Math.max(this.framesStored, frames);
    this.framesSeen = this.framesStored;
  }

  /** What a checkpoint knows. What it covers and gave no records may be in no marker: next. */
  restore(sequence: number, stored: StreamPosition, frames: CountedFrames): void {
    this.know(stored, frames.stored);
    if (sequence <= this.storedTo.sequence) return;
    this.framesSeen = Math.max(this.framesSeen, frames.seen);
    this.pass(sequence);
  }

  /** For the checkpoint. */
  get frames(): CountedFrames {
    return { stored: this.framesStored, seen: this.framesSeen };
  }

  /** Nothing waits any more: gives the part back, so that nobody needs to wait for it. */
  async giveBack(signal: AbortSignal): Promise<boolean> {
    const { storedTo: position, framesStored: frames, waiting } = this;
    // With nothing to store, what gave no records is done as well.
    const reached =
      waiting.count > 0
        ? { position, frames }
        : waiting.nextBatch(this.atSequence, position, this.framesSeen);
    return await this.retried(signal, async (connection) => {
      try {
        await this.fence.store(connection, [], reached, true);
      } catch (error) {
        const { isStored } = await this.fence.lookAfter(connection, reached);
        if (!isStored) throw error;
      }
    });
  }

  /** The frames come from another stream from now on; what waits belongs to the one before. */
  async follow(created: string, signal: AbortSignal): Promise<void> {
    await this.whenStored(Number.POSITIVE_INFINITY);
    await this.claim(created, undefined, signal);
  }

  /** Resolves when no record of that frame or of those before it waits any more. */
  whenStored(sequence: number): Promise<void> {
    return this.waiting.whenStored(sequence);
  }

  /**
   * Stores what comes until the signal, and then what waits.
   * @throws FencedError where another process took over
   */
  async run(signal: AbortSignal): Promise<void> {
    const stop = () => this.due.resolve();
    signal.addEventListener('abort', stop, { once: true });
    while (!signal.aborted) {
      const pause = sleep(this.parts.limits.everyMs, undefined, { signal }).catch(() => {});
      if (!this.waiting.isBatchFull) await Promise.race([pause, this.due.promise]);
      this.due = Promise.withResolvers<void>();
      if (this.isDue()) await this.commit(signal);
    }
    signal.removeEventListener('abort', stop);
  }

  /** Stores what waits; gives up at the signal. */
  async close(signal: AbortSignal): Promise<void> {
    while (this.waiting.count > 0 && !signal.aborted) await this.commit(signal);
  }

  private isDue(): boolean {
    if (this.waiting.count > 0) return true;
    const sinceMs = performance.now() - this.markedMs;
    const { share } = this.parts;
    const { renewMs = REFRESH_EVERY_MS } = share ?? {};
    // A part is also behind where others' messages go by: that can wait for its next marker.
    const isBehind =
      share === undefined
        ? this.storedTo.sequence < this.atSequence
        : this.framesStored < this.framesSeen;
    return sinceMs > (isBehind ? Math.min(MARK_EVERY_MS, renewMs) : renewMs);
  }

  /** One batch; gives up at the signal, and what was not stored waits. */
  private async commit(signal: AbortSignal): Promise<void> {
    const batch = this.waiting.nextBatch(this.atSequence, this.storedTo, this.framesSeen);
    const beganMs = performance.now();
    const isStored = await this.retried(signal, (connection) => this.store(connection, batch));
    if (!isStored) return;
    this.settle(batch);
    const tookMs = performance.now() - beganMs;
    this.markedMs = performance.now();
    this.parts.events.stored(batch.records.length - this.tooLarge, tookMs);
    if (this.tooLarge > 0) this.parts.events.tooLarge(this.tooLarge);
  }

  private settle(batch: RecordBatch): void {
    const hadRoom = this.hasRoom;
    this.storedTo = batch.position;
    this.framesStored = batch.frames;
    this.waiting.stored(batch);
    if (!hadRoom && this.hasRoom) this.parts.roomMade();
  }

  /** One attempt. Where its end is unknown or it was refused, the marker tells what is there. */
  private async store(connection: NatsConnection, batch: RecordBatch): Promise<void> {
    const bytesMax = (connection.info?.max_payload ?? Number.POSITIVE_INFINITY) - HEADER_BYTES;
    const fits = batch.records.filter(({ data }) => data.length <= bytesMax);
    this.tooLarge = batch.records.length - fits.length;
    const left = fits.filter(({ sequence, index }) => !isStored(this.storedTo, sequence, index));
    const messages: BatchMessage[] = left.map(({ sequence, index, subject, data }) => ({
      subject,
      data,
      headers: this.headersOf(sequence, index),
    }));
    const beganMs = performance.now();
    try {
      await this.fence.store(connection, messages, batch);
    } catch (error) {
      const { isStored: isThere, kept } = await this.fence.lookAfter(connection, batch);
      if (kept !== undefined) this.storedTo = laterOf(this.storedTo, kept);
      if (!isThere) throw error;
    }
    this.renewedMs = beganMs;
  }

  private headersOf(sequence: number, index: number): HeaderLines {
    const { share, owner, place } = this.parts;
    const fields = storedHeaders((place.idMark ?? '') + recordId(this.created, sequence, index));
    if (share !== undefined) fields.set(OWNER_HEADER, `${this.fence.epoch} ${owner}`);
    return fields;
  }

  private retried(
    signal: AbortSignal,
    attempt: (connection: NatsConnection) => Promise<void>,
  ): Promise<boolean> {
    return retried(this.parts, signal, attempt);
  }
}
