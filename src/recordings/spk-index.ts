import type { BlockHeader } from './spk-layout.ts';
import { align8, KIND_SLOTS, readU64, viewOf, writeU64 } from './spk-layout.ts';

/**
 * Entries at most: at that many, neighbours are joined two by two, so that no recording is too
 * long.
 */
export const INDEX_ENTRIES_MAX = 65_536;
export const INDEX_ENTRY_BYTES = 96;

/** Columns of a row: offset, bytes, least t0, greatest end, then the counts by kind. */
const OFFSET = 0;
const BYTES = 1;
const MIN_T0 = 2;
const MAX_END = 3;
const COUNTS = 4;
const ROW = COUNTS + KIND_SLOTS;
const ROWS_FIRST = 64;

/** A stretch of the file, [offset, end). */
export interface Stretch {
  readonly offset: number;
  readonly end: number;
}

/** Where the frames of which time lie; an entry is one frames block, or several in a row. */
export class SpkIndex {
  private rows = new Float64Array(ROWS_FIRST * ROW);
  private length = 0;
  private readonly entriesMax: number;

  constructor(entriesMax: number = INDEX_ENTRIES_MAX) {
    this.entriesMax = entriesMax;
  }

  get entries(): number {
    return this.length;
  }

  /** Adds a frames block; blocks come in the order of their offsets. */
  add(offset: number, bytes: number, header: BlockHeader): void {
    if (this.length === this.entriesMax) this.joinPairs();
    this.reserve();
    const at = this.length++ * ROW;
    this.rows[at + OFFSET] = offset;
    this.rows[at + BYTES] = bytes;
    this.rows[at + MIN_T0] = header.minT0Us;
    this.rows[at + MAX_END] = header.maxEndUs;
    for (let kind = 0; kind < KIND_SLOTS; kind++) {
      this.rows[at + COUNTS + kind] = header.counts[kind] as number;
    }
  }

  private reserve(): void {
    if ((this.length + 1) * ROW <= this.rows.length) return;
    const grown = new Float64Array(this.rows.length * 2);
    grown.set(this.rows);
    this.rows = grown;
  }

  private cell(entry: number, column: number): number {
    return this.rows[entry * ROW + column] as number;
  }

  private joinPairs(): void {
    const { rows } = this;
    const pairs = Math.ceil(this.length / 2);
    for (let pair = 0; pair < pairs; pair++) {
      const first = 2 * pair * ROW;
      const into = pair * ROW;
      rows.copyWithin(into, first, first + ROW);
      if (2 * pair + 1 === this.length) break;
      const second = first + ROW;
      const end = (rows[second + OFFSET] as number) + (rows[second + BYTES] as number);
      rows[into + BYTES] = end - (rows[into + OFFSET] as number);
      rows[into + MIN_T0] = Math.min(
        rows[into + MIN_T0] as number,
        rows[second + MIN_T0] as number,
      );
      rows[into + MAX_END] = Math.max(
        rows[into + MAX_END] as number,
        rows[second + MAX_END] as number,
      );
      for (let kind = COUNTS; kind < ROW; kind++) {
        rows[into + kind] = (rows[into + kind] as number) + (rows[second + kind] as number);
      }
    }
    this.length = pairs;
  }

  /** Least t0 and greatest end of all frames; undefined when there are none. */
  span(): { readonly minT0Us: number; readonly maxEndUs: number } | undefined {
    if (this.length === 0) return undefined;
    let minT0Us = Number.POSITIVE_INFINITY;
    let maxEndUs = 0;
    for (let entry = 0; entry < this.length; entry++) {
      minT0Us = Math.min(minT0Us, this.cell(entry, MIN_T0));
      maxEndUs = Math.max(maxEndUs, this.cell(entry, MAX_END));
    }
    return { minT0Us, maxEndUs };
  }

  /** [16] frames by the number of their kind. */
  counts(): Float64Array {
    const counts = new Float64Array(KIND_SLOTS);
    for (let entry = 0; entry < this.length; entry++) {
      for (let kind = 0; kind < KIND_SLOTS; kind++) {
        counts[kind] = (counts[kind] as number) + this.cell(entry, COUNTS + kind);
      }
    }
    return counts;
  }

  /** Stretches that hold every frame that touches [fromUs, toUs), neighbours joined. */
  between(fromUs: number, toUs: number): Stretch[] {
    const stretches: { offset: number; end: number }[] = [];
    for (let entry = 0; entry < this.length; entry++) {
      if (this.cell(entry, MIN_T0) >= toUs || this.cell(entry, MAX_END) < fromUs) continue;
      const offset = this.cell(entry, OFFSET);
      const end = offset + this.cell(entry, BYTES);
      const last = stretches.at(-1);
      if (last !== undefined && last.end === offset) last.end = end;
      else stretches.push({ offset, end });
    }
    return stretches;
  }

  /** The payload of an index block: the metadata as it stands at the end, then the entries. */
  write(metadata: Uint8Array): Uint8Array {
    const start = 8 + align8(metadata.length);
    const bytes = new Uint8Array(start + this.length * INDEX_ENTRY_BYTES);
    const view = viewOf(bytes);
    view.setUint32(0, metadata.length, true);
    view.setUint32(4, this.length, true);
    bytes.set(metadata, 8);
    for (let entry = 0; entry < this.length; entry++) {
      const at = start + entry * INDEX_ENTRY_BYTES;
      for (let column = 0; column < COUNTS; column++) {
        writeU64(view, at + 8 * column, this.cell(entry, column));
      }
      for (let kind = 0; kind < KIND_SLOTS; kind++) {
        view.setUint32(at + 32 + 4 * kind, this.cell(entry, COUNTS + kind), true);
      }
    }
    return bytes;
  }

  /**
   * Reads the payload of an index block whose entries lie in [from, to) of the file. Undefined
   * where it contradicts itself; the checksum was right then, so that another program wrote it so.
   */
  static read(
    payload: Uint8Array,
    from: number,
    to: number,
  ): { readonly index: SpkIndex; readonly metadata: Uint8Array } | undefined {
    if (payload.length < 8) return undefined;
    const view = viewOf(payload);
    const metadataBytes = view.getUint32(0, true);
    const entries = view.getUint32(4, true);
    const start = 8 + align8(metadataBytes);
    if (entries > INDEX_ENTRIES_MAX) return undefined;
    if (start + entries * INDEX_ENTRY_BYTES !== payload.length) return undefined;
    const index = new SpkIndex();
    let last = from;
    for (let entry = 0; entry < entries; entry++) {
      const at = start + entry * INDEX_ENTRY_BYTES;
      index.reserve();
      const row = index.rows.subarray(index.length * ROW, ++index.length * ROW);
      for (let column = 0; column < COUNTS; column++) row[column] = readU64(view, at + 8 * column);
      for (let kind = 0; kind < KIND_SLOTS; kind++) {
        row[COUNTS + kind] = view.getUint32(at + 32 + 4 * kind, true);
      }
      const end = (row[OFFSET] as number) + (row[BYTES] as number);
      // Written so that NaN, what is too large to count, fails too.
      if (!((row[OFFSET] as number) >= last && end <= to)) return undefined;
      if (!((row[MIN_T0] as number) <= (row[MAX_END] as number))) return undefined;
      last = end;
    }
    return { index, metadata: payload.subarray(8, 8 + metadataBytes) };
  }
}
