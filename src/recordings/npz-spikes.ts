import { type FileHandle, open } from 'node:fs/promises';
import { basename } from 'node:path';
import { NpzArray } from './npz-array.ts';
import type { SpikeArrays } from './npz-layout.ts';
import type { ReadingNotes } from './reading-notes.ts';
import { RecordingError } from './recording-error.ts';
import type { SampleColumns, SampleReader } from './samples.ts';
import { wholeUs } from './whole-us.ts';
import type { ZipMember } from './zip-listing.ts';

const BUFFERED = 4096;

/** A pair of arrays, ready to be read. */
export interface NpzPair extends SpikeArrays {
  readonly timesMember: ZipMember;
  readonly idsMember: ZipMember;
  /** µs of a unit of the times. */
  readonly timeUnitUs: number;
}

/** One layer's pair, a buffer of it at a time. */
class PairCursor {
  readonly layer: number;
  readonly times = new Float64Array(BUFFERED);
  readonly ids = new Float64Array(BUFFERED);
  count = 0;
  at = 0;
  private readonly arrays: readonly [NpzArray, NpzArray];
  private readonly unitUs: number;

  constructor(layer: number, arrays: readonly [NpzArray, NpzArray], unitUs: number) {
    this.layer = layer;
    this.arrays = arrays;
    this.unitUs = unitUs;
  }

  get headUs(): number {
    return this.at < this.count ? (this.times[this.at] as number) : Number.POSITIVE_INFINITY;
  }

  /** Times to µs; those that are none become NaN and are counted when they are taken. */
  async refill(): Promise<void> {
    const [times, ids] = this.arrays;
    this.at = 0;
    this.count = Math.min(await times.numbers(this.times), await ids.numbers(this.ids));
    for (let i = 0; i < this.count; i++) {
      this.times[i] = wholeUs(this.times[i] as number, this.unitUs);
    }
  }

  get ends(): readonly NpzArray['ended'][] {
    return this.arrays.map((array) => array.ended);
  }

  async close(): Promise<void> {
    for (const array of this.arrays) await array.close();
  }
}

/** Reads the pairs of a file side by side, the earliest spike first. */
export class NpzSpikeReader implements SampleReader {
  readonly names: readonly string[];
  private readonly handle: FileHandle;
  private readonly cursors: readonly PairCursor[];
  private readonly notes: ReadingNotes;
  private readonly fileName: string;
  private invalid = 0;
  private isTold = false;

  private constructor(
    handle: FileHandle,
    cursors: readonly PairCursor[],
    names: readonly string[],
    notes: ReadingNotes,
    fileName: string,
  ) {
    this.handle = handle;
    this.cursors = cursors;
    this.names = names;
    this.notes = notes;
    this.fileName = fileName;
  }

  static async open(
    path: string,
    pairs: readonly NpzPair[],
    onlyLayer: string | undefined,
    notes: ReadingNotes,
  ): Promise<NpzSpikeReader> {
    const fileName = basename(path);
    const handle = await open(path, 'r');
    const cursors: PairCursor[] = [];
    const opened: NpzArray[] = [];
    const names: string[] = [];
    try {
      for (const pair of pairs) {
        const name = pair.layer === '' ? onlyLayer : pair.layer;
        for (const member of [pair.timesMember, pair.idsMember]) {
          opened.push(await NpzArray.open(handle, member, `${fileName}: ${member.name}`));
        }
        const arrays = opened.slice(-2) as [NpzArray, NpzArray];
        requireSameLength(pair, arrays, fileName);
        const cursor = new PairCursor(
          name === undefined ? -1 : names.push(name) - 1,
          arrays,
          pair.timeUnitUs,
        );
        await cursor.refill();
        cursors.push(cursor);
      }
      return new NpzSpikeReader(handle, cursors, names, notes, fileName);
    } catch (error) {
      for (const array of opened) await array.close();
      await handle.close();
      throw error;
    }
  }

  async fill(into: SampleColumns): Promise<void> {
    into.length = 0;
    while (into.length < into.timeUs.length) {
      const [first, rivalUs] = this.earliest();
      if (first === undefined) {
        this.tell();
        return;
      }
      this.take(first, rivalUs, into);
      if (first.at === first.count) await first.refill();
    }
  }

  async close(): Promise<void> {
    for (const cursor of this.cursors) await cursor.close();
    await this.handle.close();
  }

  /** The cursor whose next spike is earliest, and the time at which another one is. */
  private earliest(): [PairCursor | undefined, number] {
    let first: PairCursor | undefined;
    let firstUs = Number.POSITIVE_INFINITY;
    let rivalUs = Number.POSITIVE_INFINITY;
    for (const cursor of this.cursors) {
      if (cursor.at === cursor.count) continue;
      const { headUs } = cursor;
      // What has no time is taken, and counted, at once.
      if (!(headUs <= Number.MAX_SAFE_INTEGER)) return [cursor, Number.NEGATIVE_INFINITY];
      if (headUs < firstUs) {
        rivalUs = firstUs;
        firstUs = headUs;
        first = cursor;
      } else if (headUs < rivalUs) rivalUs = headUs;
    }
    return [first, rivalUs];
  }

  private take(cursor: PairCursor, rivalUs: number, into: SampleColumns): void {
    const end = Math.min(cursor.count, cursor.at + into.timeUs.length - into.length);
    let at = into.length;
    do {
      const timeUs = cursor.times[cursor.at] as number;
      const id = cursor.ids[cursor.at++] as number;
      if (id >>> 0 !== id || !(timeUs <= Number.MAX_SAFE_INTEGER)) {
        this.invalid++;
        continue;
      }
      into.timeUs[at] = timeUs;
      into.layer[at] = cursor.layer;
      into.neuron[at++] = id;
    } while (cursor.at < end && (cursor.times[cursor.at] as number) <= rivalUs);
    into.length = at;
  }

  /** Says once, at the end, what was odd. */
  private tell(): void {
    if (this.isTold) return;
    this.isTold = true;
    const { notes, fileName } = this;
    if (this.invalid > 0) {
      notes.samplesInvalid += this.invalid;
      notes.remark(`${fileName}: ${this.invalid} spikes have an id that is no whole number from 0 \
to 2^32 - 1, or no time; they are left out.`);
    }
    const ends = this.cursors.flatMap((cursor) => cursor.ends);
    noteEnds(ends, fileName, notes);
  }
}

function requireSameLength(
  { times, ids }: NpzPair,
  [first, second]: readonly [NpzArray, NpzArray],
  fileName: string,
): void {
  if (first.length === second.length) return;
  throw new RecordingError(
    'table',
    `${fileName}: ${times} has ${first.length} values and ${ids} ${second.length}; a spike needs \
one of each.`,
  );
}

/** Says that arrays were cut off or are damaged. */
export function noteEnds(
  ends: readonly NpzArray['ended'][],
  fileName: string,
  notes: ReadingNotes,
): void {
  const damaged = ends.filter((end) => end === 'damaged').length;
  if (damaged > 0) {
    notes.samplesInvalid += damaged;
    notes.remark(`${fileName}: ${damaged} of its arrays are damaged (their checksum is wrong); \
what they say is not to be trusted. Copy the file again.`);
  }
  if (!ends.includes('cut')) return;
  notes.truncated = true;
  notes.remark(`${fileName} ends inside an array: the file was cut off, or is damaged, there; what \
stands before is read.`);
}
