import type { NatsConnection } from '@nats-io/transport-node';
import { laterOf, type StreamPosition } from '../component/stream-position.ts';
import { CONTENT_TYPES } from '../frames/encode.ts';
import type { BatchMessage } from './atomic-batch.ts';
import { BatchRefusedError, NOT_THE_LAST, storeAtomically } from './atomic-batch.ts';
import { HeaderLines } from './header-lines.ts';
import { encodeMarker, type Marker, type StoredMarker } from './marker.ts';
import {
  type MarkerPlace,
  markerSubject,
  markSubject,
  positionOfRecords,
  readMarker,
} from './marker-store.ts';

/** Another process has taken over: this one must not write there any more. */
export class FencedError extends Error {
  override readonly name = 'FencedError';
}

/** What a marker says beside its position, where several workers share the frames. */
export interface FenceShare {
  /** The worker, over restarts of its process. */
  readonly worker: string;
  /** Hash of what derives the records. */
  readonly pipelines: string;
  /** Whether each marker leaves a message behind of what it added, for those who check. */
  readonly marks: boolean;
}

export interface FenceParts {
  readonly place: MarkerPlace;
  /** Name of the stream of frames. */
  readonly frames: string;
  readonly owner: string;
  readonly share?: FenceShare | undefined;
}

/** How far records are stored, and how many messages that is. */
export interface Reached {
  readonly position: StreamPosition;
  readonly frames: number;
}

const REQUEST_MS_MAX = 2000;
const NOWHERE: StreamPosition = { sequence: 0, records: null };

/**
 * The right to write derived records: a marker that only follows the one before. Who replaces it
 * with an epoch that is one higher has shut out all earlier owners, whatever they still hold.
 */
export class Fence {
  private readonly parts: FenceParts;
  private created = '';
  private epochOfNow = 0;
  /** Of the last marker in the derived stream, 0 for none. */
  private markerSequence = 0;
  private framesMarked = 0;

  constructor(parts: FenceParts) {
    this.parts = parts;
  }

  /** Counts owners: one more with each. */
  get epoch(): number {
    return this.epochOfNow;
  }

  /** One attempt to take over, from whoever has it; `known` is a position that is known anyway. */
  async take(
    connection: NatsConnection,
    created: string,
    known: StreamPosition | undefined,
  ): Promise<Reached> {
    const { place } = this.parts;
    const before = await readMarker(connection, place);
    return await this.replace(connection, created, before, known);
  }

  /**
   * The same, but only if the marker is still that message: one that nobody renewed. Undefined
   * where it is not.
   */
  async takeOver(
    connection: NatsConnection,
    created: string,
    revision: number,
  ): Promise<Reached | undefined> {
    const before = await readMarker(connection, this.parts.place);
    if ((before?.sequence ?? 0) !== revision) return undefined;
    try {
      return await this.replace(connection, created, before, undefined);
    } catch (error) {
      if (error instanceof BatchRefusedError && error.code === NOT_THE_LAST) return undefined;
      throw error;
    }
  }

  private async replace(
    connection: NatsConnection,
    created: string,
    before: StoredMarker | undefined,
    known: StreamPosition | undefined,
  ): Promise<Reached> {
    const { place } = this.parts;
    this.created = created;
    const isSame = before?.marker.created === created;
    let position = known ?? NOWHERE;
    if (before !== undefined && isSame) position = laterOf(position, before.marker);
    const after = before?.sequence ?? 0;
    const kept = await positionOfRecords(connection, place, created, after);
    if (kept !== undefined) position = laterOf(position, kept);
    this.epochOfNow = (before?.marker.epoch ?? 0) + 1;
    // What lies between is counted again by who processes it again: it was in no marker.
    this.framesMarked = isSame ? (before?.marker.frames ?? 0) : 0;
    const message = this.marker({ position, frames: this.framesMarked }, after);
    this.markerSequence = await storeAtomically(connection, [message], REQUEST_MS_MAX);
    // The marker holds more than its position.
    const { sequence, records } = position;
    return { position: { sequence, records }, frames: this.framesMarked };
  }

