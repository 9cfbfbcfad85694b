import { setTimeout as sleep } from 'node:timers/promises';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import { pauseMs } from '../component/backoff.ts';
import type { DerivedRecord } from '../component/derived-record.ts';
import { isAnswer, STREAM_NOT_FOUND } from '../component/jetstream-codes.ts';
import { isStored, laterOf, recordId, type StreamPosition } from '../component/stream-position.ts';
import { type BatchMessage, storeAtomically } from './atomic-batch.ts';
import { DerivedWriter, derivedHeaders } from './derived-message.ts';
import { encodeMarker, type Marker, type StoredMarker } from './marker.ts';
import { type MarkerPlace, markerSubject, positionOfRecords, readMarker } from './marker-store.ts';
import { type RecordBatch, WaitingRecords } from './waiting-records.ts';

export interface CommitLimits {
  /** Between two commits, while there is something to store. */
  readonly everyMs: number;
  /** Bytes of records that may wait; above half of it nothing more is read. */
  readonly waitingBytesMax: number;
}

export interface CommitEvents {
  stored(records: number, tookMs: number): void;
  /** An attempt failed; it is made again for ever. */
  failed(reason: string): void;
  worked(): void;
  /** The server's max_payload has no room for them: nothing can store them. */
  tooLarge(records: number): void;
}

export interface DerivedCommitParts {
  readonly connection: () => NatsConnection | undefined;
  readonly place: MarkerPlace;
  /** Name of the stream of frames. */
  readonly frames: string;
  readonly owner: string;
  readonly limits: CommitLimits;
  /** The derived stream is not there: makes it. */
  readonly missing: () => Promise<void>;
  /** Room for more records has come. */
  readonly roomMade: () => void;
  readonly events: CommitEvents;
}

/** Another process has taken over the derived stream: this one must not write to it any more. */
export class FencedError extends Error {
  override readonly name = 'FencedError';
}

const REQUEST_MS_MAX = 2000;
/** Of a record, at most; they count for the server's max_payload. */
const HEADER_BYTES = 512;
const RETRY_LIMITS = { firstMs: 20, lastMs: 2000 };
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
  private readonly waiting = new WaitingRecords();
  private created = '';
  private epoch = 0;
  /** Of the last marker in the derived stream, 0 for none. */
  private markerSequence = 0;
  private storedTo: StreamPosition = NOWHERE;
  /** As it was when this process began: what it derives up to there is not told again. */
  private storedBefore: StreamPosition = NOWHERE;
  private atSequence = 0;
  private atIndex = 0;
  private markedMs = 0;
  /** Of the batch that was tried last. */
  private tooLarge = 0;
  private due = Promise.withResolvers<void>();

  constructor(parts: DerivedCommitParts) {
    this.parts = parts;
    this.writer = new DerivedWriter(parts.place.prefix);
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
    this.atSequence = sequence;
    this.atIndex = 0;
  }

  /** Takes a record of the frame; never waits, never throws. */
  take(record: DerivedRecord): void {
    const index = this.atIndex++;
    if (isStored(this.storedTo, this.atSequence, index)) return;
    const data = this.writer.data(record);
    const subject = this.writer.subject(record);
    this.waiting.add({ sequence: this.atSequence, index, subject, data });
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
      const { place } = this.parts;
      const before = await readMarker(connection, place);
      let position = known ?? NOWHERE;
      if (before?.marker.created === created) position = laterOf(position, before.marker);
      const after = before?.sequence ?? 0;
      const kept = await positionOfRecords(connection, place, created, after);
      if (kept !== undefined) position = laterOf(position, kept);
      this.epoch = (before?.marker.epoch ?? 0) + 1;
      const message = this.markerMessage(position, after);
      this.markerSequence = await storeAtomically(connection, [message], REQUEST_MS_MAX);
      // The marker holds more than its position.
      const { sequence, records } = position;
      this.storedTo = { sequence, records };
      this.storedBefore = this.storedTo;
    });
    this.markedMs = performance.now();
    return this.storedTo;
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
    const isBehind = this.storedTo.sequence < this.atSequence;
    return sinceMs > (isBehind ? MARK_EVERY_MS : REFRESH_EVERY_MS);
  }

  /** One batch; gives up at the signal, and what was not stored waits. */
  private async commit(signal: AbortSignal): Promise<void> {
    const batch = this.waiting.nextBatch(this.atSequence, this.storedTo);
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
      headers: derivedHeaders(recordId(this.created, sequence, index)),
    }));
    messages.push(this.markerMessage(batch.position, this.markerSequence));
    try {
      this.markerSequence = await storeAtomically(connection, messages, REQUEST_MS_MAX);
    } catch (error) {
      const there = await readMarker(connection, this.parts.place);
      if (there === undefined || there.sequence === this.markerSequence) {
        // The derived stream was emptied, or the batch is not there; a part of it may be, where the
        // server died within it.
        this.markerSequence = there?.sequence ?? 0;
        const { created, markerSequence } = this;
        const kept = await positionOfRecords(connection, this.parts.place, created, markerSequence);
        if (kept !== undefined) this.storedTo = laterOf(this.storedTo, kept);
        throw error;
      }
      this.acceptMarker(there, batch.position);
    }
  }

  /** The batch was stored and its answer lost, unless somebody else writes here. */
  private acceptMarker({ marker, sequence }: StoredMarker, position: StreamPosition): void {
    if (marker.owner !== this.parts.owner) {
      throw new FencedError(
        `another Spikescope (${marker.owner}) has taken over the derived stream \
${this.parts.place.stream}: one process at a time can work on a stream, so this one stops`,
      );
    }
    if (marker.sequence !== position.sequence || marker.records !== position.records) {
      throw new Error(`the marker is at ${marker.sequence}, not at ${position.sequence}`);
    }
    this.markerSequence = sequence;
  }

  private markerMessage(position: StreamPosition, after: number): BatchMessage {
    const fields = headers();
    fields.set('Content-Type', 'application/json');
    fields.set('Nats-Rollup', 'sub');
    fields.set('Nats-Expected-Last-Subject-Sequence', String(after));
    const { owner, place, frames } = this.parts;
    const { epoch, created } = this;
    const { sequence, records } = position;
    const marker: Marker = { v: 1, owner, epoch, stream: frames, created, sequence, records };
    return { subject: markerSubject(place.prefix), data: encodeMarker(marker), headers: fields };
  }

  /** Attempts for ever, until the signal; only a fence ends it. Gives whether one worked. */
  private async retried(
    signal: AbortSignal,
    attempt: (connection: NatsConnection) => Promise<void>,
  ): Promise<boolean> {
    for (let failures = 0; !signal.aborted; failures++) {
      try {
        const connection = this.parts.connection();
        if (connection === undefined) throw new Error('not connected to NATS');
        await attempt(connection);
        if (failures > 0) this.parts.events.worked();
        return true;
      } catch (error) {
        if (error instanceof FencedError) throw error;
        this.parts.events.failed((error as Error).message);
        if (isAnswer(error, STREAM_NOT_FOUND)) await this.parts.missing().catch(() => {});
      }
      await sleep(pauseMs(RETRY_LIMITS, failures), undefined, { signal }).catch(() => {});
    }
    return false;
  }
}
