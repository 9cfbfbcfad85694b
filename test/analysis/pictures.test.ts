import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Analyzer } from '../../src/analysis/analyzer.ts';
import { IntervalHistogram } from '../../src/analysis/pictures/interval-histogram.ts';
import { planPictures } from '../../src/analysis/pictures/picture-plan.ts';
import { type PictureData, Pictures } from '../../src/analysis/pictures/pictures.ts';
import type { ActivityFrame } from '../../src/frames/activity.ts';
import type { CoresFrame } from '../../src/frames/cores.ts';
import type { Frame } from '../../src/frames/frame.ts';
import { openRecording } from '../../src/recordings/open.ts';
import type { RecordingInfo } from '../../src/recordings/recording.ts';
import { infoOf, membraneFrame, powerFrame, spikesFrame } from './spikes-frame.ts';

const FOLDERS = ['fixtures/demo', 'fixtures/recordings'].flatMap((root) =>
  readdirSync(root).map((name) => join(root, name)),
);

async function read(folder: string, spanUs: number) {
  const recording = await openRecording(folder);
  try {
    const analyzer = new Analyzer(recording.info, { windowUs: 100_000, listsWindows: false });
    const pictures = new Pictures(recording.info);
    for await (const frame of recording.frames(spanUs)) {
      pictures.next(frame, analyzer.next(frame));
    }
    const { analysis } = analyzer.finish(recording.notes);
    return { analysis, pictures: pictures.finish().data as PictureData };
  } finally {
    await recording.close();
  }
}

describe.each(FOLDERS)('%s', (folder) => {
  it('is drawn with the spikes and intervals that its numbers have', async () => {
    const { analysis, pictures } = await read(folder, 100_000);
    for (const [name, layer] of Object.entries(analysis.layers)) {
      const drawn = pictures.layers.get(name);
      const bands = pictures.raster.bands.filter(({ layerName }) => layerName === name);
      const inCells = bands.reduce((sum, { cells }) => sum + total(cells), 0);
      expect(inCells, `${name}: raster`).toBe(layer.spikes);
      expect(drawn?.intervals?.total ?? 0, `${name}: intervals`).toBe(layer.isi.count);
      const { counts, beyond } = drawn?.intervals ?? { counts: [], beyond: 0 };
      expect(total(counts) + beyond).toBe(layer.isi.count);
      if (drawn?.rates === undefined) continue;
      const { rates, pointUs } = drawn.rates;
      const { lengthUs } = pictures.plan;
      const spikes = rates.reduce((sum, hz, i) => {
        const tookUs = Math.min(pointUs, lengthUs - i * pointUs);
        return sum + (hz * (layer.neuron_count ?? 0) * tookUs) / 1e6;
      }, 0);
      // Spikes at exactly the end are in no bin: those of the last step, of 64 or more.
      expect(layer.spikes - spikes).toBeLessThan(layer.spikes / 32 + 1);
      expect(spikes - layer.spikes).toBeLessThan(1e-6 * layer.spikes + 1e-6);
    }
  });

  it('is drawn the same from frames of any span', async () => {
    const [short, long] = [await read(folder, 7_300), await read(folder, 60_000_000)];
    expect(short.pictures.raster).toEqual(long.pictures.raster);
    expect(short.pictures.layers).toEqual(long.pictures.layers);
  });
});

function total(column: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < column.length; i++) sum += column[i] as number;
  return sum;
}

function draw(frames: readonly Frame[], info: Partial<RecordingInfo> = {}) {
  const pictures = new Pictures(infoOf(info));
  for (const frame of frames) pictures.next(frame, true);
  return pictures.finish();
}

const layerA = (data: PictureData | undefined) => data?.layers.get('a');

const NO_RATES = { rates: new Float64Array(0), pointUs: 1 };

it('tells unknown time from silence', () => {
  const { data } = draw([spikesFrame(0, [[0, 5]]), spikesFrame(300_000, [])]);
  const { rates, pointUs } = layerA(data)?.rates ?? NO_RATES;
  const at = (us: number) => rates[Math.floor(us / pointUs)];
  expect([at(50_000), at(150_000), at(350_000)]).toEqual([0, Number.NaN, 0]);
  expect(at(5)).toBeCloseTo(1e6 / (4 * pointUs), 9);
  const band = data?.raster.bands[0];
  const covered = (us: number) =>
    band?.covered[Math.floor(us / (data as PictureData).raster.columnUs)];
  expect([covered(50_000), covered(150_000), covered(350_000)]).toEqual([1, 0, 1]);
  expect(layerA(data)?.spectrum?.toUs).toBe(100_000);
});

it('knows a time only where all chips of a layer are heard', () => {
  const frames = [0, 100_000, 200_000, 300_000].flatMap((t0) => {
    const other = spikesFrame(t0, [[1, 7]], { chipId: '1' });
    return t0 === 200_000 ? [spikesFrame(t0, [[0, 5]])] : [spikesFrame(t0, [[0, 5]]), other];
  });
  const { rates, pointUs } = layerA(draw(frames).data)?.rates ?? NO_RATES;
  const known = (us: number) => !Number.isNaN(rates[Math.floor(us / pointUs)]);
  expect([known(50_000), known(150_000), known(250_000), known(350_000)]).toEqual([
    true,
    true,
    false,
    true,
  ]);
});

