import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { SpikesFrame } from '../../src/frames/spikes.ts';
import { openRecording } from '../../src/recordings/open.ts';
import type { RecordedLayer, Recording } from '../../src/recordings/recording.ts';
import { type SonataInfo, SonataWriter } from '../../src/recordings/sonata-write.ts';
import { collect } from './collect.ts';

const folder = mkdtempSync(join(tmpdir(), 'spikescope-sonata-'));
const PATH = join(folder, 'written.h5');

afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Part extends RecordedLayer {
  readonly neuronOffset: number;
}

function frameOf(part: Part, t0Us: number, spanUs: number, spikes: [number, number][]) {
  const { name: layerName, ...rest } = part;
  const frame: SpikesFrame = {
    kind: 'spikes',
    layerName,
    ...rest,
    t0Us,
    spanUs,
    seq: undefined,
    runId: undefined,
    emitter: undefined,
    arrivedUs: Number.NaN,
    restarts: 0,
    neuronId: Uint32Array.from(spikes, ([neuron]) => neuron),
    dtUs: Uint32Array.from(spikes, ([, dt]) => dt),
    timestep0: undefined,
    timestepUs: undefined,
  };
  return frame;
}

async function write(frames: readonly SpikesFrame[], info: SonataInfo = {}): Promise<Recording> {
  const writer = await SonataWriter.create(PATH, info, { overwrite: true });
  for (const frame of frames) await writer.write(frame);
  await writer.close();
  return openRecording(PATH);
}

/** Spikes as text, sorted: where, when, who. */
async function spikesOf(frames: AsyncIterable<SpikesFrame> | Iterable<SpikesFrame>) {
  const spikes: string[] = [];
  for await (const frame of frames) {
    const part = `${frame.deviceType}/${frame.chipId}/${frame.layerName}+${frame.neuronOffset}`;
    for (const [i, dt] of frame.dtUs.entries()) {
      spikes.push(`${part} ${frame.t0Us + dt} ${frame.neuronId[i]}`);
    }
  }
  return spikes.sort();
}

async function* spikeFramesOf(recording: Recording, spanUs: number) {
  for await (const frame of recording.frames(spanUs)) if (frame.kind === 'spikes') yield frame;
}

const part: fc.Arbitrary<Part> = fc.record({
  name: fc.oneof(
    fc.constantFrom('E', 'a/b', '.', '..', 'µ V', 'a_b'),
    fc
      .string({ minLength: 1, maxLength: 20, unit: 'grapheme' })
      .filter((name) => name.isWellFormed() && !name.includes('\0')),
  ),
  neuronType: fc.constantFrom('lif', 'izhikevich', 'inhibitory'),
  neuronCount: fc.integer({ min: 1, max: 2 ** 24 }),
  deviceType: fc.constantFrom('cpu', 'loihi2'),
  chipId: fc.constantFrom('0', '1', '0-1'),
  neuronOffset: fc.constantFrom(0, 1000),
});

const SPAN_US = 1000;
/** Frames a layer, each with spikes in any order: [share of the neurons, dt]. */
const spans = fc.array(
  fc.array(fc.tuple(fc.double({ min: 0, max: 0.999, noNaN: true }), fc.nat(SPAN_US - 1)), {
    maxLength: 12,
  }),
  { minLength: 1, maxLength: 5 },
);
const startUs = fc.oneof(
  fc.nat(1e6),
  fc.integer({ min: 1_700_000_000_000_000, max: 2 ** 43 * 1000 - 5000 }),
);

