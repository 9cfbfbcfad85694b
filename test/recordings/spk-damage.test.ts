import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BLOCK_FRAMES, BLOCK_HEADER_BYTES } from '../../src/recordings/spk-layout.ts';
import { openSpk } from '../../src/recordings/spk-read.ts';
import {
  type Block,
  blocks,
  blocksOf,
  FRAMES,
  framesOf,
  numbersOf,
  readBytes,
  whole,
} from './spk-damaged-file.ts';
import { ownFolder, readSpk, spikesAt, writeSpk } from './spk-files.ts';

test('the file under test has what can be damaged', () => {
  expect(blocks.map((block) => block.header.type)).toEqual([2, 1, 1, 1, 3]);
  expect(blocks.at(-1)?.end).toBe(whole.length - 32);
});

describe('a file cut anywhere', () => {
  test('gives the frames of its whole blocks, and says that it is cut', async () => {
    const folder = ownFolder();
    for (let length = 8; length < whole.length; length++) {
      const { frames, spk } = await readBytes(folder, whole.subarray(0, length));
      const kept = blocks.filter((block) => block.payloadEnd <= length);
      expect(numbersOf(frames), `cut at ${length}`).toEqual(kept.flatMap(framesOf));
      expect(spk.notes.truncated, `cut at ${length}`).toBe(true);
      expect(spk.notes.blocksLost).toBe(0);
      expect(spk.notes.remarks.join(' ')).toMatch(/cut|no index/);
    }
    const { frames, spk } = await readBytes(folder, whole);
    expect(frames).toEqual(FRAMES);
    expect(spk.notes).toMatchObject({ truncated: false, samplesInvalid: 0, remarks: [] });
  });

  test('says so before anything is read, and again each time it is', async () => {
    const path = join(ownFolder(), 'cut.spk');
    writeFileSync(path, whole.subarray(0, blocks[3]?.offset as number));
    const spk = await openSpk(path);
    const { remarks } = spk.notes;
    expect(spk.notes.truncated).toBe(true);
    expect(remarks).toHaveLength(1);
    for (let pass = 0; pass < 2; pass++) {
      let read = 0;
      for await (const frame of spk.frames()) read += frame.kind === 'spikes' ? 1 : 0;
      expect(read).toBe(4);
      expect(remarks).toHaveLength(1);
    }
    await spk.close();
  });

  test('of fewer than eight bytes is no recording', async () => {
    const path = join(ownFolder(), 'cut.spk');
    for (let length = 0; length < 8; length++) {
      writeFileSync(path, whole.subarray(0, length));
      await expect(openSpk(path)).rejects.toThrow('is no .spk recording');
    }
  });
});

describe('a flipped bit', () => {
  test('never makes a wrong frame, and a frame that is lost is spoken of', async () => {
    const folder = ownFolder();
    for (let at = 8; at < whole.length; at++) {
      const bytes = Buffer.from(whole);
      bytes[at] = (bytes[at] as number) ^ (1 << (at % 8));
      const { frames, spk } = await readBytes(folder, bytes);
      const numbers = numbersOf(frames);
      const hit = blocks.find((block) => at >= block.offset && at < block.payloadEnd);
      const lost = hit === undefined ? [] : framesOf(hit);
      const kept = FRAMES.map((_, i) => i).filter((i) => !lost.includes(i));
      expect(numbers, `bit of byte ${at}`).toEqual(kept);
      if (hit === undefined || lost.length > 0) {
        expect(spk.notes.blocksLost, `bit of byte ${at}`).toBe(lost.length > 0 ? 1 : 0);
        expect(spk.notes.samplesInvalid > 0).toBe(lost.length > 0);
      }
      expect(spk.notes.truncated, `bit of byte ${at}`).toBe(false);
    }
  });

  test('in the magic makes it no recording', async () => {
    const path = join(ownFolder(), 'a.spk');
    for (let at = 0; at < 8; at++) {
      const bytes = Buffer.from(whole);
      bytes[at] = (bytes[at] as number) ^ 0x10;
      writeFileSync(path, bytes);
      await expect(openSpk(path)).rejects.toThrow('is no .spk recording');
    }
  });
});

