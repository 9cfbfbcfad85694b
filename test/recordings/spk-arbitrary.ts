import fc from 'fast-check';
import type { Frame } from '../../src/frames/frame.ts';
import type { FrameHeader, FrameKind } from '../../src/frames/header.ts';

/** Frames of every kind for fast-check: valid ones, with all their optional fields in or out. */
const name = fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' }).filter(isName);
const token = fc.stringMatching(/^[A-Za-z0-9_-]{1,12}$/);
const whole = fc.maxSafeNat();
const maybe = <V>(arbitrary: fc.Arbitrary<V>) => fc.option(arbitrary, { nil: undefined });
const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
const amount = fc.double({ min: 0, max: 1e15, noNaN: true });

function isName(text: string): boolean {
  return text.length <= 128 && text.isWellFormed();
}

const header: fc.Arbitrary<FrameHeader> = fc.record({
  deviceType: token,
  chipId: token,
  t0Us: fc.oneof(fc.nat(), fc.integer({ min: 1_700_000_000_000_000, max: 1_800_000_000_000_000 })),
  spanUs: fc.integer({ min: 1, max: 60_000_000 }),
  seq: maybe(whole),
  runId: maybe(name),
  emitter: maybe(name),
  arrivedUs: fc.oneof(fc.constant(Number.NaN), fc.integer({ min: 0, max: 2 ** 52 })),
  restarts: fc.constant(0),
});

function u32(length: number, below: number): fc.Arbitrary<Uint32Array> {
  const value = fc.nat(Math.min(below - 1, 0x7fff_ffff));
  return fc
    .array(value, { minLength: length, maxLength: length })
    .map((values) => Uint32Array.from(values));
}

function f32(length: number): fc.Arbitrary<Float32Array> {
  return fc
    .array(fc.float({ noNaN: true, noDefaultInfinity: true }), {
      minLength: length,
      maxLength: length,
    })
    .map((values) => Float32Array.from(values));
}

function f64(length: number, value: fc.Arbitrary<number> = amount): fc.Arbitrary<Float64Array> {
  return fc
    .array(value, { minLength: length, maxLength: length })
    .map((values) => Float64Array.from(values));
}

const size = fc.integer({ min: 0, max: 40 });

/** The fields of a kind beside its header. */
type Body<K extends FrameKind> = Omit<Extract<Frame, { kind: K }>, keyof FrameHeader | 'kind'>;
type BodyOf<K extends FrameKind> = (head: FrameHeader, length: number) => fc.Arbitrary<Body<K>>;

const spikes: BodyOf<'spikes'> = (head, length) =>
  fc.integer({ min: 1, max: 2 ** 24 }).chain((neuronCount) =>
    fc.record({
      layerName: name,
      neuronType: name,
      neuronCount: fc.constant(neuronCount),
      neuronId: u32(length, neuronCount),
      dtUs: u32(length, head.spanUs),
      timestep0: maybe(whole),
      timestepUs: maybe(fc.integer({ min: 1, max: 1e6 })),
      neuronOffset: fc.nat(),
    }),
  );

const membrane: BodyOf<'membrane'> = (head, length) =>
  fc.record({
    layerName: name,
    neuronId: u32(3, 2 ** 24),
    dtUs: u32(length, head.spanUs).map((dt) => dt.sort()),
    values: fc
      .array(fc.float(), { minLength: 3 * length, maxLength: 3 * length })
      .map((values) => Float32Array.from(values)),
    unit: name,
    neuronOffset: fc.nat(),
  });

const power: BodyOf<'power'> = (head, length) =>
  fc.record({
    dtUs: u32(length, head.spanUs).map((dt) => dt.sort()),
    watts: f32(length),
    joules: maybe(f64(length, finite)),
    stepUs: maybe(f64(length)),
    rail: name,
    component: fc.constantFrom('total', 'static', 'dynamic'),
    origin: fc.constantFrom('measured', 'estimated', 'simulated'),
  });

