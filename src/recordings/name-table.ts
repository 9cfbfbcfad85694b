import { Buffer } from 'node:buffer';

/** Names at most; what comes after is no name any more. */
export const NAMES_MAX = 4096;
const SLOTS = NAMES_MAX * 4;

/**
 * Finds short names in bytes without making strings, and gives each a number in order of arrival.
 */
export class NameTable {
  readonly names: string[] = [];
  private readonly bytes: Uint8Array[] = [];
  private readonly slots = new Int32Array(SLOTS).fill(-1);
  private last = -1;

  /** Number of the name at [start, end); -1 when the table is full or the name is empty. */
  find(source: Uint8Array, start: number, end: number): number {
    // Rows of one layer often come in a row.
    if (this.last >= 0 && this.matches(this.last, source, start, end)) return this.last;
    if (start >= end) return -1;
    let hash = 0x811c9dc5;
    for (let i = start; i < end; i++) {
      hash = Math.imul(hash ^ (source[i] as number), 0x01000193);
    }
    let slot = (hash >>> 0) % SLOTS;
    for (;;) {
      const index = this.slots[slot] as number;
      if (index < 0) break;
      if (this.matches(index, source, start, end)) {
        this.last = index;
        return index;
      }
      slot = (slot + 1) % SLOTS;
    }
    if (this.names.length === NAMES_MAX) return -1;
    this.last = this.names.length;
    this.slots[slot] = this.last;
    this.bytes.push(Uint8Array.from(source.subarray(start, end)));
    this.names.push(Buffer.from(source.subarray(start, end)).toString('utf8'));
    return this.last;
  }

  findText(text: string): number {
    const bytes = Buffer.from(text);
    return this.find(bytes, 0, bytes.length);
  }

  private matches(index: number, source: Uint8Array, start: number, end: number): boolean {
    const name = this.bytes[index] as Uint8Array;
    if (name.length !== end - start) return false;
    for (let i = 0; i < name.length; i++) {
      if (name[i] !== source[start + i]) return false;
    }
    return true;
  }
}
