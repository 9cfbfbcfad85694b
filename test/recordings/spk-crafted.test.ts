import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { plainBlock } from '../../src/recordings/spk-block.ts';
import {
  BLOCK_FRAMES,
  BLOCK_HEADER_BYTES,
  BLOCK_INDEX,
  type BlockHeader,
  FLAG_ZSTD,
  writeBlockHeader,
} from '../../src/recordings/spk-layout.ts';
import { openSpk } from '../../src/recordings/spk-read.ts';
import { type Block, blocks, FRAMES, numbersOf, readBytes, whole } from './spk-damaged-file.ts';
import { ownFolder } from './spk-files.ts';

describe('blocks whose checksums are right and whose content is not', () => {
  /** The file with its first frames block replaced. */
  function withBlock(header: Partial<BlockHeader>, payload: Uint8Array): Buffer {
    const [, old] = blocks as [Block, Block];
    const sealed = plainBlock(BLOCK_FRAMES, old.header.number, payload);
    const head = new Uint8Array(BLOCK_HEADER_BYTES);
    writeBlockHeader(head, { ...sealed.header, counts: old.header.counts, ...header });
    const parts = [head, ...sealed.parts.slice(1)];
    return Buffer.concat([whole.subarray(0, old.offset), ...parts, whole.subarray(old.end)]);
  }

  const REST = [2, 3, 4, 5];

  test.each([
    ['a length past the block', () => withBlock({}, Buffer.from('ffffff7f00000000', 'hex'))],
    [
      'a frame longer than its block',
      () => {
        const payload = Buffer.alloc(64);
        payload.writeUInt32LE(49, 0);
        return withBlock({}, payload);
      },
    ],
    ['a frame that is no msgpack', () => withBlock({}, Buffer.alloc(32, 0x01))],
    [
      'a payload that says it is 16 MiB and is not zstd',
      () => withBlock({ flags: FLAG_ZSTD, rawBytes: 2 ** 24 }, Buffer.alloc(64, 7)),
    ],
    [
      'zstd that unpacks to more than it says',
      () => withBlock({ flags: FLAG_ZSTD, rawBytes: 100 }, zstdCompressSync(Buffer.alloc(2 ** 24))),
    ],
    [
      'zstd that unpacks to less than it says',
      () => withBlock({ flags: FLAG_ZSTD, rawBytes: 101 }, zstdCompressSync(Buffer.alloc(100))),
    ],
    ['a flag of tomorrow', () => withBlock({ flags: 0x40 }, Buffer.alloc(64))],
  ])('%s: the block or frame is skipped, the rest is read', async (_what, make) => {
    const { frames, spk } = await readBytes(ownFolder(), make());
    expect(numbersOf(frames)).toEqual(REST);
    expect(spk.notes.framesLost).toBeGreaterThan(0);
    expect(spk.notes.remarks.length).toBeGreaterThan(0);
  });

  test('a block longer than a block can be is not believed', async () => {
    const bytes = withBlock({ storedBytes: 2 ** 24 + 8, rawBytes: 2 ** 24 + 8 }, Buffer.alloc(64));
    const { frames, spk } = await readBytes(ownFolder(), bytes);
    expect(numbersOf(frames)).toEqual(REST);
    expect(spk.notes.blocksLost).toBe(1);
  });

  test('a block of an unknown type is passed over', async () => {
    const bytes = withBlock({ type: 77, counts: new Uint16Array(16) }, Buffer.alloc(64));
    const { frames, spk } = await readBytes(ownFolder(), bytes);
    expect(numbersOf(frames)).toEqual(REST);
    expect(spk.notes.blocksLost).toBe(0);
  });

  test('an index that points outside the file is rebuilt', async () => {
    const index = blocks.at(-1) as Block;
    const payload = Buffer.from(
      whole.subarray(index.offset + BLOCK_HEADER_BYTES, index.payloadEnd),
    );
    payload.writeBigUInt64LE(2n ** 60n, payload.length - 96);
    const sealed = plainBlock(BLOCK_INDEX, index.header.number, payload);
    const bytes = Buffer.concat([
      whole.subarray(0, index.offset),
      ...sealed.parts,
      whole.subarray(index.end),
    ]);
    const { frames, spk } = await readBytes(ownFolder(), bytes);
    expect(frames).toEqual(FRAMES);
    expect(spk.notes.remarks.join(' ')).toContain('index is damaged');
    expect(spk.frameCounts().get('spikes')).toBe(6);
  });

  test('a version of tomorrow is refused by its number', async () => {
    const path = join(ownFolder(), 'a.spk');
    const bytes = Buffer.from(whole);
    bytes.writeUInt16LE(2, 8);
    bytes.writeUInt32LE(crc32(bytes.subarray(0, 20)), 20);
    writeFileSync(path, bytes);
    await expect(openSpk(path)).rejects.toThrow('has version 2, this program reads 1');
  });

  test('headers by the thousand, each said to be long, do not cost a day', async () => {
    const counts = new Uint16Array(16);
    const fixed = { type: BLOCK_FRAMES, flags: 0, payloadCrc: 1, minT0Us: 0, maxEndUs: 0, counts };
    const heads = Array.from({ length: 2000 }, (_, number) => {
      const head = new Uint8Array(BLOCK_HEADER_BYTES);
      const lengths = { storedBytes: 2 ** 24, rawBytes: 2 ** 24 };
      writeBlockHeader(head, { ...fixed, ...lengths, number });
      return head;
    });
    const bytes = Buffer.concat([whole.subarray(0, 40), ...heads, Buffer.alloc(2 ** 25)]);
    const { frames, spk } = await readBytes(ownFolder(), bytes);
    expect(frames).toEqual([]);
    expect(spk.notes.blocksLost).toBeLessThan(200);
  });
});
