import { closeSync, ftruncateSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { crc32 } from 'node:zlib';
import type { Snapshot } from '../../component/state.ts';
import type { MetricStore } from '../../sinks/prometheus/metric-store.ts';

/** Two of them, written in turns: one is whole whenever the process is killed. */
const SLOTS = 2;
/** Room for some thousand series; more are not kept. */
const SLOT_BYTES = 256 * 1024;
/** Generation (f64), bytes and checksum of what follows (u32 each), little-endian. */
const HEAD_BYTES = 16;

/**
 * Counters of the process are in no checkpoint, for they tell of no frame; and yet they must not
 * fall when it is killed. So what is shown is written down before: into the system's cache, which
 * outlives the process, and not to the disk, which would cost more than it is worth; and in place,
 * so that a disk that is full later has room for it.
 */
export class ShownCounters {
  private readonly file: string;
  private readonly store: MetricStore;
  private handle: number | undefined;
  private generation = 0;
  private written = '';

  constructor(file: string, store: MetricStore) {
    this.file = file;
    this.store = store;
  }

  /** Goes on from what was shown; what can't be read is as none. */
  restore(): void {
    const handle = this.open();
    if (handle === undefined) return;
    let newest: Record<string, Snapshot> | undefined;
    for (let slot = 0; slot < SLOTS; slot++) {
      const read = readSlot(handle, slot);
      if (read === undefined || read.generation <= this.generation) continue;
      this.generation = read.generation;
      newest = read.values;
    }
    if (newest !== undefined) this.store.restore(newest);
  }

  /** Never throws: a scrape is answered all the same. */
  keep(): void {
    const values = this.store.snapshot(({ type, spec }) => {
      return spec.ofProcess === true && type === 'counter';
    });
    const data = serialize(values);
    const text = data.toString('latin1');
    const handle = this.open();
    if (text === this.written || handle === undefined) return;
    if (data.length > SLOT_BYTES - HEAD_BYTES) return;
    const generation = this.generation + 1;
    const head = Buffer.alloc(HEAD_BYTES);
    head.writeDoubleLE(generation, 0);
    head.writeUInt32LE(data.length, 8);
    head.writeUInt32LE(crc32(data), 12);
    try {
      const bytes = Buffer.concat([head, data]);
      writeSync(handle, bytes, 0, bytes.length, (generation % SLOTS) * SLOT_BYTES);
      this.generation = generation;
      this.written = text;
    } catch {
      // There is no room, and there was none at the start; the next scrape tries again.
    }
  }

  close(): void {
    if (this.handle !== undefined) closeSync(this.handle);
    this.handle = undefined;
  }

  private open(): number | undefined {
    if (this.handle !== undefined) return this.handle;
    try {
      mkdirSync(dirname(this.file), { recursive: true, mode: 0o700 });
      // Neither cut off nor read only: made where it is missing.
      this.handle = openSync(this.file, 'a+', 0o600);
      closeSync(this.handle);
      this.handle = openSync(this.file, 'r+');
      reserve(this.handle);
    } catch {
      return this.handle;
    }
    return this.handle;
  }
}

/** Takes the room for both slots, once; what is written is never more than that. */
function reserve(handle: number): void {
  const last = Buffer.alloc(1);
  if (readSync(handle, last, 0, 1, SLOTS * SLOT_BYTES - 1) === 1) return;
  ftruncateSync(handle, 0);
  // A hole would take no room: zeros are written.
  writeSync(handle, Buffer.alloc(SLOTS * SLOT_BYTES), 0, SLOTS * SLOT_BYTES, 0);
}

interface Slot {
  readonly generation: number;
  readonly values: Record<string, Snapshot>;
}

function readSlot(handle: number, slot: number): Slot | undefined {
  try {
    const bytes = Buffer.alloc(SLOT_BYTES);
    const read = readSync(handle, bytes, 0, SLOT_BYTES, slot * SLOT_BYTES);
    const generation = bytes.readDoubleLE(0);
    const length = bytes.readUInt32LE(8);
    if (generation < 1 || length > read - HEAD_BYTES) return undefined;
    const data = bytes.subarray(HEAD_BYTES, HEAD_BYTES + length);
    if (crc32(data) !== bytes.readUInt32LE(12)) return undefined;
    return { generation, values: deserialize(data) as Record<string, Snapshot> };
  } catch {
    return undefined;
  }
}