  /** Stores records with the marker of how far they reach, or none of them. */
  async store(
    connection: NatsConnection,
    records: readonly BatchMessage[],
    reached: Reached,
    isGivenBack = false,
  ): Promise<void> {
    const marker = this.marker(reached, this.markerSequence, isGivenBack);
    const messages = [...records, ...this.mark(reached), marker];
    this.markerSequence = await storeAtomically(connection, messages, REQUEST_MS_MAX);
    this.framesMarked = reached.frames;
  }

  /**
   * What became of a batch whose end is unknown, or that was refused. Where it is not there: gives
   * how far records are stored all the same, for a server that died within it may have kept a part.
   * @throws FencedError where somebody else has written
   */
  async lookAfter(
    connection: NatsConnection,
    reached: Reached,
  ): Promise<{ readonly isStored: boolean; readonly kept: StreamPosition | undefined }> {
    const { place } = this.parts;
    const there = await readMarker(connection, place);
    if (there === undefined || there.sequence === this.markerSequence) {
      // The derived stream was emptied, or the batch is not there.
      this.markerSequence = there?.sequence ?? 0;
      const after = this.markerSequence;
      return {
        isStored: false,
        kept: await positionOfRecords(connection, place, this.created, after),
      };
    }
    this.accept(there, reached);
    return { isStored: true, kept: undefined };
  }

  /** The batch was stored and its answer lost, unless somebody else writes here. */
  private accept({ marker, sequence }: StoredMarker, { position, frames }: Reached): void {
    // The same process may have a part anew, while what it had before is on its way out.
    const isAnew = this.parts.share !== undefined && marker.epoch !== this.epochOfNow;
    if (marker.owner !== this.parts.owner || isAnew) {
      throw new FencedError(this.fencedText(marker));
    }
    if (marker.sequence !== position.sequence || marker.records !== position.records) {
      throw new Error(`the marker is at ${marker.sequence}, not at ${position.sequence}`);
    }
    this.markerSequence = sequence;
    this.framesMarked = frames;
  }

  private fencedText({ owner, epoch }: Marker): string {
    const { stream, part } = this.parts.place;
    return part === undefined
      ? `another Spikescope (${owner}) has taken over the derived stream ${stream}: one process at \
a time can work on a stream, so this one stops`
      : `partition ${part} was taken over by ${owner} (epoch ${epoch}, ours was \
${this.epochOfNow}): nothing of what this worker still had of it was stored, and it gives it up`;
  }

  private marker(reached: Reached, after: number, isGivenBack = false): BatchMessage {
    const fields = jsonHeaders();
    fields.set('Nats-Rollup', 'sub');
    fields.set('Nats-Expected-Last-Subject-Sequence', String(after));
    const { owner, place, frames: stream, share } = this.parts;
    const { epochOfNow: epoch, created } = this;
    const { sequence, records } = reached.position;
    const marker: Marker = { v: 1, owner, epoch, stream, created, sequence, records };
    const ofShare =
      share === undefined
        ? {}
        : {
            worker: isGivenBack ? null : share.worker,
            frames: reached.frames,
            pipelines: share.pipelines,
          };
    const data = encodeMarker({ ...marker, ...ofShare });
    return { subject: markerSubject(place), data, headers: fields };
  }

  /** What this marker adds, where somebody wants to check that each message has one owner. */
  private mark({ position, frames }: Reached): BatchMessage[] {
    const { owner, place, share } = this.parts;
    if (share?.marks !== true || frames === this.framesMarked) return [];
    const { epochOfNow: epoch, framesMarked: from } = this;
    const mark = { v: 1, owner, epoch, from, to: frames, sequence: position.sequence };
    const data = Buffer.from(JSON.stringify(mark));
    return [{ subject: markSubject(place, frames), data, headers: jsonHeaders() }];
  }
}

function jsonHeaders(): HeaderLines {
  return new HeaderLines().set('Content-Type', CONTENT_TYPES.json);
}
