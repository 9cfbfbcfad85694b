import { describe, expect, it } from 'vitest';
import { Analyzer } from '../../src/analysis/analyzer.ts';
import { type Analysis, analysisSchema, type LayerResult } from '../../src/analysis/result.ts';
import type { Frame } from '../../src/frames/frame.ts';
import type { RecordingInfo, RecordingNotes } from '../../src/recordings/recording.ts';
import { infoOf, membraneFrame, NO_NOTES, powerFrame, spikesFrame } from './spikes-frame.ts';

function analyze(
  frames: readonly Frame[],
  info: Partial<RecordingInfo> = {},
  notes: RecordingNotes = NO_NOTES,
): { analysis: Analysis; remarks: string[] } {
  const analyzer = new Analyzer(infoOf(info), { windowUs: 100_000, listsWindows: true });
  for (const frame of frames) analyzer.next(frame);
  const result = analyzer.finish(notes);
  analysisSchema.parse(result.analysis);
  return result;
}

const layerA = (frames: readonly Frame[], info: Partial<RecordingInfo> = {}): LayerResult =>
  analyze(frames, info).analysis.layers['a'] as LayerResult;

/** A frame of 100 ms at each of 0, 100, 200 and 300 ms. */
const fourFrames = (spikes: readonly (readonly [number, number])[]) =>
  [0, 1, 2, 3].map((i) => spikesFrame(i * 100_000, spikes));

describe('rates and windows', () => {
  it('count every neuron, silent ones too', () => {
    const layer = layerA(
      fourFrames([
        [1, 5],
        [1, 900],
        [3, 40],
      ]),
    );
    expect(layer.spikes).toBe(12);
    expect([layer.mean_rate_hz, layer.rate_min_hz, layer.rate_max_hz]).toEqual([7.5, 0, 20]);
    expect([layer.active_neurons, layer.neuron_count]).toEqual([2, 4]);
    expect(layer.rate_histogram.count).toEqual([2, 2, 2, 2, 2, 3, 4, 4, 4, 4, 4, 4]);
    expect(layer.windows?.map(({ spikes }) => spikes)).toEqual([3, 3, 3, 3]);
    expect(layer.fano_factor_windows).toBe(0);
  });

  it('hold a spike at exactly the end in the totals and in no window', () => {
    const last = spikesFrame(400_000, [[0, 0]], { spanUs: 1 });
    const layer = layerA([...fourFrames([[1, 5]]), last]);
    expect(layer.spikes).toBe(5);
    expect(layer.windows?.map(({ spikes }) => spikes)).toEqual([1, 1, 1, 1]);
    // numpy.histogram counts it in its last bin: the variance of 1, 1, 1, 2 over their mean.
    expect(layer.fano_factor_windows).toBeCloseTo(0.1875 / 1.25, 12);
  });

  it('list no window that frames cover in part, or that reaches beyond the recording', () => {
    const [first, , third, fourth] = fourFrames([[1, 5]]);
    const layer = layerA([first, third, fourth] as Frame[], { durationUs: 399_500 });
    expect(layer.windows?.map(({ t0_us }) => t0_us)).toEqual([0, 200_000]);
  });

  it('are relative to the start of the recording', () => {
    const startUs = 1_700_000_000_000_000;
    const frames = fourFrames([[1, 5]]).map((frame) => ({ ...frame, t0Us: frame.t0Us + startUs }));
    const { analysis } = analyze(frames, { startUs, durationUs: startUs + 400_000 });
    const layer = analysis.layers['a'] as LayerResult;
    expect([analysis.duration_us, layer.mean_rate_hz]).toEqual([400_000, 2.5]);
    expect(layer.windows?.[0]?.t0_us).toBe(startUs);
    expect(layer.isi.mean_ms).toBe(100);
  });

  it('join the parts of a layer on several chips', () => {
    const parts = fourFrames([[1, 5]]).flatMap((frame) => [
      frame,
      { ...frame, chipId: '1', neuronOffset: 4, neuronCount: 6 },
    ]);
    const layer = layerA(parts);
    expect([layer.neuron_count, layer.spikes, layer.active_neurons]).toEqual([10, 8, 2]);
    expect(layer.windows?.[1]).toMatchObject({ spikes: 2, mean_rate_hz: 2 });
    expect(layer.synchrony).toEqual({ spike_synchronization: 1, neurons: 2 });
  });
});