it('has bins no finer than the steps of the chip', () => {
  const steps = Array.from({ length: 50 }, (_, i) => [i % 4, i * 2000] as const);
  const { data } = draw([spikesFrame(0, steps, { timestepUs: 2000 })], { durationUs: 100_000 });
  expect(layerA(data)?.rates?.pointUs).toBe(2000);
  expect(data?.raster.columnUs).toBe(2000);
  expect(new Set(layerA(data)?.rates?.rates)).toEqual(new Set([125]));
});

it('finds the rhythm of a population', () => {
  const beats = Array.from({ length: 20 }, (_, i) => i * 50_000);
  const frames = Array.from({ length: 100 }, (_, second) =>
    spikesFrame(
      second * 1e6,
      beats.flatMap(
        (us) =>
          [
            [0, us],
            [1, us],
            [2, us + 900],
          ] as const,
      ),
      {
        spanUs: 1_000_000,
      },
    ),
  );
  const spectrum = layerA(draw(frames, { durationUs: 100e6 }).data)?.spectrum;
  const density = [...(spectrum?.density ?? [])];
  const strongest = density.indexOf(Math.max(...density));
  const hz = spectrum?.frequencyHz[strongest] ?? 0;
  expect(Math.abs(hz - 20 * Math.round(hz / 20))).toBeLessThan(1);
  expect(density[strongest]).toBeGreaterThan(20 * (spectrum?.chance ?? 1));
  // Three spikes each 50 ms of 4 neurons: 15 Hz each.
  expect(spectrum?.chance).toBeCloseTo((2 * 15) / 4, 9);
});

it('counts intervals of every length, in bars of a round one', () => {
  const histogram = new IntervalHistogram();
  const last = new Float64Array(1).fill(Number.NEGATIVE_INFINITY);
  const add = (us: number) => histogram.add(last, Uint32Array.of(0), Uint32Array.of(0), us);
  let at = 0;
  for (const took of [0, 99, 100, 999_999, 1_000_000, 50_000_000, 99_999_999, 2e8]) {
    add(at);
    at += took;
  }
  add(at);
  const { binUs, counts, beyond, total: all } = histogram.result();
  expect(all).toBe(8);
  expect(total(counts) + beyond).toBe(8);
  expect(beyond).toBe(1);
  expect([1, 2, 5]).toContain(Number(String(binUs)[0]));
  add(at - 5);
  expect(histogram.result().total, 'what comes before makes no interval').toBe(8);
});

it('draws potentials and power by what is least and greatest', () => {
  const frames = [
    membraneFrame(0, [1, Number.NaN, -4]),
    membraneFrame(0, [9], { unit: 'V' }),
    powerFrame(0, [5], { origin: 'simulated' }),
    powerFrame(100_000, [2, 4]),
    powerFrame(200_000, [99], { origin: 'estimated' }),
  ];
  const { data } = draw(frames);
  const { membrane } = layerA(data) ?? {};
  expect([membrane?.unit, membrane?.all.samples]).toEqual(['mV', 2]);
  expect(Math.min(...[...(membrane?.all.low ?? [])].filter((v) => !Number.isNaN(v)))).toBe(-4);
  const [trace] = data?.power ?? [];
  expect([trace?.origin, trace?.watts.samples]).toEqual(['measured', 2]);
});

it('adds up cores by time and counters by growth', () => {
  const header = spikesFrame(0, []);
  const cores = (t0Us: number, spanUs: number, percent: number): CoresFrame => ({
    ...header,
    ...{ kind: 'cores', t0Us, spanUs, coreId: Uint32Array.of(7), layerNames: ['a'] },
    utilizationPercent: Float32Array.of(percent),
  });
  const activity = (value: number): ActivityFrame => ({
    ...header,
    ...{ kind: 'activity', scope: 'core', coreId: Uint32Array.of(7), cumulative: true },
    ...{ counters: new Map([['axon_out', Float64Array.of(value)]]), stepUs: undefined },
  });
  const frames = [cores(0, 1000, 10), cores(1000, 3000, 50), ...[5, 9, 3].map(activity)];
  const [chip] = draw(frames).data?.cores ?? [];
  expect(chip?.counters).toEqual(['axon_out']);
  const core = { id: 7, layerName: 'a', maxPercent: 50, meanPercent: 40, sums: [12] };
  expect(chip?.cores).toEqual([core]);
});

it('has a bound for everything', () => {
  const many = Array.from({ length: 3000 }, (_, i) =>
    spikesFrame(0, [[900, 5]], { layerName: `layer ${i}`, neuronCount: 1000 }),
  );
  const { data } = draw(many);
  const { raster, layers, layersLeftOut } = data as PictureData;
  expect([layers.size, layersLeftOut]).toEqual([24, 2976]);
  expect([raster.bands.length, raster.bandsLeftOut]).toEqual([40, 2960]);
  expect(raster.bands.reduce((sum, { rows }) => sum + rows, 0)).toBeLessThan(1200);
  for (const seconds of [1e-4, 0.05, 1, 1e4, 1e8]) {
    const layers = Array.from({ length: 24 }, (_, i) => ({
      ...{ name: `${i}`, neuronType: 'lif', neuronCount: 1, deviceType: 'cpu', chipId: '0' },
    }));
    const plan = planPictures(infoOf({ durationUs: Math.round(seconds * 1e6), layers }));
    expect((plan?.bins ?? 0) * 24).toBeLessThanOrEqual(2 ** 24);
    expect(plan?.points).toBeLessThanOrEqual(250);
    expect(plan?.points).toBeGreaterThan(8);
  }
  expect(planPictures(infoOf({ durationUs: 0 }))).toBeUndefined();
  expect(draw([spikesFrame(0, [])], { durationUs: 0 }).data).toBeUndefined();
});
