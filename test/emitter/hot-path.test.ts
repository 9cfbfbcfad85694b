import { getCallSites } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it, test, vi } from 'vitest';
import {
  createEmitter,
  type Emitter,
  type EmitterOptions,
  type LayerOptions,
} from '../../src/emitter/emitter.ts';
import type { EmitterProblem } from '../../src/emitter/problem-reports.ts';
import type { LogFrame } from '../../src/frames/log.ts';
import { type NatsServer, startNatsServer } from '../integration/nats-server.ts';
import { accounted, FrameReader, PATIENT, testEmitter } from './frame-reader.ts';

let nats: NatsServer;
let reader: FrameReader;
let emitter: Emitter;
let problems: EmitterProblem[];

beforeAll(async () => {
  nats = await startNatsServer();
  reader = await FrameReader.start(nats.url);
});

afterAll(async () => {
  await reader.stop();
  await nats.stop();
});

function open(options: Partial<EmitterOptions> = {}): void {
  ({ emitter, problems } = testEmitter(nats.url, options));
}

afterEach(() => emitter.close());

/** What a program in JavaScript may hand over. */
const ODD: readonly unknown[] = [
  undefined,
  null,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  -1,
  0.5,
  2 ** 53,
  '7',
  {},
  [],
  true,
];

describe('nothing that is recorded is thrown back', () => {
  it('spikes that are none are counted, the others arrive', async () => {
    open();
    const layer = emitter.layer({ layerName: 'l0', neuronCount: 10 });
    layer.record(9, 1000);
    let odd = 0;
    for (const value of ODD) {
      layer.record(value as number, 1000);
      odd++;
      if (value === 0.5) continue;
      layer.record(3, value as number);
      odd++;
    }
    layer.record(10, 1000);
    expect(emitter.stats().droppedSamples.invalid).toBe(odd + 1);
    layer.recordSpikes([1, 2, 10, 3], [1000, 1001, 1002, Number.NaN]);
    expect(emitter.stats().droppedSamples.invalid).toBe(odd + 3);
    expect(await emitter.flush(PATIENT)).toBe(true);
    const stats = emitter.stats();
    expect(accounted(emitter)).toBe(stats.recordedSamples);
    expect(stats.droppedFrames.invalid).toBe(0);
  });

  it('columns that do not fit, or are none', () => {
    open();
    const layer = emitter.layer({ layerName: 'l0', neuronCount: 10 });
    layer.recordSpikes([1, 2, 3], [1000, 1001]);
    expect(emitter.stats().droppedSamples.invalid).toBe(3);
    for (const value of ODD) {
      layer.recordSpikes(value as number[], [1]);
      layer.recordSpikes([1], value as number[]);
      layer.recordSpikes(value as number[], value as number[]);
      layer.advance(value as number);
    }
    expect(accounted(emitter)).toBe(emitter.stats().recordedSamples);
  });

  const calls: readonly (readonly [string, (odd: never) => void])[] = [
    ['spikes', (odd) => emitter.recordSpikes(odd)],
    ['membrane', (odd) => emitter.recordMembrane(odd)],
    ['power', (odd) => emitter.recordPower(odd)],
    ['cores', (odd) => emitter.recordCores(odd)],
    ['activity', (odd) => emitter.recordActivity(odd)],
    ['synapses', (odd) => emitter.recordSynapses(odd)],
    ['health', (odd) => emitter.recordHealth(odd)],
    ['inference', (odd) => emitter.recordInference(odd)],
    ['a log line', (odd) => emitter.log(odd, odd, odd)],
    ['an error of the hardware', (odd) => emitter.logHardwareError('', odd)],
  ];
  it.each(calls)('%s', (_what, call) => {
    open();
    for (const value of ODD) call(value as never);
    expect(emitter.stats().droppedFrames.invalid).toBe(ODD.length);
    expect(emitter.stats().bufferedFrames).toBe(0);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ reason: 'invalid', count: 1 });
  });

  it('the report names the field', () => {
    open();
    const columns = { dtUs: [0, 50], watts: [1], spanUs: 100 };
    emitter.recordPower(columns);
    expect(problems.map(({ message }) => message)).toEqual(['watts: 1 values, needs 2']);
  });
});