describe('what is undefined is null', () => {
  it('for a declared layer without a frame', () => {
    const declared = {
      name: 'a',
      neuronType: 'lif',
      neuronCount: 4,
      deviceType: 'cpu',
      chipId: '0',
    };
    const layer = layerA([], { layers: [declared] });
    expect(layer).toMatchObject({ neuron_count: 4, spikes: 0, mean_rate_hz: null, windows: [] });
    expect(layer.rate_histogram.count).toEqual(new Array(12).fill(0));
    expect([layer.membrane, layer.fano_factor_neurons, layer.isi.mean_ms]).toEqual([
      null,
      null,
      null,
    ]);
  });

  it('for a recording of no length', () => {
    const layer = layerA([spikesFrame(0, [[2, 0]], { spanUs: 1 })], { durationUs: 0 });
    expect([layer.spikes, layer.mean_rate_hz, layer.rate_quantiles_hz['0.5']]).toEqual([
      1,
      null,
      null,
    ]);
  });

  it('for a recording of nothing', () => {
    const { analysis } = analyze([], { durationUs: 0 });
    expect(analysis).toMatchObject({ total_spikes: 0, layers: {}, power: {}, incidents: [] });
  });
});

describe('order', () => {
  it('of spikes within a frame does not matter', () => {
    const sorted = layerA(
      fourFrames([
        [0, 10],
        [1, 20],
        [0, 30],
        [1, 30_000],
      ]),
    );
    const mixed = layerA(
      fourFrames([
        [1, 30_000],
        [0, 30],
        [1, 20],
        [0, 10],
      ]),
    );
    expect(mixed).toEqual(sorted);
  });

  it('lost across frames is counted, and said', () => {
    const [first, second, ...rest] = fourFrames([[1, 5]]);
    const { analysis, remarks } = analyze([second, first, ...rest] as Frame[]);
    expect(analysis.layers['a']?.spikes).toBe(4);
    expect(analysis.layers['a']?.isi).toMatchObject({ count: 2, mean_ms: 100 });
    expect(remarks).toEqual([expect.stringContaining('1 spikes come before')]);
  });
});

describe('membrane potentials', () => {
  it('skip what is no sample, and cumulate the histogram of the live metric', () => {
    const values = [-70, Number.NaN, -50, Number.POSITIVE_INFINITY, -60];
    const { membrane } = layerA([membraneFrame(0, values)]);
    expect(membrane).toMatchObject({ unit: 'mV', samples: 3, mean: -60, min: -70, max: -50 });
    expect(membrane?.sd).toBeCloseTo(Math.sqrt(200 / 3), 12);
    expect(membrane?.quantiles['0.5']).toBe(-60);
    const at = membrane?.histogram.le.indexOf(-60) ?? -1;
    expect(membrane?.histogram.count.slice(at - 1, at + 2)).toEqual([1, 2, 2]);
    expect(membrane?.histogram.count.at(-1)).toBe(3);
  });

  it('in a second unit are left out, and said', () => {
    const frames = [membraneFrame(0, [-70]), membraneFrame(100_000, [3, 4], { unit: '1' })];
    const { analysis, remarks } = analyze(frames);
    expect(analysis.layers['a']?.membrane?.samples).toBe(1);
    expect(analysis.completeness.samples_outside).toBe(2);
    expect(remarks.join()).toContain('one unit');
  });
});

