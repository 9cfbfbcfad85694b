import { giveArena, takeArena } from '../kernels/memory.ts';

const SCRATCH_BYTES_MIN = 1 << 16;
/** Values of the longest columns whose views are kept: two of them fit into any scratch area. */
const VIEWS_KEPT = 1024;

interface ColumnPair {
  readonly first: Uint32Array;
  readonly second: Uint32Array;
  /** Bytes of the area that are taken then. */
  readonly used: number;
}

/** Room for the unaligned and converted columns of one frame; reset at every frame. */
export class ColumnScratch {
  /** Whether it lies where kernels can work; it is to be closed then. */
  readonly isArena: boolean;
  private area: Uint8Array<ArrayBuffer>;
  private used = 0;
  /** Areas that were too small for this frame: its columns may lie in them until the next. */
  private outgrown: Uint8Array[] = [];
  /** By length, of this area. */
  private pairs: ColumnPair[] = [];

  constructor(isArena: boolean) {
    this.isArena = isArena;
    this.area = this.newArea(SCRATCH_BYTES_MIN);
  }

  /** Makes room for all columns of the next frame; no column can take more than `bytesMax`. */
  reset(bytesMax: number): void {
    this.used = 0;
    if (this.outgrown.length > 0) this.dropOutgrown();
    // A column from JSON has at least two characters a value and takes at most eight bytes.
    const needed = bytesMax * 4 + 64;
    if (this.area.length >= needed) return;
    let size = this.area.length;
    while (size < needed) size *= 2;
    giveArena(this.area);
    this.area = this.newArea(size);
    this.pairs = [];
  }

  take(bytes: number): { buffer: ArrayBuffer; offset: number } {
    const { area } = this;
    const offset = (this.used + 7) & ~7;
    if (offset + bytes > area.length) {
      this.outgrown.push(area);
      this.pairs = [];
      this.area = this.newArea(Math.max(area.length * 2, bytes));
      this.used = bytes;
      return { buffer: this.area.buffer, offset: this.area.byteOffset };
    }
    this.used = offset + bytes;
    return { buffer: area.buffer, offset: area.byteOffset + offset };
  }

  /**
   * The first two columns of a frame, with as many values each: of short ones the same views each
   * time, as a new one takes longer than its few values.
   */
  pair(length: number): ColumnPair {
    const known = length <= VIEWS_KEPT ? this.pairs[length] : undefined;
    if (known !== undefined) {
      this.used = known.used;
      return known;
    }
    const first = this.u32(length);
    const second = this.u32(length);
    const pair = { first, second, used: this.used };
    if (length <= VIEWS_KEPT) this.pairs[length] = pair;
    return pair;
  }

  u32(length: number): Uint32Array<ArrayBuffer> {
    const { buffer, offset } = this.take(length * 4);
    return new Uint32Array(buffer, offset, length);
  }

  /** No frame is read any more, and no column is looked at. */
  close(): void {
    this.dropOutgrown();
    giveArena(this.area);
    this.area = new Uint8Array(0);
    this.pairs = [];
  }

  private newArea(bytes: number): Uint8Array<ArrayBuffer> {
    return this.isArena ? takeArena(bytes) : new Uint8Array(bytes);
  }

  private dropOutgrown(): void {
    for (const area of this.outgrown) giveArena(area);
    this.outgrown = [];
  }
}
