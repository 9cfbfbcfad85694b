import type { Frame } from '../../src/frames/frame.ts';
import { type FrameHeader, type FrameKind, OWN_EMITTER } from '../../src/frames/header.ts';

/** A small repeatable generator (mulberry32), so that a failing seed can be run again. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const TRACEPARENT = `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`;

type Random = () => number;

function pick<T>(random: Random, list: readonly T[]): T {
  return list[Math.floor(random() * list.length)] as T;
}

/** The first for the most part: streams that are whole for a while show what closes windows. */
function mostly<T>(random: Random, usual: T, odd: T): T {
  return random() < 0.97 ? usual : odd;
}

function sortedTimes(random: Random, length: number, spanUs: number): Uint32Array {
  return Uint32Array.from({ length }, () => Math.floor(random() * spanUs)).sort();
}

/**
 * A stream of frames of some kinds from two chips, as a rough network would send them: in order for
 * the most part, some reordered, some missing, an emitter that starts anew, a clock that jumps; one
 * run after another, and some frames of none.
 */
export function framesOfKinds(kinds: readonly FrameKind[], seed: number, length = 160): Frame[] {
  const random = randomFrom(seed);
  const frames: Frame[] = [];
  let t0Us = 1_700_000_000_000_000;
  let restarts = 0;
  for (let i = 0; i < length; i++) {
    if (random() < 0.02) restarts++;
    if (random() < 0.01) t0Us += (random() < 0.5 ? -1 : 1) * 7_200_000_000;
    const spanUs = 1 + Math.floor(random() * 300_000);
    const header: FrameHeader = {
      deviceType: mostly(random, 'loihi2', 'spinnaker'),
      chipId: mostly(random, 'a', 'b'),
      t0Us,
      spanUs,
      seq: random() < 0.98 ? i : undefined,
      runId: random() < 0.98 ? `run-${Math.floor(i / 30)}` : undefined,
      emitter: undefined,
      arrivedUs: random() < 0.5 ? Number.NaN : t0Us + 1000,
      restarts,
    };
    const kind = kinds.length === 1 ? kinds[0] : pick(random, kinds);
    frames.push(frameOf(kind as FrameKind, header, random));
    if (random() < 0.97) t0Us += spanUs;
    if (random() < 0.03) t0Us -= Math.min(t0Us, spanUs * 2);
  }
  if (kinds.includes('spikes')) frames.push(...silentLayer(t0Us + 1_000_000));
  return frames;
}

/** A layer that fires regularly, is silent for a while, and is back: a fault, for who looks. */
function silentLayer(fromUs: number): Frame[] {
  return Array.from({ length: 24 }, (_, i): Frame => {
    const count = i < 8 || i > 13 ? 200 : 0;
    return {
      kind: 'spikes',
      ...{ deviceType: 'cpu', chipId: 'c', t0Us: fromUs + i * 100_000, spanUs: 100_000 },
      ...{ seq: undefined, runId: undefined, emitter: undefined, arrivedUs: Number.NaN },
      ...{ restarts: 0, layerName: 'l3', neuronType: 'lif', neuronCount: 20 },
      neuronId: Uint32Array.from({ length: count }, (__, spike) => spike % 20),
      dtUs: Uint32Array.from({ length: count }, (__, spike) => spike * 500),
      ...{ timestep0: undefined, timestepUs: undefined, neuronOffset: 0 },
    };
  });
}

function frameOf(kind: FrameKind, header: FrameHeader, random: Random): Frame {
  const count = Math.floor(random() * 40);
  switch (kind) {
    case 'spikes':
      return {
        kind,
        ...header,
        layerName: mostly(random, 'l1', 'l2'),
        neuronType: random() < 0.99 ? 'lif' : 'alif',
        neuronCount: 16,
        neuronId: Uint32Array.from({ length: count }, () => Math.floor(random() * 16)),
        dtUs: Uint32Array.from({ length: count }, () => Math.floor(random() * header.spanUs)),
        timestep0: random() < 0.5 ? undefined : Math.floor(random() * 80),
        timestepUs: random() < 0.5 ? undefined : 1000,
        neuronOffset: 0,
      };
    case 'membrane':
      return membraneFrame(header, random);
    case 'power':
      return powerFrame(header, random, count);
    case 'cores':
      return {
        kind,
        ...header,
        coreId: Uint32Array.from({ length: count }, (_, core) => core),
        utilizationPercent: Float32Array.from({ length: count }, () => random() * 100),
        layerNames: undefined,
      };
    case 'activity':
      return activityFrame(header, random, count);
    case 'synapses':
      return {
        kind,
        ...header,
        updates: [{ synapseType: 'excitatory', learningRule: 'stdp', count }],
      };
    case 'conversion':
      return conversionFrame(header, random);
    case 'health':
      return healthFrame(header, random);
    case 'log':
      return logFrame(header, random, count);
    case 'inference':
      return inferenceFrame(header, random, count);
    case 'benchmark':
      return benchmarkFrame(header, random);
  }
}

function membraneFrame(header: FrameHeader, random: Random): Frame {
  const neurons = 1 + Math.floor(random() * 5);
  const times = Math.floor(random() * 8);
  return {
    kind: 'membrane',
    ...header,
    layerName: pick(random, ['l1', 'l2']),
    neuronId: Uint32Array.from({ length: neurons }, () => Math.floor(random() * 50)),
    dtUs: sortedTimes(random, times, header.spanUs),
    values: Float32Array.from({ length: neurons * times }, () =>
      random() < 0.05 ? Number.NaN : -80 + random() * 110,
    ),
    unit: pick(random, ['mV', '1']),
    neuronOffset: 0,
  };
}

