import { type FileHandle, open } from 'node:fs/promises';

const LF = 10;
const CR = 13;

/** A line of a file; its bytes are valid until the next is asked for. */
export interface Line {
  readonly bytes: Uint8Array;
  /** Number from 1. */
  readonly number: number;
  /** Whether a line end follows; only the last line of a file may lack one. */
  readonly isEnded: boolean;
  /** Longer than is taken: the bytes are its begin. */
  readonly isTooLong: boolean;
}

/** Reads lines (LF or CR LF) in chunks; holds one chunk, or the longest line. */
export class LineReader {
  private readonly handle: FileHandle;
  private readonly lineBytesMax: number;
  private buffer: Buffer;
  private start = 0;
  private filled = 0;
  private position: number;
  private number = 0;
  private isAtEnd = false;
  private skips = false;

  private constructor(handle: FileHandle, chunkBytes: number, lineBytesMax: number, from: number) {
    this.handle = handle;
    this.buffer = Buffer.allocUnsafe(chunkBytes);
    this.lineBytesMax = lineBytesMax;
    this.position = from;
  }

  static async open(
    path: string,
    chunkBytes: number,
    lineBytesMax: number,
    from = 0,
  ): Promise<LineReader> {
    return new LineReader(await open(path, 'r'), chunkBytes, lineBytesMax, from);
  }

  /** The next line of what is read already; undefined asks for `more`. */
  next(): Line | undefined {
    for (;;) {
      const end = this.buffer.indexOf(LF, this.start);
      if (end < 0 || end >= this.filled) return this.rest();
      const bytes = this.line(end);
      this.start = end + 1;
      if (this.skips) {
        this.skips = false;
        continue;
      }
      return { bytes, number: ++this.number, isEnded: true, isTooLong: false };
    }
  }

  /** Reads on; false at the end, when `next` has given all. */
  async more(): Promise<boolean> {
    if (this.isAtEnd) return this.start < this.filled;
    this.buffer.copyWithin(0, this.start, this.filled);
    this.filled -= this.start;
    this.start = 0;
    if (this.filled === this.buffer.length) this.grow();
    const room = this.buffer.length - this.filled;
    const { bytesRead } = await this.handle.read(this.buffer, this.filled, room, this.position);
    this.position += bytesRead;
    this.filled += bytesRead;
    this.isAtEnd = bytesRead === 0;
    return bytesRead > 0 || this.filled > 0;
  }

  close(): Promise<void> {
    return this.handle.close();
  }

  /** What no line end follows: the last line, or one that is longer than may be. */
  private rest(): Line | undefined {
    const { start, filled } = this;
    const isTooLong = filled - start >= this.lineBytesMax;
    if (start === filled || !(this.isAtEnd || isTooLong)) return undefined;
    const bytes = this.line(filled);
    this.start = filled;
    if (this.skips) return undefined;
    this.skips = isTooLong && !this.isAtEnd;
    return { bytes, number: ++this.number, isEnded: false, isTooLong };
  }

  private line(end: number): Uint8Array {
    const stop = end > this.start && this.buffer[end - 1] === CR ? end - 1 : end;
    return this.buffer.subarray(this.start, stop);
  }

  private grow(): void {
    const buffer = Buffer.allocUnsafe(Math.min(this.buffer.length * 2, this.lineBytesMax + 1));
    this.buffer.copy(buffer, 0, 0, this.filled);
    this.buffer = buffer;
  }
}
