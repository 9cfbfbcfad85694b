import { describe, expect, test } from 'vitest';
import {
  activityFrame,
  benchmarkFrame,
  conversionFrame,
  coresFrame,
  healthFrame,
  inferenceFrame,
  logFrame,
  membraneFrame,
  powerFrame,
  spikesFrame,
  synapsesFrame,
} from '../../src/emitter/frame-builders.ts';
import { FrameDecoder } from '../../src/frames/decode.ts';
import { FrameEncoder } from '../../src/frames/encode.ts';
import type { Frame } from '../../src/frames/frame.ts';
import { FrameError } from '../../src/frames/frame-error.ts';
import { FRAME_KINDS } from '../../src/frames/header.ts';

const CHIP = { deviceType: 'loihi2', chipId: 'chip0', t0Us: 1_700_000_000_000_000 };
const SPIKES = {
  ...CHIP,
  spanUs: 1000,
  layerName: 'encoder.0',
  neuronCount: 4,
  neuronId: [0, 3, 3],
  dtUs: [0, 999, 5],
};

/** The least that each builder takes. */
const LEAST: Readonly<Record<Frame['kind'], () => Frame>> = {
  spikes: () => spikesFrame(SPIKES),
  membrane: () =>
    membraneFrame({
      ...CHIP,
      spanUs: 10,
      layerName: 'l',
      neuronId: [4, 5],
      dtUs: [1, 2],
      values: [-65, -66, Number.NaN, -67],
    }),
  power: () => powerFrame({ ...CHIP, spanUs: 10, dtUs: [1, 2], watts: [0.5, -0.1] }),
  cores: () => coresFrame({ ...CHIP, coreId: [0, 1], utilizationPercent: [0, 100] }),
  activity: () =>
    activityFrame({ ...CHIP, scope: 'core', coreId: [1, 2], counters: { syn_ops: [1, 2] } }),
  synapses: () =>
    synapsesFrame({ ...CHIP, updates: [{ synapseType: 'e', learningRule: 'stdp', count: 7 }] }),
  health: () => healthFrame({ ...CHIP, status: 'ok' }),
  conversion: () =>
    conversionFrame({
      ...CHIP,
      conversionId: 'c1',
      event: 'step',
      step: 'calibration',
      durationUs: 5,
    }),
  inference: () =>
    inferenceFrame({
      ...CHIP,
      modelName: 'vit',
      hardware: 'loihi2',
      energyJoules: 0.25,
      latencyUs: [900, 1100],
    }),
  benchmark: () =>
    benchmarkFrame({
      ...CHIP,
      model: 'vit',
      hardware: 'loihi2',
      latencySeconds: 0.01,
      throughputPerSecond: 100,
      durationUs: 1e6,
    }),
  log: () => logFrame({ ...CHIP, level: 'INFO', text: '' }),
};

describe.each(FRAME_KINDS)('a %s frame of least effort', (kind) => {
  const frame = LEAST[kind]();

  test.each(['msgpack', 'json'] as const)('arrives as it was built, as %s', (encoding) => {
    expect(frame.kind).toBe(kind);
    const read = new FrameDecoder().decode(new FrameEncoder().encode(frame, encoding));
    expect(read).toEqual(frame);
  });

  test.each([
    ['device_type', { deviceType: 'loihi 2' }],
    ['chip_id', { chipId: '' }],
    ['t0', { t0Us: -1 }],
    ['t0', { t0Us: undefined }],
    ['span_us', { spanUs: 60_000_001 }],
    ['seq', { seq: 0.5 }],
    ['run_id', { runId: 'r'.repeat(129) }],
  ])('is refused with a bad %s: %j', (field, bad) => {
    expect(() => build({ ...frame, ...bad } as Frame)).toThrow(new RegExp(`^${field}: `));
  });
});

/** Builds a frame again from its own properties, as input. */
function build(frame: Frame): Frame {
  switch (frame.kind) {
    case 'spikes':
      return spikesFrame(frame);
    case 'membrane':
      return membraneFrame(frame);
    case 'power':
      return powerFrame(frame);
    case 'cores':
      return coresFrame(frame);
    case 'activity':
      return activityFrame(frame);
    case 'synapses':
      return synapsesFrame(frame);
    case 'health':
      return healthFrame(frame);
    case 'conversion':
      return conversionFrame(frame);
    case 'inference':
      return inferenceFrame(frame);
    case 'benchmark':
      return benchmarkFrame(frame);
    case 'log':
      return logFrame(frame);
  }
}

test('fills in what the wire says is meant', () => {
  expect(LEAST.spikes()).toMatchObject({ neuronType: 'lif', neuronOffset: 0, seq: undefined });
  expect(LEAST.membrane()).toMatchObject({ unit: 'mV', neuronOffset: 0 });
  expect(LEAST.power()).toMatchObject({ rail: 'total', component: 'total', origin: 'measured' });
  expect(LEAST.activity()).toMatchObject({ cumulative: false, spanUs: 0 });
  expect(LEAST.inference()).toMatchObject({ count: 2 });
  const chip = activityFrame({ ...CHIP, scope: 'chip', counters: new Map([['syn_ops', [3]]]) });
  expect(chip.coreId).toEqual(new Uint32Array(0));
  expect(chip.counters.get('syn_ops')).toEqual(Float64Array.of(3));
});