describe('power', () => {
  const chip = (frames: readonly Frame[]) => analyze(frames).analysis.power['loihi2/0'];

  it('is the trapezoid where only watts are known, across frames', () => {
    const frames = [powerFrame(0, [1, 2]), powerFrame(20_000, [4])];
    const result = chip(frames);
    expect(result).toMatchObject({ samples: 3, min_watts: 1, max_watts: 4 });
    expect(result?.energy_joules).toBeCloseTo(0.045, 12);
    expect(result?.mean_watts).toBeCloseTo(2.25, 12);
  });

  it('is the sum of joules over the time of the steps where both are stated', () => {
    const stated = { joules: Float64Array.of(0.5, 1), stepUs: Float64Array.of(100_000, 400_000) };
    expect(chip([powerFrame(0, [5, 2.5], stated)])).toMatchObject({
      energy_joules: 1.5,
      mean_watts: 3,
    });
  });

  it('is that of the best origin, of rail and component total', () => {
    const result = chip([
      powerFrame(0, [9, 9], { origin: 'simulated' }),
      powerFrame(0, [7], { rail: 'vdd' }),
      powerFrame(50_000, [1, 3]),
      powerFrame(90_000, [9], { origin: 'estimated' }),
    ]);
    expect(result).toMatchObject({ samples: 2, min_watts: 1, max_watts: 3 });
  });

  it('has no mean and no energy of one sample', () => {
    expect(chip([powerFrame(0, [2])])).toMatchObject({ mean_watts: null, energy_joules: null });
  });
});

describe('completeness', () => {
  const numbered = (seq: number, t0Us: number): Frame =>
    spikesFrame(t0Us, [[0, 5]], { seq, emitter: 'e' });

  it('counts lost, recovered and repeated frames by their numbers', () => {
    const seqs = [0, 3, 1, 3, 4];
    const frames = seqs.map((seq) => numbered(seq, seq * 50_000));
    const { analysis } = analyze(frames);
    expect(analysis.completeness.frames_lost).toBe(1);
    expect(analysis.total_spikes).toBe(4);
  });

  it('takes over what reading met', () => {
    const notes = { samplesOutside: 3, samplesInvalid: 2, truncated: true, framesLost: 7 };
    const { analysis } = analyze([numbered(0, 0)], {}, { ...notes, remarks: [] });
    expect(analysis.completeness).toEqual({
      frames_lost: 7,
      samples_late: 0,
      samples_invalid: 2,
      samples_outside: 3,
      truncated: true,
    });
  });

  it('counts spikes of closed windows as late', () => {
    const frames = [0, 100_000, 200_000, 300_000].map((t0Us) => spikesFrame(t0Us, [[0, 5]]));
    const late = spikesFrame(0, [
      [1, 9],
      [2, 9],
    ]);
    const { analysis } = analyze([...frames, late]);
    expect([analysis.completeness.samples_late, analysis.total_spikes]).toEqual([2, 6]);
  });

  it('counts spikes of neurons beyond those of the part', () => {
    const frames = [
      spikesFrame(0, [[0, 5]]),
      spikesFrame(
        100_000,
        [
          [1, 5],
          [9, 6],
        ],
        { neuronCount: 12 },
      ),
    ];
    const { analysis, remarks } = analyze(frames);
    expect([analysis.total_spikes, analysis.completeness.samples_outside]).toEqual([2, 1]);
    expect(remarks.join()).toContain('beyond');
  });

  it('says where there are too many neurons to follow each', () => {
    const { analysis, remarks } = analyze([
      spikesFrame(
        0,
        [
          [1, 5],
          [1, 9],
          [1, 700],
        ],
        { neuronCount: 2 ** 21 },
      ),
    ]);
    const layer = analysis.layers['a'];
    expect([layer?.spikes, layer?.rate_max_hz]).toEqual([3, 7.5]);
    expect([layer?.isi.count, layer?.bursts.count, layer?.synchrony.neurons]).toEqual([
      null,
      null,
      null,
    ]);
    expect(remarks.join()).toContain('too many neurons');
  });
});
