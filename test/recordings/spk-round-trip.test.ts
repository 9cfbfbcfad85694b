import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FrameEncoder } from '../../src/frames/encode.ts';
import { FRAME_KINDS } from '../../src/frames/header.ts';
import { spkFormat } from '../../src/recordings/spk-format.ts';
import type { SpkHeader } from '../../src/recordings/spk-header.ts';
import { SpkWriter } from '../../src/recordings/spk-write.ts';
import { anyFrame, frameOfKind } from './spk-arbitrary.ts';
import { collect, ownFolder, readSpk, spikesAt, withSpk, writeSpk } from './spk-files.ts';

const HEADER: SpkHeader = {
  name: 'brunel',
  createdUs: 1_700_000_000_000_000,
  producer: 'spikescope test',
  startUs: 0,
  durationUs: 5000,
  layers: [
    { name: 'exc', neuronType: 'lif', neuronCount: 1000, deviceType: 'cpu', chipId: '0' },
    { name: 'inh', neuronType: 'alif', neuronCount: 250, deviceType: 'cpu', chipId: '0' },
  ],
  chips: [{ deviceType: 'cpu', chipId: '0' }],
  extra: { seed: 7, weights: [0.5, -1], note: 'µ' },
};

describe('frames come back as they were', () => {
  test.each(FRAME_KINDS)('%s', async (kind) => {
    const folder = ownFolder();
    const frames = fc.array(frameOfKind(kind), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(frames, fc.boolean(), async (written, compress) => {
        const path = join(folder, 'a.spk');
        await writeSpk(path, written, { compress, overwrite: true, blockBytes: 1024 });
        const { frames: read, spk } = await readSpk(path);
        expect(read).toEqual(written);
        expect(spk.notes.remarks).toEqual([]);
      }),
      { numRuns: 25 },
    );
  });

  test('all kinds mixed, in blocks of any size, with flushes between', async () => {
    const folder = ownFolder();
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyFrame, { maxLength: 30 }),
        fc.integer({ min: 1024, max: 20_000 }),
        fc.nat(4),
        fc.boolean(),
        async (written, blockBytes, flushEvery, compress) => {
          const path = join(folder, 'a.spk');
          await writeSpk(path, written, { overwrite: true, blockBytes, flushEvery, compress });
          const { frames, spk } = await readSpk(path);
          expect(frames).toEqual(written);
          for (const [kind, count] of spk.frameCounts()) {
            expect(count).toBe(written.filter((frame) => frame.kind === kind).length);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test('a frame longer than a block has a block of its own', async () => {
    const path = join(ownFolder(), 'a.spk');
    const long = spikesAt(
      1000,
      Array.from({ length: 5000 }, (_, i) => i % 1000),
      60_000,
    );
    const written = [spikesAt(0, [1]), long, spikesAt(61_000, [2])];
    await writeSpk(path, written, { blockBytes: 1024 });
    expect((await readSpk(path)).frames).toEqual(written);
  });

  test('more frames than a block can count are spread over blocks', async () => {
    const path = join(ownFolder(), 'a.spk');
    const writer = await SpkWriter.create(path, { name: 'a' }, { blockBytes: 16 * 1024 * 1024 });
    for (let i = 0; i < 70_000; i++) await writer.write(spikesAt(i, [], 1));
    await writer.close();
    await withSpk(path, async (spk) => {
      expect(spk.frameCounts().get('spikes')).toBe(70_000);
      let read = 0;
      for await (const frame of spk.frames()) expect(frame.t0Us).toBe(read++);
      expect(read).toBe(70_000);
    });
  });
});

describe('SpkWriter', () => {
  test('keeps a message as it is, unknown fields included; JSON becomes msgpack', async () => {
    const path = join(ownFolder(), 'a.spk');
    const frame = spikesAt(0, [3, 4]);
    const json = new FrameEncoder().encode(frame, 'json');
    const msgpack = new FrameEncoder().encode(frame);
    const writer = await SpkWriter.create(path, { name: 'a' });
    await writer.writeEncoded(json, { ...frame, arrivedUs: 17 });
    await writer.writeEncoded(msgpack, frame);
    await writer.close();
    const bytes = readFileSync(path);
    expect(bytes.indexOf(msgpack)).toBeGreaterThan(0);
    expect(bytes.indexOf(msgpack, bytes.indexOf(msgpack) + 1)).toBeGreaterThan(0);
    expect(bytes.indexOf(json)).toBe(-1);
    expect((await readSpk(path)).frames).toEqual([{ ...frame, arrivedUs: 17 }, frame]);
  });

  test('does not touch a file that is there unless asked to', async () => {
    const path = join(ownFolder(), 'a.spk');
    await writeSpk(path, [spikesAt(0, [1])]);
    await expect(writeSpk(path, [])).rejects.toThrow('EEXIST');
    expect((await readSpk(path)).frames).toHaveLength(1);
    await writeSpk(path, [], { overwrite: true });
    expect((await readSpk(path)).frames).toHaveLength(0);
  });

  test('asks the caller to wait, and refuses one that does not', async () => {
    const path = join(ownFolder(), 'a.spk');
    const writer = await SpkWriter.create(path, { name: 'a' });
    const frame = spikesAt(
      0,
      Array.from({ length: 100_000 }, (_, i) => i % 1000),
      1000,
    );
    let asked = 0;
    let refused: unknown;
    for (let i = 0; i < 200 && refused === undefined; i++) {
      try {
        // Not waiting is the point here.
        if (writer.write(frame) !== undefined) asked++;
      } catch (error) {
        refused = error;
      }
    }
    expect(asked).toBeGreaterThan(10);
    expect(String(refused)).toContain('wait for the promise');
    await writer.flush();
    expect(writer.pendingBytes).toBe(0);
    await writer.write(spikesAt(1000, [5]));
    const { framesWritten } = writer;
    await writer.close();
    expect((await readSpk(path)).frames).toHaveLength(framesWritten);
  });

  test('says that the file takes no more: in creating, later, and in closing', async () => {
    const full = SpkWriter.create('/dev/full', { name: 'a' }, { overwrite: true });
    await expect(full).rejects.toThrow('ENOSPC');
    const path = join(ownFolder(), 'a.spk');
    const writer = await SpkWriter.create(path, { name: 'a' });
    // The file goes away under the writer, as a disk would.
    await (writer as unknown as { handle: { close(): Promise<void> } }).handle.close();
    await writer.write(spikesAt(0, [1]));
    await expect(writer.flush()).rejects.toThrow('closed');
    expect(() => writer.write(spikesAt(1000, [1]))).toThrow('closed');
    await expect(writer.close()).rejects.toThrow('closed');
    expect((await readSpk(path)).spk.notes.truncated).toBe(true);
  });

  test('refuses times, blocks and metadata that could not be read back', async () => {
    const path = join(ownFolder(), 'a.spk');
    const long = { name: 'x'.repeat(129) };
    await expect(SpkWriter.create(path, long)).rejects.toThrow('name: 129 characters');
    const small = SpkWriter.create(path, { name: 'a' }, { blockBytes: 10 });
    await expect(small).rejects.toThrow('blockBytes: 10');
    const huge = { name: 'a', extra: { text: 'x'.repeat(2 ** 20) } };
    await expect(SpkWriter.create(path, huge)).rejects.toThrow('extra');
    const writer = await SpkWriter.create(path, { name: 'a' });
    expect(() => writer.write(spikesAt(-1, []))).toThrow('t0 -1');
    expect(() => writer.write(spikesAt(0.5, []))).toThrow('t0 0.5');
    await writer.close();
    expect(() => writer.write(spikesAt(0, []))).toThrow('closed');
  });

  test('compresses columns and prose, and leaves alone what gets no smaller', async () => {
    const folder = ownFolder();
    const spikes = [
      spikesAt(
        0,
        Array.from({ length: 4000 }, (_, i) => (i * 617) % 1000),
        60_000,
      ),
    ];
    await writeSpk(join(folder, 'raw.spk'), spikes);
    await writeSpk(join(folder, 'zstd.spk'), spikes, { compress: true });
    const [raw, packed] = ['raw', 'zstd'].map((name) => statSync(join(folder, `${name}.spk`)).size);
    expect(packed).toBeLessThan((raw as number) / 2);
    const tiny = [spikesAt(0, [])];
    await writeSpk(join(folder, 'tiny.spk'), tiny, { compress: true });
    expect((await readSpk(join(folder, 'tiny.spk'))).frames).toEqual(tiny);
  });
});

describe('what a recording says of itself', () => {
  test('is what its writer said', async () => {
    const path = join(ownFolder(), 'a.spk');
    await writeSpk(path, [spikesAt(0, [1]), spikesAt(5000, [2], 1)], { header: HEADER });
    await withSpk(path, async (spk) => {
      expect(spk.header).toEqual(HEADER);
      expect(spk.info).toEqual({
        name: 'brunel',
        format: 'spk',
        durationUs: 5000,
        startUs: 0,
        layers: HEADER.layers,
      });
    });
  });

  test('else what its frames show', async () => {
    const path = join(ownFolder(), 'a.spk');
    const other = { ...spikesAt(9000, [7]), layerName: 'late', neuronCount: 10 };
    await writeSpk(path, [spikesAt(4000, [1]), other], { flushEvery: 1 });
    await withSpk(path, async (spk) => {
      expect(spk.info.startUs).toBe(4000);
      expect(spk.info.durationUs).toBe(10_000);
      expect(spk.info.layers.map((layer) => [layer.name, layer.neuronCount])).toEqual([
        ['exc', 1000],
        ['late', 10],
      ]);
    });
  });

  test('or what its writer learnt until closing', async () => {
    const path = join(ownFolder(), 'a.spk');
    const writer = await SpkWriter.create(path, { name: 'a' });
    await writer.write(spikesAt(0, [1]));
    await writer.close({ durationUs: 2000 });
    await withSpk(path, async (spk) => expect(spk.info.durationUs).toBe(2000));
  });

  test('a duration does not stand when frames end more than 1 µs', async () => {
    const path = join(ownFolder(), 'a.spk');
    await writeSpk(path, [spikesAt(0, [1], 5001)], { header: HEADER });
    await withSpk(path, async (spk) => expect(spk.info.durationUs).toBe(5000));
    await writeSpk(path, [spikesAt(0, [1], 5002)], { header: HEADER, overwrite: true });
    await withSpk(path, async (spk) => expect(spk.info.durationUs).toBe(5002));
  });
});

describe('spkFormat', () => {
  test('recognises its files by content and nothing else', async () => {
    const folder = ownFolder();
    const path = join(folder, 'named-otherwise.dat');
    await writeSpk(path, []);
    expect(await spkFormat.recognise(path)).toBe(true);
    expect(await spkFormat.recognise(folder)).toBe(false);
    expect(await spkFormat.recognise(import.meta.filename)).toBe(false);
    expect(await spkFormat.recognise('/dev/zero')).toBe(false);
    await expect(spkFormat.open(import.meta.filename)).rejects.toThrow('is no .spk recording');
  });

  test('gives the stored frames whatever span is asked for', async () => {
    const path = join(ownFolder(), 'a.spk');
    const written = [spikesAt(0, [1]), spikesAt(1000, [2])];
    await writeSpk(path, written);
    const recording = await spkFormat.open(path);
    expect(await collect(recording.frames(1))).toEqual(written);
    expect(await collect(recording.frames(1_000_000))).toEqual(written);
    await recording.close();
  });
});