describe('what SonataWriter writes comes back', () => {
  it('spikes, layers and times, whatever they are', async () => {
    const parts = fc.uniqueArray(fc.tuple(part, spans), {
      minLength: 1,
      maxLength: 4,
      selector: ([{ name, deviceType, chipId }]) => `${deviceType}/${chipId}/${name}`,
    });
    await fc.assert(
      fc.asyncProperty(parts, startUs, async (made, start) => {
        const frames = made.flatMap(([of, own]) =>
          own.map((spikes, k) => {
            const ids = spikes.map(([share, dt]): [number, number] => {
              return [Math.floor(share * of.neuronCount), dt];
            });
            return frameOf(of, start + k * SPAN_US, SPAN_US, ids);
          }),
        );
        frames.sort((a, b) => a.t0Us - b.t0Us);
        const recording = await write(frames);
        const layers = made.map(([{ neuronOffset: _, ...layer }]) => layer);
        const byName = (a: RecordedLayer, b: RecordedLayer) =>
          JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
        expect([...recording.info.layers].sort(byName)).toEqual(layers.sort(byName));
        expect(recording.info.startUs).toBe(start);
        const length = Math.max(...made.map(([, own]) => own.length)) * SPAN_US;
        expect(recording.info.durationUs).toBe(start + length);
        expect(await spikesOf(spikeFramesOf(recording, 777))).toEqual(await spikesOf(frames));
        const isEmpty = frames.every((frame) => frame.dtUs.length === 0);
        expect(recording.notes).toEqual({
          samplesOutside: 0,
          samplesInvalid: 0,
          truncated: false,
          remarks: isEmpty ? ['written.h5 holds no samples.'] : [],
        });
      }),
      { numRuns: 60 },
    );
  });

  const E: Part = {
    name: 'E',
    neuronType: 'lif',
    neuronCount: 70_000,
    deviceType: 'cpu',
    chipId: '0',
    neuronOffset: 0,
  };

  it.each([8191, 8192, 8193, 70_000, 600_000])(
    '%i spikes, over any number of chunks',
    async (n) => {
      const frames: SpikesFrame[] = [];
      for (let from = 0; from < n; from += 5000) {
        const count = Math.min(5000, n - from);
        const spikes = Array.from({ length: count }, (_, i): [number, number] => [
          (from + i) % E.neuronCount,
          i,
        ]);
        frames.push(frameOf(E, from, 5000, spikes));
      }
      const recording = await write(frames);
      let seen = 0;
      let wrong = 0;
      for await (const frame of spikeFramesOf(recording, 50_000)) {
        for (const [i, dt] of frame.dtUs.entries()) {
          const timeUs = frame.t0Us + dt;
          if (timeUs !== seen || frame.neuronId[i] !== seen % E.neuronCount) wrong++;
          seen++;
        }
      }
      expect([seen, wrong]).toEqual([n, 0]);
      // A row takes 16 bytes, and a last chunk the room of a whole one.
      expect(statSync(PATH).size).toBeLessThan(n * 16 + 2 * 65_536 + 65_536);
    },
  );

  it('steps, and a layer without a frame', async () => {
    const source = await openRecording('fixtures/recordings/lava-loihi2-lif');
    const { neuronOffset: _, ...layer } = E;
    const layers = [...source.info.layers, { ...layer, name: 'silent', neuronCount: 7 }];
    const frames: SpikesFrame[] = [];
    for await (const frame of spikeFramesOf(source, 10_000)) {
      frames.push({ ...frame, neuronId: frame.neuronId.slice(), dtUs: frame.dtUs.slice() });
    }
    const copy = await write(frames, { ...source.info, layers });
    expect(copy.info.layers).toEqual(layers);
    expect(copy.info.durationUs).toBe(source.info.durationUs);
    expect((await collect(copy, 10_000)).spikes).toEqual((await collect(source, 10_000)).spikes);
    const steps = [];
    for await (const frame of spikeFramesOf(copy, 10_000)) {
      const { layerName, timestep0, timestepUs } = frame;
      if (layerName !== 'silent') steps.push([layerName, timestep0, timestepUs]);
    }
    expect(frames[0]?.timestepUs).toBe(1000);
    expect(steps).toEqual(frames.map((f) => [f.layerName, f.timestep0, f.timestepUs]));
    expect(copy.notes.remarks).toEqual([]);
  });

  it('frames whose columns are reused before anything is waited for', async () => {
    const neuronId = new Uint32Array(20_000);
    const dtUs = new Uint32Array(20_000);
    const writer = await SonataWriter.create(PATH, {}, { overwrite: true });
    const open: Promise<void>[] = [];
    for (let k = 0; k < 3; k++) {
      for (let i = 0; i < dtUs.length; i++) dtUs[i] = i;
      neuronId.fill(k);
      open.push(writer.write({ ...frameOf(E, k * 20_000, 20_000, []), neuronId, dtUs }));
    }
    neuronId.fill(9);
    await Promise.all(open);
    await writer.close();
    const { spikes } = await collect(await openRecording(PATH), 1000);
    expect(spikes).toHaveLength(60_000);
    expect(spikes.filter(([, t, id], i) => t !== i || id !== Math.floor(i / 20_000))).toEqual([]);
  });

  it('frames that overlap, which are then in no order', async () => {
    const frames = [
      frameOf(E, 0, 1000, [
        [1, 900],
        [2, 100],
      ]),
      frameOf(E, 500, 1000, [[3, 0]]),
    ];
    expect(await spikesOf(spikeFramesOf(await write(frames), 100))).toEqual(await spikesOf(frames));
  });
});

describe('SonataWriter refuses', () => {
  const E: Part = {
    name: 'E',
    neuronType: 'lif',
    neuronCount: 3,
    deviceType: 'cpu',
    chipId: '0',
    neuronOffset: 0,
  };
  const frame = frameOf(E, 0, 10, []);

  it('a population that changes', async () => {
    const other = frameOf({ ...E, neuronCount: 4 }, 10, 10, []);
    await expect(write([frame, other])).rejects.toMatchObject({ code: 'unwritable' });
  });

  it('times that doubles in ms do not keep', async () => {
    const late = { ...frame, t0Us: 2 ** 43 * 1000 };
    await expect(write([late])).rejects.toMatchObject({ code: 'unwritable' });
  });

  it('what is no spikes', async () => {
    const writer = await SonataWriter.create(PATH, {}, { overwrite: true });
    const { dtUs, neuronId, layerName, neuronOffset, ...header } = frame;
    const values = new Float32Array(0);
    const fields = { dtUs, neuronId, layerName, neuronOffset, values, unit: 'mV' };
    const membrane = { ...header, ...fields, kind: 'membrane' } as const;
    await expect(writer.write(membrane)).rejects.toMatchObject({ code: 'unwritable' });
    await writer.close();
  });

  it('a file that is there, and frames after its end', async () => {
    const writer = await SonataWriter.create(PATH, {}, { overwrite: true });
    await writer.close();
    await writer.close();
    await expect(SonataWriter.create(PATH)).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(writer.write(frame)).rejects.toThrow('closed');
  });
});