test('takes all that a kind can say', () => {
  const frame = logFrame({
    ...CHIP,
    level: 'ERROR',
    text: 'core 7 hangs',
    line: 12,
    eventType: 'hardware_error',
    names: { logger: 'spikeformer.neuromorphic', hardware_type: 'loihi2', layer_name: 'l0' },
    errorMessage: 'no\nanswer',
    requiresAttention: true,
    spikeCount: 9,
    timestep: 0,
    spikeRate: 0.75,
    seq: 4,
    runId: 'r1',
    emitter: 'e1',
  });
  expect(new FrameDecoder().decode(new FrameEncoder().encode(frame))).toEqual(frame);
  expect(frame.names.get('hardware_type')).toBe('loihi2');
  expect([frame.requiresAttention, frame.spikeRate]).toEqual([true, 0.75]);
  expect([frame.seq, frame.runId, frame.emitter]).toEqual([4, 'r1', 'e1']);
});

test('typed columns are used where they lie, at any offset; lists are not kept', () => {
  const memory = new Uint32Array(16);
  const neuronId = memory.subarray(3, 6);
  const frame = spikesFrame({ ...SPIKES, neuronId });
  expect(frame.neuronId.buffer).toBe(memory.buffer);
  memory[4] = 2;
  expect(frame.neuronId[1]).toBe(2);
  const list = [0, 1, 2];
  const copied = spikesFrame({ ...SPIKES, neuronId: list });
  list[0] = 3;
  expect(copied.neuronId[0]).toBe(0);
});

test('frames do not share what a builder remembers', () => {
  const first = spikesFrame({ ...SPIKES, neuronId: [1, 1, 1] });
  const second = spikesFrame({ ...SPIKES, neuronId: [2, 2, 2] });
  expect([...first.neuronId, ...second.neuronId]).toEqual([1, 1, 1, 2, 2, 2]);
});

describe('refuses, and says what was there:', () => {
  const spikes = (bad: object) => () => spikesFrame({ ...SPIKES, ...bad });
  const chip = { ...CHIP, scope: 'chip' as const };
  test.each<[string, () => Frame, string]>([
    [
      'wrong_type',
      spikes({ neuronId: Int32Array.of(1) }),
      'neuronId: needs a Uint32Array or a list of whole numbers, got a Int32Array',
    ],
    ['wrong_type', spikes({ dtUs: 'now' }), 'dtUs: needs a Uint32Array'],
    ['wrong_type', spikes({ dtUs: [1, '2', 3] }), 'dtUs: value 1 needs a number, got "2"'],
    ['out_of_range', spikes({ dtUs: [1, 2.5, 3] }), 'dtUs: value 1: 2.5 is no u32'],
    ['out_of_range', spikes({ dtUs: [-1, 2, 3] }), 'dtUs: value 0: -1 is no u32'],
    ['missing_field', spikes({ dtUs: undefined }), 'dt: is needed and absent'],
    ['missing_field', spikes({ layerName: undefined }), 'layer_name: is needed and absent'],
    ['length_mismatch', spikes({ dtUs: [1, 2] }), 'dt: 2 values, needs 3'],
    [
      'neuron_outside_population',
      spikes({ neuronId: [0, 4, 0] }),
      'neuron_id: value 1: 4 is not below neuron_count 4',
    ],
    ['dt_outside_span', spikes({ dtUs: [0, 1, 1000] }), 'dt: value 2: 1000 is not below 1000'],
    [
      'wrong_type',
      () => activityFrame({ ...chip, counters: [1] as unknown as Record<string, []> }),
      'counters: needs a Map or an object, got a list of 1',
    ],
    [
      'length_mismatch',
      () => activityFrame({ ...chip, counters: { syn_ops: [1, 2] } }),
      'counters.syn_ops: 2 values, needs 1',
    ],
    [
      'wrong_type',
      () => activityFrame({ ...chip, counters: { a: Uint32Array.of(1) as unknown as [] } }),
      'counters.a: needs a Float64Array or a list of numbers, got a Uint32Array',
    ],
    [
      'wrong_type',
      () => synapsesFrame({ ...CHIP, updates: undefined as unknown as [] }),
      'updates: needs a list, got undefined',
    ],
    ['not_finite', () => powerFrame({ ...SPIKES, watts: [1, 1, NaN], dtUs: [1, 2, 3] }), 'watts: '],
  ])('%s %#', (reason, act, message) => {
    expect(act).toThrow(FrameError);
    expect(act).toThrow(message);
    expect(act).toThrow(expect.objectContaining({ reason }));
  });
});