const cores: BodyOf<'cores'> = (_head, length) =>
  fc.record({
    coreId: u32(length, 2 ** 31),
    utilizationPercent: fc
      .array(fc.float({ min: 0, max: 100, noNaN: true }), { minLength: length, maxLength: length })
      .map((values) => Float32Array.from(values)),
    layerNames: maybe(fc.array(name, { minLength: length, maxLength: length })),
  });

const activity: BodyOf<'activity'> = (_head, length) =>
  fc.record({
    scope: fc.constantFrom('core', 'router'),
    coreId: u32(length, 2 ** 31),
    counters: fc
      .dictionary(token, f64(length), { maxKeys: 5 })
      .map((counters) => new Map(Object.entries(counters).filter(([key]) => key !== '__proto__'))),
    cumulative: fc.boolean(),
    stepUs: maybe(amount),
  });

const synapses: BodyOf<'synapses'> = () =>
  fc.record({
    updates: fc.array(fc.record({ synapseType: name, learningRule: name, count: whole }), {
      maxLength: 5,
    }),
  });

const health: BodyOf<'health'> = () =>
  fc.record({
    status: fc.constantFrom('ok', 'degraded', 'down'),
    text: maybe(name),
    temperatureC: maybe(finite),
    forgotten: maybe(fc.boolean()),
  });

const conversion: BodyOf<'conversion'> = () =>
  fc.oneof(
    fc.record({
      conversionId: name,
      event: fc.constant('started' as const),
      modelType: name,
      modelName: name,
      modelSize: name,
      modelParameters: whole,
      hardwareTarget: name,
    }),
    fc.record({
      conversionId: name,
      event: fc.constant('step' as const),
      step: fc.constantFrom('calibration', 'convert_layer', 'hardware_compilation'),
      durationUs: amount,
      layerIndex: fc.nat(),
      layerType: maybe(name),
      calibrationSamples: maybe(fc.nat()),
    }),
    fc.record({
      conversionId: name,
      event: fc.constant('finished' as const),
      success: fc.boolean(),
      durationUs: amount,
      errorType: name,
      errorMessage: maybe(name),
    }),
  ) as unknown as fc.Arbitrary<Body<'conversion'>>;

const inference: BodyOf<'inference'> = (_head, length) =>
  fc.record({
    modelName: name,
    hardware: name,
    count: fc.constant(length),
    energyJoules: amount,
    latencyUs: f32(length),
    synapticOperations: maybe(amount),
    baselineEnergyJoules: maybe(amount),
    baselineName: maybe(name),
  });

const benchmark: BodyOf<'benchmark'> = () =>
  fc.record({
    model: name,
    hardware: name,
    latencySeconds: amount,
    throughputPerSecond: amount,
    durationUs: amount,
    accuracy: maybe(fc.double({ min: 0, max: 1, noNaN: true })),
    energyJoules: maybe(amount),
    synapticOperations: maybe(amount),
  });

const log: BodyOf<'log'> = () =>
  fc.record({
    level: fc.constantFrom('DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'),
    text: name,
    line: maybe(fc.nat()),
    eventType: maybe(name),
    names: maybe(name).map((logger) => new Map(logger === undefined ? [] : [['logger', logger]])),
    errorMessage: maybe(name),
    requiresAttention: maybe(fc.boolean()),
    spikeCount: maybe(fc.nat()),
    timestep: maybe(fc.nat()),
    spikeRate: maybe(amount),
  });

const BODIES: { readonly [K in FrameKind]: BodyOf<K> } = {
  spikes,
  membrane,
  power,
  cores,
  activity,
  synapses,
  health,
  conversion,
  inference,
  benchmark,
  log,
};

export function frameOfKind(kind: FrameKind): fc.Arbitrary<Frame> {
  return fc.tuple(header, size).chain(([head, length]) => {
    const body = BODIES[kind](head, length) as fc.Arbitrary<object>;
    return body.map((fields) => ({ kind, ...head, ...fields }) as Frame);
  });
}

export const anyFrame: fc.Arbitrary<Frame> = fc
  .constantFrom(...(Object.keys(BODIES) as FrameKind[]))
  .chain(frameOfKind);
