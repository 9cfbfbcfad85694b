import fc, { type Arbitrary } from 'fast-check';
import type { Frame, FrameOfKind } from '../../src/frames/frame.ts';
import type { FrameHeader, FrameKind } from '../../src/frames/header.ts';

/**
 * Frames as the product holds them, of every kind, with all that the wire can carry: names in any
 * script, the ends of every range, columns that are views on part of a larger buffer.
 */
const SAFE = Number.MAX_SAFE_INTEGER;
const SAMPLES = 12;

const count = fc.oneof(fc.nat(300), fc.maxSafeNat(), fc.constant(SAFE));
const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 });
const text = fc.string({ unit: 'binary', maxLength: 40 });
const token = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/);
const amount = fc
  .double({ min: 0, noNaN: true, noDefaultInfinity: true })
  .map((value) => value + 0);
const signed = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
const maybe = <T>(arbitrary: Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

/** Columns lie anywhere in their buffer, as a caller's may. */
function u32(length: number, max = 0xffff_ffff): Arbitrary<Uint32Array> {
  const values = fc.array(fc.nat(max), { minLength: length, maxLength: length });
  return fc.tuple(values, fc.nat(3)).map(([list, before]) => {
    return Uint32Array.of(...new Array<number>(before).fill(7), ...list, 9).subarray(
      before,
      before + length,
    );
  });
}

function f32(length: number, constraints: fc.FloatConstraints = {}): Arbitrary<Float32Array> {
  const finite = { noNaN: true, noDefaultInfinity: true, ...constraints };
  const values = fc.array(fc.float(finite), { minLength: length, maxLength: length });
  // JSON writes -0 as 0.
  return values.map((list) => Float32Array.from(list, (value) => value + 0));
}

function f64(length: number, of: Arbitrary<number>): Arbitrary<Float64Array> {
  return fc
    .array(of, { minLength: length, maxLength: length })
    .map((list) => Float64Array.from(list));
}

function header(spanUsMin: number): Arbitrary<FrameHeader> {
  return fc.record({
    deviceType: token,
    chipId: token,
    t0Us: fc.oneof(fc.nat(5), fc.maxSafeNat(), fc.constant(SAFE - 60_000_000)).map(spanFits),
    spanUs: fc.integer({ min: spanUsMin, max: 60_000_000 }),
    seq: maybe(count),
    runId: maybe(name),
    emitter: maybe(name),
    arrivedUs: fc.constant(Number.NaN),
    restarts: fc.constant(0),
  });
}

function spanFits(t0Us: number): number {
  return Math.min(t0Us, SAFE - 60_000_000);
}

type Body<Kind extends FrameKind> = FrameOfKind[Kind] extends infer F
  ? F extends unknown
    ? Omit<F, keyof FrameHeader | 'kind'>
    : never
  : never;

function frame<Kind extends FrameKind>(
  kind: Kind,
  body: (header: FrameHeader) => Arbitrary<Body<Kind>>,
  spanUsMin = 0,
): Arbitrary<Frame> {
  return header(spanUsMin).chain((head) =>
    body(head).map((rest) => ({ kind, ...head, ...rest }) as unknown as Frame),
  );
}

const length = fc.nat(SAMPLES);

function times(samples: number, spanUs: number): Arbitrary<Uint32Array> {
  return u32(samples, spanUs - 1).map((dtUs) => dtUs.slice().sort());
}

const spikes = frame(
  'spikes',
  ({ spanUs }) =>
    fc.tuple(length, fc.integer({ min: 1, max: 2 ** 24 })).chain(([n, neuronCount]) =>
      fc.record({
        layerName: name,
        neuronType: name,
        neuronCount: fc.constant(neuronCount),
        neuronId: u32(n, neuronCount - 1),
        dtUs: u32(n, spanUs - 1),
        timestep0: maybe(count),
        timestepUs: maybe(count.map((us) => Math.max(us, 1))),
        neuronOffset: count,
      }),
    ),
  1,
);

const membrane = frame(
  'membrane',
  ({ spanUs }) =>
    fc.tuple(fc.nat(4), fc.nat(4)).chain(([n, m]) =>
      fc.record({
        layerName: name,
        neuronId: u32(n, 2 ** 24 - 1),
        dtUs: times(m, spanUs),
        values: f32(n * m, { noNaN: false, noDefaultInfinity: false }),
        unit: name,
        neuronOffset: count,
      }),
    ),
  1,
);

const power = frame(
  'power',
  ({ spanUs }) =>
    length.chain((m) =>
      fc.record({
        dtUs: times(m, spanUs),
        watts: f32(m),
        joules: maybe(f64(m, signed)),
        stepUs: maybe(f64(m, amount)),
        rail: name,
        component: fc.constantFrom('total', 'static', 'dynamic'),
        origin: fc.constantFrom('measured', 'estimated', 'simulated'),
      }),
    ),
  1,
);

const cores = frame('cores', () =>
  length.chain((n) =>
    fc.record({
      coreId: u32(n),
      utilizationPercent: f32(n, { min: 0, max: 100 }),
      layerNames: maybe(fc.array(fc.oneof(name, fc.constant('')), { minLength: n, maxLength: n })),
    }),
  ),
);

const activity = frame('activity', () =>
  fc.tuple(fc.constantFrom('core', 'router', 'chip'), length).chain(([scope, n]) => {
    const rows = scope === 'chip' ? 0 : n;
    const names = fc.uniqueArray(fc.oneof(name, fc.constant('__proto__')), { maxLength: 4 });
    return fc.record({
      scope: fc.constant(scope),
      coreId: u32(rows),
      counters: names.chain((keys) =>
        fc
          .tuple(...keys.map(() => f64(scope === 'chip' ? 1 : rows, amount)))
          .map((columns) => new Map(keys.map((key, i) => [key, columns[i] as Float64Array]))),
      ),
      cumulative: fc.boolean(),
      stepUs: maybe(amount),
    });
  }),
);

const synapses = frame('synapses', () =>
  fc.record({
    updates: fc.array(fc.record({ synapseType: name, learningRule: name, count }), {
      maxLength: 4,
    }),
  }),
);

const health = frame('health', () =>
  fc.record({
    status: fc.constantFrom('ok', 'degraded', 'down'),
    text: maybe(text),
    temperatureC: maybe(signed),
    forgotten: maybe(fc.boolean()),
  }),
);

const conversion = frame('conversion', () =>
  fc.oneof(
    fc.record({
      conversionId: name,
      event: fc.constant('started' as const),
      modelType: name,
      modelName: name,
      modelSize: name,
      modelParameters: count,
      hardwareTarget: name,
    }),
    fc.record({
      conversionId: name,
      event: fc.constant('step' as const),
      step: fc.constantFrom('calibration', 'convert_layer', 'hardware_compilation'),
      durationUs: count,
      layerIndex: count,
      layerType: maybe(name),
      calibrationSamples: maybe(count),
    }),
    fc.record({
      conversionId: name,
      event: fc.constant('finished' as const),
      success: fc.boolean(),
      durationUs: fc.double({ min: 0, max: SAFE, noNaN: true }).map((value) => value + 0),
      errorType: name,
      errorMessage: maybe(text),
    }),
  ),
);

const inference = frame('inference', () =>
  length.chain((n) =>
    fc.record({
      modelName: name,
      hardware: name,
      count: fc.constant(n),
      energyJoules: amount,
      latencyUs: f32(n),
      synapticOperations: maybe(amount),
      baselineEnergyJoules: maybe(amount),
      baselineName: maybe(name),
    }),
  ),
);

const benchmark = frame('benchmark', () =>
  fc.record({
    model: name,
    hardware: name,
    latencySeconds: amount,
    throughputPerSecond: amount,
    durationUs: count,
    accuracy: maybe(fc.double({ min: 0, max: 1, noNaN: true }).map((value) => value + 0)),
    energyJoules: maybe(amount),
    synapticOperations: maybe(amount),
  }),
);

const LOG_NAMES = [
  'logger',
  'module',
  'function',
  'model_id',
  'hardware_type',
  'user_id',
  'model_type',
  'model_size',
  'hardware_target',
  'layer_name',
];

const log = frame('log', () =>
  fc.record({
    level: fc.constantFrom('DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'),
    text,
    line: maybe(count),
    eventType: maybe(name),
    names: fc
      .tuple(fc.subarray(LOG_NAMES), fc.array(name, { minLength: 10, maxLength: 10 }))
      .map(([keys, values]) => new Map(keys.map((key, i) => [key, values[i] as string]))),
    errorMessage: maybe(text),
    requiresAttention: maybe(fc.boolean()),
    spikeCount: maybe(count),
    timestep: maybe(count),
    spikeRate: maybe(amount),
  }),
);

export const FRAME_ARBITRARIES: Readonly<Record<FrameKind, Arbitrary<Frame>>> = {
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