function activityFrame(header: FrameHeader, random: Random, count: number): Frame {
  return {
    kind: 'activity',
    ...header,
    scope: 'core',
    coreId: Uint32Array.from({ length: count }, (_, core) => core),
    counters: new Map([
      ['syn_ops', Float64Array.from({ length: count }, () => Math.floor(random() * 1000))],
      ['spikes_in', Float64Array.from({ length: count }, () => Math.floor(random() * 10))],
    ]),
    cumulative: random() < 0.5,
    stepUs: random() < 0.5 ? undefined : random() * 10,
  };
}

function inferenceFrame(header: FrameHeader, random: Random, count: number): Frame {
  return {
    kind: 'inference',
    ...header,
    modelName: pick(random, ['vit-tiny', 'bert-tiny']),
    hardware: mostly(random, 'loihi2', 'cpu'),
    count,
    energyJoules: random() < 0.05 ? 0 : random(),
    latencyUs: Float32Array.from({ length: count }, () => random() * 1e5 - 100),
    synapticOperations: random() < 0.5 ? undefined : Math.floor(random() * 10) * 1e6,
    baselineEnergyJoules: random() < 0.3 ? undefined : random() * 10,
    baselineName: random() < 0.3 ? undefined : mostly(random, 'gpu', 'server'),
  };
}

function benchmarkFrame(header: FrameHeader, random: Random): Frame {
  return {
    kind: 'benchmark',
    ...header,
    model: pick(random, ['vit-tiny', 'bert-tiny', 'vit-base']),
    hardware: mostly(random, 'cpu', 'loihi2'),
    latencySeconds: random() < 0.05 ? 0 : random(),
    throughputPerSecond: random() * 100,
    durationUs: Math.floor(random() * 1e8),
    accuracy: random() < 0.5 ? undefined : random(),
    energyJoules: random() < 0.5 ? undefined : random(),
    synapticOperations: random() < 0.5 ? undefined : Math.floor(random() * 1e9),
  };
}

function powerFrame(header: FrameHeader, random: Random, count: number): Frame {
  const stated = random() < 0.3;
  return {
    kind: 'power',
    ...header,
    dtUs: sortedTimes(random, count, header.spanUs),
    watts: Float32Array.from({ length: count }, () => random() * 2 - 0.1),
    joules: stated ? Float64Array.from({ length: count }, () => random() - 0.05) : undefined,
    stepUs: stated ? Float64Array.from({ length: count }, () => random() * 10) : undefined,
    rail: pick(random, ['total', 'vdd']),
    component: pick(random, ['total', 'dynamic']),
    origin: pick(random, ['measured', 'estimated', 'simulated']),
  };
}

/** Few ids, so that events come twice, before the start, and after the end. */
function conversionFrame(header: FrameHeader, random: Random): Frame {
  const base = {
    kind: 'conversion' as const,
    ...header,
    spanUs: 0,
    conversionId: `c${Math.floor(random() * 6)}`,
    trace: random() < 0.3 ? { traceparent: TRACEPARENT, tracestate: 'a=1' } : undefined,
  };
  const event = pick(random, ['started', 'step', 'step', 'finished', 'bound'] as const);
  const durationUs = Math.floor(random() * 1e9);
  if (event === 'started') {
    const names = { modelType: 'vit', modelName: 'vit-tiny', modelSize: 'tiny' };
    return { ...base, event, ...names, modelParameters: 5_000_000, hardwareTarget: 'loihi2' };
  }
  if (event === 'step') {
    const step = pick(random, ['calibration', 'convert_layer', 'hardware_compilation'] as const);
    const layerIndex = step === 'convert_layer' ? Math.floor(random() * 12) : undefined;
    const calibrationSamples = step === 'calibration' ? 100 : undefined;
    return { ...base, event, step, durationUs, layerIndex, layerType: 'mlp', calibrationSamples };
  }
  const success = event === 'finished' && random() < 0.7;
  const emitter = event === 'bound' ? OWN_EMITTER : header.emitter;
  const error = success ? undefined : 'OutOfMemory';
  const finished = { ...base, event: 'finished' as const, emitter, success, durationUs };
  return { ...finished, errorType: error, errorMessage: error };
}

/** A chip's own words, and what the monitor says of it. */
function healthFrame(header: FrameHeader, random: Random): Frame {
  const isOwn = random() < 0.4;
  return {
    kind: 'health',
    ...header,
    spanUs: 0,
    emitter: isOwn ? OWN_EMITTER : header.emitter,
    status: pick(random, isOwn ? ['ok', 'down'] : ['ok', 'degraded', 'down']),
    text: pick(random, [undefined, 'did not answer', 'too warm']),
    temperatureC: random() < 0.5 ? 30 + random() * 40 : undefined,
    forgotten: isOwn && random() < 0.1 ? true : undefined,
  };
}

function logFrame(header: FrameHeader, random: Random, count: number): Frame {
  return {
    kind: 'log',
    ...header,
    spanUs: 0,
    level: pick(random, ['DEBUG', 'ERROR']),
    text: 'as it was',
    line: random() < 0.5 ? 7 : undefined,
    eventType: pick(random, ['hardware_error', 'run_end', undefined, undefined]),
    names: new Map([
      ['logger', 'kit'],
      ['model_id', 'm'],
    ]),
    errorMessage: 'no answer',
    requiresAttention: true,
    spikeCount: count,
    timestep: undefined,
    spikeRate: undefined,
  };
}
