import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FRAME_KINDS } from '../../src/frames/header.ts';
import { FLAG_SHUFFLED, FLAG_ZSTD, readBlockHeader } from '../../src/recordings/spk-layout.ts';
import { ownFolder, readSpk } from './spk-files.ts';
import { GOLDEN_FRAMES, GOLDEN_HEADER, writeGolden } from './spk-golden.ts';

const FIXTURES = join(import.meta.dirname, '../../fixtures/spk');

test('the writer writes the golden file to the byte', async () => {
  const path = join(ownFolder(), 'golden.spk');
  await writeGolden(path, false);
  expect(readFileSync(path)).toEqual(readFileSync(join(FIXTURES, 'golden.spk')));
});

// What zstd makes of the same bytes may differ from version to version: this one is only read.
test.each(['golden.spk', 'golden-zstd.spk'])('%s reads as it always did', async (name) => {
  const { frames, spk } = await readSpk(join(FIXTURES, name));
  expect(frames).toEqual(GOLDEN_FRAMES);
  expect(new Set(frames.map((frame) => frame.kind))).toEqual(new Set(FRAME_KINDS));
  expect(spk.header).toMatchObject(GOLDEN_HEADER);
  expect(spk.info).toMatchObject({
    startUs: 1_750_000_000_000_000,
    durationUs: 1_750_000_000_300_000,
  });
  expect(spk.info.layers).toEqual([
    { name: 'l1', neuronType: 'lif', neuronCount: 64, deviceType: 'loihi2', chipId: 'a' },
    { name: 'l2', neuronType: 'alif', neuronCount: 16_777_216, deviceType: 'loihi2', chipId: 'a' },
  ]);
  expect(spk.notes.remarks).toEqual([]);
});

test('the compressed golden file has blocks of each sort', () => {
  const bytes = readFileSync(join(FIXTURES, 'golden-zstd.spk'));
  const flags = new Set<number>();
  for (let at = 0; at < bytes.length; at += 8) {
    const header = readBlockHeader(bytes.subarray(at, at + 80));
    if (header !== undefined) flags.add(header.flags);
  }
  expect(flags).toEqual(new Set([0, FLAG_ZSTD, FLAG_ZSTD | FLAG_SHUFFLED]));
});
