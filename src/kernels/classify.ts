import { columnKernels } from './column-kernels.ts';
import { giveArena, isInKernelMemory, takeArena } from './memory.ts';

/** Classes that values of a table may have; the last is for those that the table does not know. */
const CLASSES = 16;
const ROWS = 4;

/** Counts values by a class of each, which is looked up in a table for small ones. */
export class Classifier {
  private readonly classOf: (value: number) => number;
  private area: Uint8Array<ArrayBuffer>;
  private table: Uint8Array;
  private counters: Uint32Array;

  /** `classOf` gives classes below 15; `isArena`: kernels may do it, until `close`. */
  constructor(tableLength: number, classOf: (value: number) => number, isArena: boolean) {
    this.classOf = classOf;
    const bytes = ROWS * CLASSES * 4 + tableLength;
    this.area = isArena ? takeArena(bytes) : new Uint8Array(bytes);
    this.counters = new Uint32Array(this.area.buffer, this.area.byteOffset, ROWS * CLASSES);
    this.table = this.area.subarray(ROWS * CLASSES * 4);
    for (let value = 0; value < tableLength; value++) this.table[value] = classOf(value);
  }

  /** How many values are of each of so many classes. */
  count(values: Uint32Array, classes: number): number[] {
    const { table, counters } = this;
    const kernels =
      isInKernelMemory(values) && isInKernelMemory(counters) ? columnKernels() : undefined;
    if (kernels === undefined) return this.countPlain(values, classes);
    const { byteOffset, length } = values;
    const to = counters.byteOffset;
    kernels.classify32(byteOffset, length, table.byteOffset, table.length, to);
    const counts = new Array<number>(classes).fill(0);
    let unknown = 0;
    for (let row = 0; row < ROWS; row++) {
      for (let i = 0; i < classes; i++) {
        counts[i] = (counts[i] as number) + (counters[row * CLASSES + i] as number);
      }
      unknown += counters[row * CLASSES + CLASSES - 1] as number;
    }
    return unknown > 0 ? this.countPlain(values, classes) : counts;
  }

  private countPlain(values: Uint32Array, classes: number): number[] {
    const { table } = this;
    const counts = new Array<number>(classes).fill(0);
    for (let i = 0; i < values.length; i++) {
      const value = values[i] as number;
      const slot = value < table.length ? (table[value] as number) : this.classOf(value);
      counts[slot] = (counts[slot] as number) + 1;
    }
    return counts;
  }

  /** The table goes on in a place of its own. */
  close(): void {
    if (!isInKernelMemory(this.area)) return;
    const area = this.area.slice();
    giveArena(this.area);
    this.area = area;
    this.counters = new Uint32Array(area.buffer, 0, ROWS * CLASSES);
    this.table = area.subarray(ROWS * CLASSES * 4);
  }
}
