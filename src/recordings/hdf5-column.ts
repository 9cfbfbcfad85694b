import type { FileHandle } from 'node:fs/promises';
import {
  ADDRESS_NONE,
  chunkTree,
  columnObject,
  type Message,
  type Storage,
} from './hdf5-encode.ts';
import { writeAt } from './spk-io.ts';

/** Elements of a chunk. */
const CHUNK_LENGTH = 8192;
const ROOM_MIN = 64;

/** The end of an HDF5 file that is being written; everything is appended, one after the other. */
export class Hdf5End {
  at: number;
  private readonly handle: FileHandle;
  private writing: Promise<void> = Promise.resolve();
  private failure: unknown;

  constructor(handle: FileHandle, at: number) {
    this.handle = handle;
    this.at = at;
  }

  /** Appends an object, which must not change any more; gives its address. */
  put(bytes: Uint8Array): number {
    const address = this.at;
    const filler = new Uint8Array(-bytes.length & 7);
    this.at = address + bytes.length + filler.length;
    this.writing = this.writing.then(async () => {
      if (this.failure !== undefined) return;
      await writeAt(this.handle, [bytes, filler], address).catch((cause: unknown) => {
        this.failure = cause;
      });
    });
    return address;
  }

  /** Resolves when all that was put is in the file; rejects when it cannot be. */
  async settled(): Promise<void> {
    await this.writing;
    if (this.failure !== undefined) throw this.failure;
  }
}

/**
 * A column of 8-byte values that grows: they wait until a chunk is full. A column that never fills
 * one is written as it is, for a last chunk takes the room of a whole one.
 */
export class Hdf5Column {
  length = 0;
  private readonly end: Hdf5End;
  private readonly type: Uint8Array;
  private readonly chunks: number[] = [];
  private waiting = new Float64Array(ROOM_MIN);
  private count = 0;

  constructor(end: Hdf5End, type: Uint8Array) {
    this.end = end;
    this.type = type;
  }

  /** Values that fit before a chunk must be written. */
  get room(): number {
    return CHUNK_LENGTH - this.count;
  }

  /** Room for `count` values, at most `room`; whoever calls fills it before anything else. */
  take(count: number): Float64Array {
    const needed = this.count + count;
    if (needed > this.waiting.length) {
      const length = Math.min(CHUNK_LENGTH, Math.max(needed, this.waiting.length * 2));
      const larger = new Float64Array(length);
      larger.set(this.waiting);
      this.waiting = larger;
    }
    const taken = this.waiting.subarray(this.count, needed);
    this.count = needed;
    this.length += count;
    return taken;
  }

  /** Hands the chunk on where it is full. */
  flush(): void {
    if (this.count < CHUNK_LENGTH) return;
    this.chunks.push(this.end.put(bytesOf(this.waiting)));
    this.waiting = new Float64Array(CHUNK_LENGTH);
    this.count = 0;
  }

  /** Puts what is left and the dataset itself; gives its address. */
  finish(attributes: readonly Message[]): number {
    return this.end.put(columnObject(this.type, this.length, this.store(), attributes));
  }

  private store(): Storage {
    const rest = bytesOf(this.waiting.subarray(0, this.count));
    if (this.chunks.length === 0) {
      const address = this.count === 0 ? ADDRESS_NONE : this.end.put(rest);
      return { kind: 'contiguous', address };
    }
    if (this.count > 0) {
      const last = new Uint8Array(CHUNK_LENGTH * 8);
      last.set(rest);
      this.chunks.push(this.end.put(last));
    }
    const { bytes, root } = chunkTree(this.chunks, CHUNK_LENGTH, this.end.at);
    this.end.put(bytes);
    return { kind: 'chunked', tree: root, chunkLength: CHUNK_LENGTH };
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: Float64Array<ArrayBuffer>): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