it('a host that complains in its callback ends nothing', () => {
  open({
    onError: () => {
      throw new Error('the host is broken');
    },
  });
  emitter.recordPower({ dtUs: [0], watts: [Number.NaN], spanUs: 10 });
  expect(emitter.stats().droppedFrames.invalid).toBe(1);
});

it('the same problem is told once a second, with how often it was', () => {
  open();
  const clock = vi.spyOn(performance, 'now').mockReturnValue(1e6);
  const layer = emitter.layer({ layerName: 'l0', neuronCount: 1 });
  for (let i = 0; i < 1000; i++) layer.record(5, 0);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toEqual({
    reason: 'invalid',
    message: 'l0: needs neuron_id below 1, t in µs from 0; got 5, 0',
    count: 1,
  });
  clock.mockReturnValue(1e6 + 999);
  layer.record(5, 0);
  expect(problems).toHaveLength(1);
  clock.mockReturnValue(1e6 + 1000);
  layer.record(5, 0);
  clock.mockRestore();
  expect(problems.map(({ count }) => count)).toEqual([1, 1001]);
});

it('what a program says of a chip arrives, with the chip and the time filled in', async () => {
  open({ chipId: 'kinds', runId: 'r' });
  const before = Date.now() * 1000;
  emitter.recordSpikes({ spanUs: 10, layerName: 'l', neuronCount: 3, neuronId: [2], dtUs: [9] });
  emitter.recordMembrane({ spanUs: 10, layerName: 'l', neuronId: [1], dtUs: [0], values: [-65] });
  emitter.recordPower({ spanUs: 10, t0Us: 77, dtUs: [0], watts: [0.5] });
  emitter.recordCores({ coreId: [0], utilizationPercent: [50], chipId: 'other' });
  emitter.recordActivity({ scope: 'chip', counters: { syn_ops: [5] } });
  const updates = [{ synapseType: 'plastic', learningRule: 'stdp', count: 3 }];
  emitter.recordSynapses({ updates });
  emitter.recordHealth({ status: 'ok', deviceType: undefined });
  emitter.recordInference({ modelName: 'm', hardware: 'h', energyJoules: 1, latencyUs: [2] });
  emitter.log('WARNING', 'x'.repeat(10_000), { names: { logger: 'mine' } });
  emitter.logHardwareError('loihi2', 'core 7 hangs');
  expect(await emitter.flush(PATIENT)).toBe(true);
  await reader.connection.flush();
  expect(problems).toEqual([]);
  const after = Date.now() * 1000;
  const frames = reader.frames.filter(({ runId }) => runId === 'r');
  expect(frames.map(({ kind, chipId }) => `${kind} ${chipId}`).sort()).toEqual([
    'activity kinds',
    'cores other',
    'health kinds',
    'inference kinds',
    'log kinds',
    'log kinds',
    'membrane kinds',
    'power kinds',
    'spikes kinds',
    'synapses kinds',
  ]);
  for (const { kind, t0Us, spanUs, deviceType } of frames) {
    expect(deviceType).toBe('loihi2');
    if (kind === 'power') expect(t0Us).toBe(77);
    else expect(t0Us + spanUs).toBeGreaterThanOrEqual(before);
    expect(t0Us).toBeLessThanOrEqual(after);
  }
  const [line, error] = frames.filter(({ kind }) => kind === 'log');
  expect(line).toMatchObject({ level: 'WARNING', text: 'x'.repeat(8191) });
  expect(error).toMatchObject({
    level: 'ERROR',
    text: 'Hardware error on loihi2: core 7 hangs',
    eventType: 'hardware_error',
    errorMessage: 'core 7 hangs',
    requiresAttention: true,
    names: new Map([
      ['logger', 'spikeformer.neuromorphic'],
      ['hardware_type', 'loihi2'],
      ['module', 'hot-path.test'],
      ['function', '<anonymous>'],
    ]),
  });
});

