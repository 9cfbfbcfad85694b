import type { FileHandle } from 'node:fs/promises';
import { readAt } from './spk-io.ts';

interface Ahead {
  readonly position: number;
  readonly length: number;
  readonly got: Promise<number>;
}

/** Reads of a file that begin while what was read last is still looked at: two rooms in turn. */
export class AheadReader {
  private readonly handle: FileHandle;
  private room = new Uint8Array(0);
  private nextRoom = new Uint8Array(0);
  private ahead: Ahead | undefined;

  constructor(handle: FileHandle) {
    this.handle = handle;
  }

  /** What is at `position`, shorter where the file ends; valid until the next `read`. */
  async read(position: number, length: number): Promise<Uint8Array> {
    const { ahead } = this;
    this.ahead = undefined;
    if (ahead?.position === position && ahead.length === length) {
      const got = await ahead.got;
      [this.room, this.nextRoom] = [this.nextRoom, this.room];
      return this.room.subarray(0, got);
    }
    // What is being read for nobody must not fail for nobody, nor outlive the file.
    await ahead?.got.catch(() => {});
    if (this.room.length < length) this.room = new Uint8Array(length);
    return this.room.subarray(
      0,
      await readAt(this.handle, this.room.subarray(0, length), position),
    );
  }

  /** Begins a read that is wanted next. */
  begin(position: number, length: number): void {
    if (this.ahead !== undefined) return;
    if (this.nextRoom.length < length) this.nextRoom = new Uint8Array(length);
    const got = readAt(this.handle, this.nextRoom.subarray(0, length), position);
    got.catch(() => {});
    this.ahead = { position, length, got };
  }
}
