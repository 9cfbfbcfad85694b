import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openRecording } from '../../src/recordings/open.ts';
import { type Collected, collect, type Spike } from './collect.ts';

const HDF5 = 'fixtures/hdf5';
const DEMO = 'fixtures/demo/nest-layered';
const SECOND_US = 1_000_000;
const folder = mkdtempSync(join(tmpdir(), 'spikescope-hdf5-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function read(path: string, spanUs = 10_000): Promise<Collected> {
  return collect(await openRecording(path), spanUs);
}

/** By time, layer and neuron: formats keep spikes of one time in orders of their own. */
function inOrder(spikes: readonly Spike[]): Spike[] {
  return [...spikes].sort(
    (a, b) => a[1] - b[1] || (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0) || a[2] - b[2],
  );
}

const firstSecond = ({ spikes }: Collected) => spikes.filter((spike) => spike[1] < SECOND_US);

/** Samples before 1 s by layer, ordered by time and neuron. */
function potentials({ membrane }: Collected): Record<string, [number, number, number][]> {
  const layers = [...membrane].map(([layer, samples]) => {
    const early = samples.filter(([timeUs]) => timeUs < SECOND_US);
    return [layer, early.sort((a, b) => a[0] - b[0] || a[1] - b[1])] as const;
  });
  return Object.fromEntries(layers);
}

describe('a SONATA or NWB file of a recording', () => {
  it.each([
    ['brian2-cuba.sonata.h5', 'fixtures/recordings/brian2-cuba', 'sonata'],
    ['nest-layered-dead.nwb', 'fixtures/recordings/nest-layered-dead', 'nwb'],
  ])('%s has the spikes and layers of %s', async (file, original, format) => {
    const recording = await openRecording(join(HDF5, file));
    const wanted = await openRecording(original);
    expect(recording.info.format).toBe(format);
    const sizes = (of: typeof recording) => of.info.layers.map((l) => [l.name, l.neuronCount]);
    expect(sizes(recording)).toEqual(sizes(wanted));
    const { spikes } = await collect(recording, 10_000);
    expect(spikes.length).toBeGreaterThan(20_000);
    expect(inOrder(spikes)).toEqual(inOrder((await collect(wanted, 10_000)).spikes));
    expect(recording.notes).toMatchObject({ samplesOutside: 0, samplesInvalid: 0 });
  });

  it('says the duration and the silent neurons that the file knows', async () => {
    const { info, notes } = await openRecording(join(HDF5, 'nest-layered-dead.nwb'));
    expect(info.durationUs).toBe(5 * SECOND_US);
    expect(notes.remarks).toEqual([]);
  });

  it.each(['by-id-packed.sonata.h5', 'big-endian.sonata.h5', 'nest-layered.nwb'])(
    '%s has the spikes of the first second of the demo',
    async (file) => {
      const { spikes } = await read(join(HDF5, file));
      expect(spikes.length).toBeGreaterThan(7000);
      expect(inOrder(spikes)).toEqual(inOrder(firstSecond(await read(DEMO))));
    },
  );

  it('is the same in frames of any span', async () => {
    const file = join(HDF5, 'nest-layered.nwb');
    const [first, other] = [await read(file, 1000), await read(file, 333_333)];
    expect(inOrder(other.spikes)).toEqual(inOrder(first.spikes));
    expect(other.membrane).toEqual(first.membrane);
  });
});

describe('potentials', () => {
  it.each(['nest-layered.nwb', 'report.sonata.h5'])('of %s are those of the demo', async (file) => {
    const found = await read(join(HDF5, file));
    const wanted = potentials(await read(DEMO));
    expect([...found.units]).toEqual(['mV']);
    const layers = potentials(found);
    expect(Object.keys(layers).sort()).toEqual(['L1', 'L2', 'L3']);
    for (const [layer, samples] of Object.entries(wanted)) {
      const own = layers[layer] ?? [];
      expect(own).toHaveLength(999 * 4);
      expect(own.map(([timeUs, neuron]) => [timeUs, neuron])).toEqual(
        samples.map(([timeUs, neuron]) => [timeUs, neuron]),
      );
      // What went through volts and back is off by roundings of an f32, at most.
      const off = own.map((sample, i) => Math.abs(sample[2] - (samples[i]?.[2] ?? Number.NaN)));
      expect(Math.max(...off)).toBeLessThan(1e-5);
    }
  });
});

describe('with a meta.json', () => {
  const layers = [
    { name: 'L1', first_id: 1, last_id: 200, type: 'excitatory' },
    { name: 'L2', first_id: 201, last_id: 400 },
    { name: 'L3', first_id: 401, last_id: 500 },
  ];

  async function withMeta(file: string, meta: object): Promise<Collected> {
    const path = mkdtempSync(join(folder, 'meta-'));
    cpSync(join(HDF5, file), join(path, file));
    writeFileSync(join(path, 'meta.json'), JSON.stringify({ duration_ms: 1000, ...meta }));
    return read(path);
  }

  it.each([
    ['ids of units by their ranges', 'nest-layered.nwb', 'nwb'],
    ['ids of populations from 0', 'big-endian.sonata.h5', 'sonata'],
    ['ids without populations by their ranges', 'old-layout.sonata.h5', 'sonata'],
  ])('%s: %s', async (_what, file, format) => {
    const { spikes } = await withMeta(file, { layers, spikes: [{ path: file, format }] });
    expect(inOrder(spikes)).toEqual(inOrder(firstSecond(await read(DEMO))));
  });

  it('reads the spikes and the potentials of one file, as it asks', async () => {
    const file = 'nest-layered.nwb';
    const entry = { path: file, format: 'nwb' };
    const all = await withMeta(file, { layers, spikes: [entry], vm: [entry] });
    const alone = await withMeta(file, { layers, vm: [entry] });
    expect(all.spikes.length).toBeGreaterThan(7000);
    expect(alone.spikes).toEqual([]);
    expect(alone.membrane).toEqual(all.membrane);
    expect([...all.membrane.keys()].sort()).toEqual(['L1', 'L2', 'L3']);
  });

  it('leaves an alternative alone, even a broken one', async () => {
    const path = mkdtempSync(join(folder, 'alternative-'));
    cpSync('fixtures/recordings/brian2-cuba', path, { recursive: true });
    writeFileSync(join(path, 'broken.h5'), 'no HDF5');
    const meta = JSON.parse(readFileSync(join(path, 'meta.json'), 'utf8'));
    meta.spikes.push({ path: 'broken.h5', format: 'sonata', alternative: true });
    writeFileSync(join(path, 'meta.json'), JSON.stringify(meta));
    expect((await read(path)).spikes).toHaveLength(21_952);
  });
});
