import { copyFileSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Frame } from '../../src/frames/frame.ts';
import { FRAME_KINDS } from '../../src/frames/header.ts';
import type { SpikesFrame } from '../../src/frames/spikes.ts';
import type { RecordedLayer } from '../../src/recordings/recording.ts';
import { frameOfKind } from './spk-arbitrary.ts';
import { ownFolder, spikesAt } from './spk-files.ts';
import { passThrough, readBack, writeAs } from './written-files.ts';

const SPAN_US = 10_000;
const name = fc.string({ minLength: 1, maxLength: 10, unit: 'grapheme' });
const token = fc.constantFrom('0', '1', '3-4', 'a_b');

const layer: fc.Arbitrary<RecordedLayer> = fc.record({
  // Names that a table or a reader of tables could take for something else.
  name: fc.oneof(name, fc.constantFrom('L1', '7', 'a,b', '"q"', '# no', ' x ', 'layer-0', 'é\n')),
  neuronType: name,
  neuronCount: fc.integer({ min: 1, max: 500 }),
  deviceType: fc.constantFrom('cpu', 'loihi2'),
  chipId: token,
});

interface Plan {
  readonly layers: readonly RecordedLayer[];
  readonly startUs: number;
  readonly durationUs: number;
  /** Of each layer: µs after the start, neuron as a share of the layer; none at all is fine. */
  readonly spikes: readonly (readonly [number, number])[][];
  readonly timestepUs: number | undefined;
}

const plan: fc.Arbitrary<Plan> = fc
  .tuple(
    fc.uniqueArray(layer, {
      maxLength: 4,
      selector: (one) => `${one.deviceType}/${one.chipId}/${one.name}`,
    }),
    fc.constantFrom(0, 1_234, 1_700_000_000_000_001),
    fc.integer({ min: 1, max: 60_000 }),
    fc.constantFrom(undefined, 1, 1000),
  )
  .chain(([layers, startUs, lengthUs, timestepUs]) => {
    const one = fc.tuple(fc.nat(lengthUs), fc.double({ min: 0, max: 0.999, noNaN: true }));
    const spikes = fc.array(fc.array(one, { maxLength: 30 }), {
      minLength: layers.length,
      maxLength: layers.length,
    });
    const durationUs = startUs + lengthUs;
    return spikes.map((list) => ({ layers, startUs, durationUs, timestepUs, spikes: list }));
  });

/** The frames of a plan, cut where reading a table cuts them. */
function framesOf({ layers, startUs, durationUs, spikes, timestepUs }: Plan): SpikesFrame[] {
  const frames: SpikesFrame[] = [];
  for (let t0Us = startUs; t0Us <= durationUs; ) {
    const isLast = t0Us === durationUs;
    const next = (Math.floor(t0Us / SPAN_US) + 1) * SPAN_US;
    const endUs = isLast ? t0Us + 1 : Math.min(next, durationUs);
    // What lies at exactly the end has a last frame of 1 µs, in every layer.
    const hasLast = spikes.some((list) => list.some(([at]) => startUs + at === durationUs));
    for (const [i, one] of layers.entries()) {
      const inside = (spikes[i] as Plan['spikes'][0])
        .map(([at, share]) => [startUs + at, Math.floor(share * one.neuronCount)] as const)
        .filter(([time]) => time >= t0Us && time < endUs)
        .sort((a, b) => a[0] - b[0]);
      if (isLast && !hasLast) continue;
      const { name: layerName, ...rest } = one;
      frames.push({
        ...spikesAt(t0Us, [], endUs - t0Us),
        ...rest,
        layerName,
        neuronId: Uint32Array.from(inside, ([, id]) => id),
        dtUs: Uint32Array.from(inside, ([time]) => time - t0Us),
        timestep0: timestepUs === undefined ? undefined : Math.ceil(t0Us / timestepUs),
        timestepUs,
      });
    }
    t0Us = endUs;
  }
  return frames;
}

