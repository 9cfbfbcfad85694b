import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { FrameEncoder } from '../../src/frames/encode.ts';
import type { Frame } from '../../src/frames/frame.ts';
import {
  BLOCK_HEADER_BYTES,
  type BlockHeader,
  blockBytes,
  frameCount,
  readBlockHeader,
} from '../../src/recordings/spk-layout.ts';
import { type Reading, readSpk, spikesAt, writeSpk } from './spk-files.ts';

export interface Block {
  readonly offset: number;
  readonly end: number;
  /** Up to here its bytes matter; padding follows. */
  readonly payloadEnd: number;
  readonly header: BlockHeader;
  /** Numbers of the frames in it, from `first` on. */
  readonly first: number;
}

/** Six frames, written as three blocks of two. */
export const FRAMES: readonly Frame[] = Array.from({ length: 6 }, (_, i) =>
  spikesAt(
    i * 1000,
    Array.from({ length: i }, (_id, j) => (i * 31 + j) % 1000),
  ),
);
const encoder = new FrameEncoder();
const ENCODED = FRAMES.map((frame) => encoder.encode(frame));
const NOTHING = new Uint8Array(0);

export function blocksOf(file: Buffer): Block[] {
  const found: Block[] = [];
  let first = 0;
  for (let offset = 0; offset + BLOCK_HEADER_BYTES <= file.length; offset += 8) {
    const header = readBlockHeader(file.subarray(offset, offset + BLOCK_HEADER_BYTES));
    if (header === undefined) continue;
    const payloadEnd = offset + BLOCK_HEADER_BYTES + header.storedBytes;
    found.push({ offset, end: offset + blockBytes(header), payloadEnd, header, first });
    first += frameCount(header);
  }
  return found;
}

async function made(): Promise<Buffer> {
  const folder = mkdtempSync(join(tmpdir(), 'spk-'));
  const path = join(folder, 'whole.spk');
  await writeSpk(path, FRAMES, { flushEvery: 2, header: { name: 'damage', durationUs: 6000 } });
  const bytes = readFileSync(path);
  rmSync(folder, { recursive: true });
  return bytes;
}

/** The sound file that is damaged in the tests, and its blocks. */
export const whole: Buffer = await made();
export const blocks: readonly Block[] = blocksOf(whole);

export async function readBytes(folder: string, bytes: Uint8Array): Promise<Reading> {
  const path = join(folder, 'damaged.spk');
  writeFileSync(path, bytes);
  return readSpk(path);
}

/** Numbers of the frames read; fails on a frame that was never written, and on a wrong order. */
export function numbersOf(frames: readonly Frame[]): number[] {
  const numbers = frames.map((frame) => frame.t0Us / 1000);
  for (const [i, number] of numbers.entries()) {
    // Thousands of readings are compared, so by their bytes.
    const bytes = encoder.encode(frames[i] as Frame);
    if (Buffer.compare(bytes, ENCODED[number] ?? NOTHING) !== 0) {
      expect.fail(`the frame at ${frames[i]?.t0Us} µs was never written`);
    }
    if (i > 0 && number <= (numbers[i - 1] as number)) expect.fail(`order: ${numbers}`);
  }
  return numbers;
}

export function framesOf(block: Block): number[] {
  return Array.from({ length: frameCount(block.header) }, (_, i) => block.first + i);
}
