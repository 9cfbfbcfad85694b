import { giveArena, takeArena } from '../kernels/memory.ts';

const NONE = new Uint8Array(0);
const LINE_FEED = 10;
/** Of the room of a socket that is being closed: what it reads goes nowhere. */
const CLOSED_BYTES = 4096;

/** Room for what is read, at first: many of the usual frames. */
const AREA_BYTES = 2 * 1024 * 1024;
/** As far as it grows for what is to lie in one piece. */
const AREA_BYTES_MAX = 32 * 1024 * 1024;
/** Of an operation that is longer than a part of the area its end is copied too often. */
const PARTS = 4;
/**
 * What one read takes at most: many frames (half as much costs a frame of 33 kB 10 to 15 % more),
 * and yet no more milliseconds of work than an inbox has in one turn of the event loop.
 */
const READ_BYTES_MAX = 1024 * 1024;

/**
 * Memory that a socket reads to, in the memory of kernels, so that they work where the bytes came
 * to lie. It is used over and over: what is not looked at yet moves to its start where the rest
 * gets short. It is taken with the first read, and grows for long operations.
 */
export class ReadArea {
  bytes: Uint8Array<ArrayBuffer> = NONE;
  /** Start of what is read and not looked at. */
  start = 0;
  /** End of what is read; there lies a line feed, where who looks for one stops in any case. */
  end = 0;
  /** Bytes from `start` on that have to lie in one piece, as far as is known. */
  needed = 0;
  private isClosed = false;

  /** Where the next read goes: never empty, and never where something is not looked at yet. */
  room(): Uint8Array {
    if (this.isClosed) return new Uint8Array(CLOSED_BYTES);
    if (this.start === this.end) {
      this.start = 0;
      this.end = 0;
    }
    const wanted = Math.max(this.end - this.start, PARTS * this.needed) + READ_BYTES_MAX;
    if (wanted >= this.bytes.length) this.grow(wanted);
    if (this.end + READ_BYTES_MAX >= this.bytes.length) this.startOver();
    const from = this.bytes.byteOffset + this.end;
    return new Uint8Array(this.bytes.buffer, from, READ_BYTES_MAX);
  }

  /** So many bytes were read to the room. */
  filled(bytes: number): void {
    if (this.isClosed) return;
    this.end += bytes;
    this.bytes[this.end] = LINE_FEED;
  }

  /** Gives the memory back. */
  close(): void {
    this.isClosed = true;
    this.start = 0;
    this.end = 0;
    giveArena(this.bytes);
    this.bytes = NONE;
  }

  private startOver(): void {
    this.bytes.copyWithin(0, this.start, this.end);
    this.end -= this.start;
    this.start = 0;
  }

  private grow(wanted: number): void {
    let size = AREA_BYTES;
    while (size <= wanted && size < AREA_BYTES_MAX) size *= 2;
    if (size <= this.bytes.length) return;
    const before = this.bytes;
    this.bytes = takeArena(size);
    this.bytes.set(before.subarray(this.start, this.end));
    this.end -= this.start;
    this.start = 0;
    giveArena(before);
  }
}
