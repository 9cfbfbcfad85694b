import { laterOf, type StreamPosition } from '../component/stream-position.ts';
import { BATCH_MESSAGES_MAX } from './atomic-batch.ts';

const BATCH_BYTES_MAX = 4 * 1024 * 1024;
/** What a waiting record takes beside its bytes. */
const RECORD_BYTES = 256;

/** A derived record with its place among those of its stream. */
export interface WaitingRecord {
  readonly sequence: number;
  readonly index: number;
  readonly subject: string;
  readonly data: Uint8Array;
  /** Messages up to its frame, that one included, since the stream began. */
  readonly frames: number;
}

/** Records that are stored together, and how far they reach. */
export interface RecordBatch {
  readonly records: readonly WaitingRecord[];
  readonly bytes: number;
  readonly position: StreamPosition;
  /** Messages up to the position. */
  readonly frames: number;
}

/** Records that are to be stored, in order, and who waits for them to be. */
export class WaitingRecords {
  private readonly waiting: WaitingRecord[] = [];
  private waitingBytes = 0;
  private readonly recordsMax: number;
  private onStored: { readonly sequence: number; readonly resolve: () => void }[] = [];

  /** `beside`: messages that go with the records of a batch, of those it may have. */
  constructor(beside = 1) {
    this.recordsMax = BATCH_MESSAGES_MAX - beside;
  }

  get count(): number {
    return this.waiting.length;
  }

  get bytes(): number {
    return this.waitingBytes;
  }

  get isBatchFull(): boolean {
    return this.waiting.length >= BATCH_MESSAGES_MAX;
  }

  add(record: WaitingRecord): void {
    this.waiting.push(record);
    this.waitingBytes += record.data.length + RECORD_BYTES;
  }

  /** Resolves when no record of that frame or of those before it waits any more. */
  whenStored(sequence: number): Promise<void> {
    const [first] = this.waiting;
    if (first === undefined || first.sequence > sequence) return Promise.resolve();
    return new Promise((resolve) => this.onStored.push({ sequence, resolve }));
  }

  /**
   * What goes together, and how far it reaches: asked between two frames, so all records of a frame
   * wait or none does. `processed` is the last frame, `frames` how many there are up to it, and
   * `stored` how far earlier batches reach.
   */
  nextBatch(processed: number, stored: StreamPosition, frames = 0): RecordBatch {
    let bytes = 0;
    let count = 0;
    for (const { data } of this.waiting) {
      if (count >= this.recordsMax || (count > 0 && bytes > BATCH_BYTES_MAX)) break;
      bytes += data.length + RECORD_BYTES;
      count++;
    }
    const records = this.waiting.slice(0, count);
    const last = records.at(-1);
    const next = this.waiting[count];
    let position: StreamPosition;
    const isAll = last === undefined || next === undefined;
    if (isAll) {
      position = laterOf(stored, { sequence: processed, records: null });
    } else if (next.sequence === last.sequence) {
      position = { sequence: last.sequence, records: last.index + 1 };
    } else position = { sequence: last.sequence, records: null };
    return { records, bytes, position, frames: isAll ? frames : last.frames };
  }

  /** The batch is stored; it was the first that waited. */
  stored({ records, bytes }: RecordBatch): void {
    this.waiting.splice(0, records.length);
    this.waitingBytes -= bytes;
    const first = this.waiting[0]?.sequence ?? Number.POSITIVE_INFINITY;
    const done = this.onStored.filter(({ sequence }) => sequence < first || this.count === 0);
    this.onStored = this.onStored.filter((wait) => !done.includes(wait));
    for (const { resolve } of done) resolve();
  }
}