describe('spikes come back from CSV as they were', () => {
  test('every time, layer, silent neuron and silent layer, start and duration', async () => {
    const folder = ownFolder();
    const path = join(folder, 'a.csv');
    await fc.assert(
      fc.asyncProperty(plan, async (made) => {
        rmSync(path, { force: true });
        const frames = framesOf(made);
        const { startUs, durationUs, layers } = made;
        expect(await writeAs(path, frames, { name: 'a', startUs, durationUs, layers })).toEqual([]);
        const read = await readBack(path, SPAN_US);
        expect(read.info).toEqual({ name: 'a', format: 'csv', startUs, durationUs, layers });
        expect(read.frames).toEqual(frames);
        expect(read.remarks).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  test('through every format and back, to the byte', async () => {
    const folder = ownFolder();
    await fc.assert(
      fc.asyncProperty(plan, async (made) => {
        const first = join(folder, 'first.csv');
        const again = join(folder, 'again.csv');
        for (const path of [first, again]) rmSync(path, { force: true });
        await writeAs(first, framesOf(made), { ...made, name: 'µ' });
        const copy = join(folder, 'a.csv');
        copyFileSync(first, copy);
        const paths = [copy, join(folder, 'a.spk'), join(folder, 'a.ndjson'), again];
        await passThrough(paths, SPAN_US);
        expect(readFileSync(again, 'utf8')).toBe(readFileSync(first, 'utf8'));
      }),
      { numRuns: 15 },
    );
  });

  test('a header without layers and times is made of the frames', async () => {
    const path = join(ownFolder(), 'a.csv');
    await writeAs(path, [spikesAt(5000, [3]), spikesAt(6000, [], 2500)]);
    const { info } = await readBack(path);
    expect(info).toMatchObject({ startUs: 5000, durationUs: 8500 });
    expect(info.layers).toMatchObject([{ name: 'exc', neuronCount: 1000 }]);
  });

  test('rows are in the order of time, whatever the frames', async () => {
    const path = join(ownFolder(), 'a.csv');
    const long = { ...spikesAt(0, [1, 2, 3], 9000), dtUs: Uint32Array.of(8000, 0, 4000) };
    const other = { ...spikesAt(0, [9], 9000), layerName: 'b', dtUs: Uint32Array.of(5000) };
    await writeAs(path, [long, other]);
    const rows = readFileSync(path, 'utf8')
      .split('\n')
      .filter((row) => /^\d/.test(row));
    expect(rows).toEqual(['0,exc,2', '4000,exc,3', '5000,b,9', '8000,exc,1']);
  });

  test('what it cannot hold is said', async () => {
    const path = join(ownFolder(), 'a.csv');
    const [power] = fc.sample(frameOfKind('power'), { numRuns: 1, seed: 1 }) as [Frame];
    const gap = [spikesAt(0, [1]), { ...spikesAt(5000, [1]), neuronOffset: 7, timestep0: 3 }];
    const remarks = await writeAs(path, [{ ...power, t0Us: 0 }, ...gap]);
    expect(remarks.join('\n')).toContain('1 power');
    expect(remarks.join('\n')).toContain('1 stretches of a layer are covered by no frame');
    expect(remarks.join('\n')).toContain('neuron_offset is left out');
    expect(remarks.join('\n')).toContain('Numbers of timesteps are left out');
  });

  test('more layers than its header takes are refused, and no file is left', async () => {
    const path = join(ownFolder(), 'a.csv');
    const frames = Array.from({ length: 3000 }, (_, i) => {
      return { ...spikesAt(i, [1]), layerName: `${i}`.padStart(60, 'L') };
    });
    await expect(writeAs(path, frames)).rejects.toThrow(/3000 layers do not fit.*\.spk/);
    expect(() => readFileSync(path)).toThrow('ENOENT');
    expect(() => readFileSync(`${path}.rows`)).toThrow('ENOENT');
  });
});

/** JSON has no NaN and infinity, and one zero: the wire reads both as "no sample" and 0. */
function asJsonHolds(frame: Frame): Frame {
  const columns = Object.entries(frame).map(([key, value]) => {
    if (value instanceof Float32Array || value instanceof Float64Array) {
      return [key, value.map((one) => (Number.isFinite(one) ? one + 0 : Number.NaN))];
    }
    if (!(value instanceof Map)) return [key, value];
    const plain = (entry: unknown) =>
      entry instanceof Float64Array ? entry.map((v) => v + 0) : entry;
    return [key, new Map([...value].map(([name, entry]) => [name, plain(entry)]))];
  });
  const kept = Object.fromEntries(columns) as Frame & { temperatureC?: number };
  if (kept.temperatureC === 0) Object.assign(kept, { temperatureC: 0 });
  return kept;
}

describe('frames come back from NDJSON as they were', () => {
  test.each(FRAME_KINDS)('%s, by way of .spk and back', async (kind) => {
    const folder = ownFolder();
    await fc.assert(
      fc.asyncProperty(
        fc.array(frameOfKind(kind), { minLength: 1, maxLength: 8 }),
        async (frames) => {
          const paths = ['a.ndjson', 'b.spk', 'c.ndjson'].map((file) => join(folder, file));
          for (const path of paths) rmSync(path, { force: true });
          await writeAs(paths[0] as string, frames);
          const read = await passThrough(paths, SPAN_US);
          expect(read.frames.map(asJsonHolds)).toEqual(frames.map(asJsonHolds));
          expect(read.remarks).toEqual([]);
        },
      ),
      { numRuns: 8 },
    );
  });
});
