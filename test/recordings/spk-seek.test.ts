import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Frame } from '../../src/frames/frame.ts';
import { SpkIndex } from '../../src/recordings/spk-index.ts';
import type { BlockHeader } from '../../src/recordings/spk-layout.ts';
import { SpkWriter } from '../../src/recordings/spk-write.ts';
import { anyFrame } from './spk-arbitrary.ts';
import { collect, ownFolder, readSpk, spikesAt, withSpk, writeSpk } from './spk-files.ts';

function touching(frames: readonly Frame[], fromUs: number, toUs: number): Frame[] {
  return frames.filter(
    ({ t0Us, spanUs }) => t0Us < toUs && (t0Us + spanUs > fromUs || t0Us >= fromUs),
  );
}

describe('framesBetween', () => {
  const times = fc.integer({ min: 0, max: 100_000 });
  const frames = fc.array(
    fc.oneof(
      fc
        .tuple(times, fc.integer({ min: 1, max: 5000 }))
        .map(([t0, span]): Frame => spikesAt(t0, [1, 2], span)),
      fc.tuple(anyFrame, times).map(([frame, t0Us]) => ({ ...frame, t0Us })),
    ),
    { maxLength: 60 },
  );

  test('gives what a filter over all frames gives, in any order of times', async () => {
    const folder = ownFolder();
    await fc.assert(
      fc.asyncProperty(
        frames,
        times,
        times,
        fc.boolean(),
        fc.boolean(),
        async (written, a, b, closed, compress) => {
          const path = join(folder, 'a.spk');
          await writeSpk(path, written, { blockBytes: 1024, overwrite: true, compress });
          if (!closed) truncateSync(path, readFileSync(path).length - 1);
          const [fromUs, toUs] = [Math.min(a, b), Math.max(a, b)];
          await withSpk(path, async (spk) => {
            const sought = await collect(spk.framesBetween(fromUs, toUs));
            expect(sought).toEqual(touching(written, fromUs, toUs));
            expect(spk.notes.blocksLost).toBe(0);
          });
        },
      ),
      { numRuns: 150 },
    );
  });

  test('reads no block that holds none of them', async () => {
    const path = join(ownFolder(), 'a.spk');
    const written = Array.from({ length: 30 }, (_, i) => spikesAt(i * 1000, [i]));
    await writeSpk(path, written, { flushEvery: 1 });
    // Every block but one is damaged, so that reading any other would be noted.
    const bytes = readFileSync(path);
    const payloads = [...bytes.toString('latin1').matchAll(/layer_name/g)].map(
      ({ index }) => index,
    );
    const [frameEleven] = payloads.slice(11);
    for (const at of payloads) {
      if (at !== frameEleven) bytes[at] = 0x20;
    }
    writeFileSync(path, bytes);
    await withSpk(path, async (spk) => {
      expect(await collect(spk.framesBetween(11_001, 11_002))).toEqual([written[11]]);
      expect(spk.notes.blocksLost).toBe(0);
    });
    expect((await readSpk(path)).spk.notes.blocksLost).toBe(29);
  });

  test('sees blocks that were written since the file was opened', async () => {
    const path = join(ownFolder(), 'a.spk');
    const writer = await SpkWriter.create(path, { name: 'a' });
    await writer.write(spikesAt(0, [1]));
    await writer.flush();
    await withSpk(path, async (spk) => {
      await writer.write(spikesAt(1000, [2]));
      await writer.flush();
      expect(await collect(spk.framesBetween(0, 1e6))).toHaveLength(2);
      expect(await collect(spk.framesBetween(1000, 1e6))).toEqual([spikesAt(1000, [2])]);
    });
    await writer.close();
  });
});

describe('SpkIndex', () => {
  function block(minT0Us: number, maxEndUs: number, spikes: number): BlockHeader {
    const counts = new Uint16Array(16);
    counts[0] = spikes;
    const fixed = { type: 1, flags: 0, storedBytes: 8, rawBytes: 8, payloadCrc: 0, number: 0 };
    return { ...fixed, minT0Us, maxEndUs, counts };
  }

  function filled(entriesMax: number, blocks: number): SpkIndex {
    const index = new SpkIndex(entriesMax);
    for (let i = 0; i < blocks; i++) index.add(100 + i * 10, 10, block(i * 5, i * 5 + 7, i));
    return index;
  }

  test('stays bounded: neighbours are joined and nothing is lost', () => {
    fc.assert(
      fc.property(fc.nat(300), fc.nat(1600), fc.nat(200), (blocks, fromUs, length) => {
        const index = filled(8, blocks);
        expect(index.entries).toBeLessThanOrEqual(8);
        expect(index.counts()[0]).toBe(
          Array.from({ length: blocks }, (_, i) => i).reduce((sum, i) => sum + i, 0),
        );
        const stretches = index.between(fromUs, fromUs + length);
        for (let i = 0; i < blocks; i++) {
          const touched = i * 5 < fromUs + length && i * 5 + 7 > fromUs;
          const offset = 100 + i * 10;
          const held = stretches.some(
            (found) => found.offset <= offset && offset + 10 <= found.end,
          );
          if (touched) expect(held).toBe(true);
        }
      }),
    );
    expect(filled(8, 300).span()).toEqual({ minT0Us: 0, maxEndUs: 299 * 5 + 7 });
    expect(filled(8, 0).span()).toBeUndefined();
  });

  test('comes back from its bytes', () => {
    const metadata = Uint8Array.of(0x81, 0xa1, 0x61, 0x01, 0x02);
    const bytes = filled(1000, 77).write(metadata);
    const read = SpkIndex.read(bytes, 100, 100 + 770);
    expect(read?.metadata).toEqual(metadata);
    expect(read?.index.write(metadata)).toEqual(bytes);
  });

  test('is not believed where it contradicts itself or the file', () => {
    const bytes = filled(1000, 3).write(new Uint8Array(0));
    const changed = (at: number, value: bigint) => {
      const copy = bytes.slice();
      new DataView(copy.buffer).setBigUint64(at, value, true);
      return copy;
    };
    expect(SpkIndex.read(bytes, 100, 130)).toBeDefined();
    expect(SpkIndex.read(bytes, 101, 130)).toBeUndefined();
    expect(SpkIndex.read(bytes, 100, 129)).toBeUndefined();
    expect(SpkIndex.read(bytes.subarray(0, -1), 100, 130)).toBeUndefined();
    expect(SpkIndex.read(bytes.subarray(0, 5), 100, 130)).toBeUndefined();
    expect(SpkIndex.read(changed(0, 0xffff_ffff_ffff_ffffn), 100, 130)).toBeUndefined();
    expect(SpkIndex.read(changed(8, 2n ** 60n), 100, 130)).toBeUndefined();
    expect(SpkIndex.read(changed(8 + 16, 2n ** 60n), 100, 130)).toBeUndefined();
    expect(SpkIndex.read(changed(8 + 96, 100n), 100, 130)).toBeUndefined();
  });
});
