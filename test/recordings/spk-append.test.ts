import { copyFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Frame } from '../../src/frames/frame.ts';
import { SpkWriter } from '../../src/recordings/spk-write.ts';
import { collect, ownFolder, readSpk, spikesAt, withSpk, writeSpk } from './spk-files.ts';

function someFrames(from: number, count: number): Frame[] {
  return Array.from({ length: count }, (_, i) =>
    spikesAt(
      (from + i) * 1000,
      Array.from({ length: (from + i) % 9 }, (_id, j) => j),
    ),
  );
}

async function append(path: string, frames: readonly Frame[], compress = false): Promise<void> {
  const writer = await SpkWriter.append(path, { compress });
  for (const frame of frames) await writer.write(frame);
  await writer.close();
}

const HEADER = { name: 'appended', extra: { run: 3 } };

describe('SpkWriter.append', () => {
  test('goes on where a closed file ended', async () => {
    const path = join(ownFolder(), 'a.spk');
    await writeSpk(path, someFrames(0, 5), { header: HEADER });
    await append(path, someFrames(5, 3), true);
    await append(path, []);
    const late = { ...spikesAt(8000, [1]), layerName: 'late' };
    await append(path, [late]);
    const { frames, spk } = await readSpk(path);
    expect(frames).toEqual([...someFrames(0, 8), late]);
    expect(spk.notes).toMatchObject({ truncated: false, blocksLost: 0, remarks: [] });
    expect(spk.header).toMatchObject(HEADER);
    expect(spk.info.layers.map((layer) => layer.name)).toEqual(['exc', 'late']);
    expect(spk.info.durationUs).toBe(9000);
    expect(spk.frameCounts().get('spikes')).toBe(9);
  });

  test('goes on after a cut anywhere behind the header, with what was whole', async () => {
    const folder = ownFolder();
    const original = join(folder, 'original.spk');
    await writeSpk(original, someFrames(0, 10), { flushEvery: 2, header: HEADER });
    const { length } = readFileSync(original);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 80, max: length - 1 }), fc.nat(3), async (cut, count) => {
        const path = join(folder, 'cut.spk');
        copyFileSync(original, path);
        truncateSync(path, cut);
        const { frames: kept } = await readSpk(path);
        const added = someFrames(100, count);
        await append(path, added);
        const { frames, spk } = await readSpk(path);
        expect(frames).toEqual([...kept, ...added]);
        expect(spk.notes).toMatchObject({ truncated: false, blocksLost: 0, remarks: [] });
        expect(spk.header).toMatchObject(HEADER);
        const sought = await withSpk(path, (again) => collect(again.framesBetween(0, 1e9)));
        expect(sought).toEqual(frames);
      }),
      { numRuns: 150 },
    );
  });

  test('drops a last block that is whole by its length and wrong by its checksum', async () => {
    const path = join(ownFolder(), 'a.spk');
    await writeSpk(path, someFrames(0, 6), { flushEvery: 2 });
    const bytes = readFileSync(path);
    // A machine that lost power can leave zeros where the last writes were.
    const index = Number(bytes.readBigUInt64LE(bytes.length - 32));
    writeFileSync(path, bytes.fill(0, index - 40).subarray(0, index + 500));
    await append(path, someFrames(50, 1));
    const { frames, spk } = await readSpk(path);
    expect(frames).toEqual([...someFrames(0, 4), ...someFrames(50, 1)]);
    expect(spk.notes).toMatchObject({ truncated: false, blocksLost: 0 });
  });

  test('leaves a damaged block in the middle where it is', async () => {
    const path = join(ownFolder(), 'a.spk');
    await writeSpk(path, someFrames(0, 6), { flushEvery: 2 });
    const bytes = readFileSync(path);
    const hit = bytes.indexOf('exc', bytes.indexOf('exc', 200) + 1);
    bytes[hit] = 0x20;
    writeFileSync(path, bytes.subarray(0, -1));
    const before = (await readSpk(path)).spk.notes.framesLost;
    expect(before).toBe(2);
    await append(path, someFrames(50, 1));
    const { frames, spk } = await readSpk(path);
    expect(frames).toHaveLength(5);
    expect(spk.notes).toMatchObject({ truncated: false, blocksLost: 1, framesLost: 2 });
  });

  test('refuses a file whose header is damaged, and does not touch it', async () => {
    const path = join(ownFolder(), 'a.spk');
    await writeSpk(path, someFrames(0, 6));
    const bytes = readFileSync(path);
    bytes[26] = 0xff;
    writeFileSync(path, bytes);
    await expect(SpkWriter.append(path)).rejects.toThrow('its header is damaged');
    expect(readFileSync(path)).toEqual(bytes);
    await expect(SpkWriter.append(join(ownFolder(), 'none.spk'))).rejects.toThrow('ENOENT');
  });
});