it('a log line says where it was called, or what it is told', async () => {
  open({ chipId: 'places' });
  const line = getCallSites(1)[0]?.lineNumber ?? Number.NaN;
  namedCaller(emitter);
  emitter.log('INFO', 'told', { line: 7, names: { module: 'train' } });
  emitter.log('INFO', 'odd', { names: 5 as never });
  expect(await emitter.flush(PATIENT)).toBe(true);
  await reader.connection.flush();
  const frames = reader.frames.filter(({ chipId }) => chipId === 'places');
  const [first, second, told] = frames as LogFrame[];
  expect(first?.names).toEqual(new Map([...HERE, ['logger', 'mine']]));
  expect(first?.line).toBeGreaterThan(line);
  expect(second?.line).toBe((first?.line ?? Number.NaN) + 1);
  expect(second?.names.get('function')).toBe('namedCaller');
  expect(told).toMatchObject({ line: 7, names: new Map([['module', 'train']]) });
  expect(emitter.stats().droppedFrames.invalid).toBe(1);
});

const HERE = new Map([
  ['module', 'hot-path.test'],
  ['function', 'namedCaller'],
]);

function namedCaller(on: Emitter): void {
  on.log('INFO', 'here', { names: new Map([['logger', 'mine']]) });
  on.logHardwareError('loihi2', 'and here');
}

describe('what is declared once is refused at once', () => {
  const chip = { deviceType: 'cpu', chipId: '0' };
  const options: readonly (readonly [object, RegExp])[] = [
    [{ ...chip, chipId: 'a.b' }, /^chip_id: "a\.b" is not 1 to 64/],
    [{ chipId: '0' }, /^device_type: is needed/],
    [{ ...chip, prefix: 'a b' }, /^subject: prefix "a b"/],
    [{ ...chip, runId: '' }, /^run_id: is empty/],
    [{ ...chip, name: 'no spaces' }, /name is 1 to 64 of .*got "no spaces"/],
    [{ ...chip, delivery: 'udp' }, /^delivery: needs core or jetstream, got "udp"/],
    [{ ...chip, batchMs: 0 }, /^batchMs: needs a number from 1 to 60000, got 0/],
    [{ ...chip, bufferBytesMax: 1 }, /^bufferBytesMax: /],
    [{ ...chip, servers: [] }, /^servers: is empty/],
    [
      { ...chip, servers: 'https://u:hunter2@h/x' },
      /^servers: needs nats:\/\/host:port(?!.*hunter2)/,
    ],
    [{ ...chip, onError: 5 }, /^onError: needs a function, got 5/],
  ];
  test.each(options)('an emitter of %j', (bad, message) => {
    open();
    expect(() => createEmitter(bad as EmitterOptions)).toThrow(message);
  });

  const layers: readonly (readonly [Partial<LayerOptions>, RegExp])[] = [
    [{ layerName: '' }, /^layer_name: is empty/],
    [{ neuronCount: 0 }, /^neuron_count: 0 is not within/],
    [{ neuronType: 'x'.repeat(129) }, /^neuron_type: 129 characters/],
    [{ spanUs: 60_000_001 }, /^span_us: needs 1 … 60000000, got 60000001/],
    [{ spikesMax: 0 }, /^spikes_max: needs 1 … 65536, got 0/],
    [{ timestepUs: 0.5 }, /^timestep_us: /],
    [{ timestep0: 3 }, /^timestep_us: is needed beside timestep0/],
    [{ chipId: 'a b' }, /^chip_id: /],
    [{ layerName: 'taken' }, /^layer_name: loihi2\/chip0\/taken is declared already/],
  ];
  test.each(layers)('a layer of %j', (bad, message) => {
    open();
    emitter.layer({ layerName: 'taken', neuronCount: 1 });
    expect(() => emitter.layer({ layerName: 'l', neuronCount: 1, ...bad })).toThrow(message);
  });
});