describe('bytes that are missing, strange or too many', () => {
  const range = () => fc.tuple(fc.integer({ min: 8, max: whole.length - 1 }), fc.nat(600));

  /** Blocks that the damage in [from, to) of the whole file left as they were. */
  function untouched(from: number, to: number): number[] {
    return blocks
      .filter((block) => block.payloadEnd <= from || block.offset >= to)
      .flatMap(framesOf);
  }

  test('lose no block but those they touch: bytes gone', async () => {
    const folder = ownFolder();
    await fc.assert(
      fc.asyncProperty(range(), async ([from, count]) => {
        const to = Math.min(whole.length, from + count);
        const bytes = Buffer.concat([whole.subarray(0, from), whole.subarray(to)]);
        const { frames } = await readBytes(folder, bytes);
        expect(numbersOf(frames)).toEqual(expect.arrayContaining(untouched(from, to)));
      }),
      { numRuns: 400 },
    );
  });

  test('padding that is gone with blocks behind it loses no other block', async () => {
    const folder = ownFolder();
    const [first, second, third] = blocks as [Block, Block, Block];
    for (let from = first.offset - 3; from < first.offset; from++) {
      for (const { offset } of [first, second, third]) {
        const bytes = Buffer.concat([whole.subarray(0, from), whole.subarray(offset)]);
        const { frames } = await readBytes(folder, bytes);
        expect(numbersOf(frames), `${from} to ${offset}`).toEqual(untouched(from, offset));
      }
    }
  });

  test('lose no block but those they touch: bytes overwritten', async () => {
    const folder = ownFolder();
    await fc.assert(
      fc.asyncProperty(range(), fc.uint8Array({ maxLength: 300 }), async ([from], noise) => {
        const to = Math.min(whole.length, from + noise.length);
        const bytes = Buffer.from(whole);
        bytes.set(noise.subarray(0, to - from), from);
        const { frames } = await readBytes(folder, bytes);
        expect(numbersOf(frames)).toEqual(expect.arrayContaining(untouched(from, to)));
      }),
      { numRuns: 400 },
    );
  });

  test('lose no block but those they touch: bytes put in', async () => {
    const folder = ownFolder();
    await fc.assert(
      fc.asyncProperty(range(), fc.uint8Array({ maxLength: 300 }), async ([at], noise) => {
        const bytes = Buffer.concat([whole.subarray(0, at), noise, whole.subarray(at)]);
        const { frames } = await readBytes(folder, bytes);
        expect(numbersOf(frames)).toEqual(expect.arrayContaining(untouched(at, at)));
      }),
      { numRuns: 400 },
    );
  });

  test('a block that is gone whole is missed by its number', async () => {
    const folder = ownFolder();
    const [, , gone] = blocks as [Block, Block, Block];
    const bytes = Buffer.concat([whole.subarray(0, gone.offset), whole.subarray(gone.end)]);
    const { frames, spk } = await readBytes(folder, bytes);
    expect(numbersOf(frames)).toEqual(
      FRAMES.map((_, i) => i).filter((i) => !framesOf(gone).includes(i)),
    );
    expect(spk.notes.blocksLost).toBe(1);
    expect(spk.notes.remarks.join(' ')).toContain('missing or damaged: 1');
  });

  test('two files in one are read one after the other', async () => {
    const { frames } = await readBytes(ownFolder(), Buffer.concat([whole, whole]));
    expect(frames).toEqual([...FRAMES, ...FRAMES]);
  });

  test('no frame is made of noise behind the magic', async () => {
    const folder = ownFolder();
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), async (noise) => {
        const { frames, spk } = await readBytes(
          folder,
          Buffer.concat([whole.subarray(0, 8), noise]),
        );
        expect(frames).toEqual([]);
        expect(spk.notes.truncated).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  test('damage is named some times and counted always', async () => {
    const path = join(ownFolder(), 'a.spk');
    const many = Array.from({ length: 60 }, (_, i) => spikesAt(i * 1000, [i]));
    await writeSpk(path, many, { flushEvery: 1 });
    const bytes = readFileSync(path);
    for (const block of blocksOf(bytes)) {
      if (block.header.type !== BLOCK_FRAMES) continue;
      bytes[block.offset + BLOCK_HEADER_BYTES] = 0xff;
    }
    writeFileSync(path, bytes);
    const { frames, spk } = await readSpk(path);
    expect(frames).toEqual([]);
    expect(spk.notes).toMatchObject({ blocksLost: 60, framesLost: 60, samplesInvalid: 60 });
    expect(spk.notes.remarks).toHaveLength(17);
    expect(spk.notes.remarks.at(-1)).toContain('not named: 44');
  });
});
