import { describe, expect, it, test } from 'vitest';
import type { FrameLimits } from '../../src/frames/limits.ts';
import { type Changes, decode, errorOf, fieldsOf, inBoth, type PlainKind } from './messages.ts';
import { concat, Float, type Packable, toJson, toMsgpack } from './pack.ts';

const SAFE = 2 ** 53 - 1;

interface LimitCase {
  readonly limit: keyof FrameLimits;
  readonly reason: string;
  readonly field: string;
  /** The limit as it is without configuration, and another. */
  readonly values: readonly [number, number];
  readonly kind: PlainKind;
  /** A message of just this size. */
  readonly of: (size: number) => Changes;
}

const name = (size: number) => ({ emitter: 'x'.repeat(size) });

function nested(depth: number): Packable {
  return depth === 0 ? 1 : [nested(depth - 1)];
}

function updates(length: number): Packable {
  const update = new Map<string, Packable>([
    ['synapse_type', 'e'],
    ['learning_rule', 'r'],
    ['count', 1],
  ]);
  return Array.from({ length }, () => update);
}

const CASES: readonly LimitCase[] = [
  {
    limit: 'stringCharsMax',
    reason: 'string_too_long',
    field: 'emitter',
    values: [128, 5],
    kind: 'health',
    of: name,
  },
  {
    limit: 'stringCharsMax',
    reason: 'string_too_long',
    field: 'counters',
    values: [128, 6],
    kind: 'activity',
    of: (size) => ({ counters: new Map([['🧠'.repeat(size), Float64Array.of(1, 2)]]) }),
  },
  {
    limit: 'stringCharsMax',
    reason: 'string_too_long',
    field: 'layer_name[1]',
    values: [128, 6],
    kind: 'cores',
    of: (size) => ({ layer_name: ['', 'x'.repeat(size)] }),
  },
  {
    limit: 'textCharsMax',
    reason: 'string_too_long',
    field: 'message',
    values: [8192, 9],
    kind: 'health',
    of: (size) => ({ message: '🧠'.repeat(size) }),
  },
  {
    limit: 'nestingMax',
    reason: 'too_deep',
    field: 'payload',
    values: [8, 3],
    kind: 'health',
    of: (size) => ({ extra: nested(size - 1) }),
  },
  {
    limit: 'samplesMax',
    reason: 'too_many',
    field: 'neuron_id',
    values: [131_072, 100],
    kind: 'spikes',
    of: (size) => ({ neuron_id: new Uint32Array(size), dt: new Uint32Array(size) }),
  },
  {
    limit: 'samplesMax',
    reason: 'too_many',
    field: 'values',
    values: [131_072, 64],
    kind: 'membrane',
    of: (size) => {
      const neurons = size % 3 === 0 ? 3 : 2;
      const times = Math.floor(size / neurons);
      const columns = { neuron_id: new Uint32Array(neurons), dt: new Uint32Array(times) };
      return { ...columns, values: new Float32Array(size) };
    },
  },
  {
    limit: 'samplesMax',
    reason: 'out_of_range',
    field: 'count',
    values: [131_072, 2],
    kind: 'inference',
    of: (size) => ({ count: size, latency_us: new Float32Array(size) }),
  },
  {
    limit: 'spanUsMax',
    reason: 'out_of_range',
    field: 'span_us',
    values: [60_000_000, 1000],
    kind: 'spikes',
    of: (size) => ({ span_us: size }),
  },
  {
    limit: 'neuronCountMax',
    reason: 'out_of_range',
    field: 'neuron_count',
    values: [2 ** 24, 10],
    kind: 'spikes',
    of: (size) => ({ neuron_count: size }),
  },
  {
    limit: 'neuronCountMax',
    reason: 'neuron_outside_population',
    field: 'neuron_id',
    values: [2 ** 24, 10],
    kind: 'membrane',
    of: (size) => ({ neuron_id: Uint32Array.of(0, size - 1) }),
  },
  {
    limit: 'entriesMax',
    reason: 'too_many',
    field: 'updates',
    values: [4096, 3],
    kind: 'synapses',
    of: (size) => ({ updates: updates(size) }),
  },
];

describe.each(CASES)('$limit of $field', ({ limit, reason, field, values, kind, of }) => {
  const [usual, other] = values;

  it.each([
    ['without configuration', usual, {}],
    ['as configured lower', other, { [limit]: other }],
    ['as configured higher', usual + 1, { [limit]: usual + 1 }],
  ])('%s takes as much and no more', (_how, most, configured) => {
    // Columns of the most samples are as long as the longest payload, without the rest.
    const limits = { payloadBytesMax: 2 ** 22, ...configured };
    for (const data of inBoth(fieldsOf(kind, of(most)))) {
      expect(decode(data, { limits }).kind).toBe(kind);
    }
    for (const data of inBoth(fieldsOf(kind, of(most + 1)))) {
      const error = errorOf(data, { limits });
      expect([error.reason, error.field]).toEqual([reason, field]);
    }
  });
});

test('the payload is measured before it is read', () => {
  const bytes = toMsgpack(fieldsOf('health', { extra: new Uint8Array(2 ** 20) }));
  const error = errorOf(bytes);
  expect([error.reason, error.field]).toEqual(['too_large', 'payload']);
  expect(error.message).toContain(`${bytes.length} bytes, at most 1048576`);
  expect(decode(bytes, { limits: { payloadBytesMax: bytes.length } }).kind).toBe('health');
  const most = { payloadBytesMax: bytes.length - 1 };
  expect(errorOf(bytes, { limits: most }).reason).toBe('too_large');
  expect(errorOf(new Uint8Array(2 ** 20).fill(0xc1)).reason).toBe('malformed');
  expect(errorOf(new Uint8Array(2 ** 20 + 1).fill(0xc1)).reason).toBe('too_large');
});

test('a column has room however large the payload may be', () => {
  const samples = 1_000_000;
  const column = Float64Array.from({ length: samples }, (_, i) => i);
  const changes = { core_id: new Uint32Array(samples), counters: new Map([['c', column]]) };
  const limits = { payloadBytesMax: 2 ** 26, samplesMax: samples };
  for (const bytes of inBoth(fieldsOf('activity', changes))) {
    // At two places, of which one at least is not aligned for a copy-free view.
    for (const offset of [0, 1]) {
      const moved = concat(new Uint8Array(offset), bytes).subarray(offset);
      const frame = decode(moved, { limits });
      expect(frame.kind === 'activity' && frame.counters.get('c')).toEqual(column);
    }
  }
});

describe('whole numbers', () => {
  const t0Of = (t0: Packable, write: (fields: Map<string, Packable>) => Uint8Array) =>
    write(fieldsOf('health', { t0, span_us: 0 }));

  it('pass as floats, up to 2^53 - 1', () => {
    for (const t0 of [0, 1, 1000, 2 ** 31, 2 ** 32, 1_700_000_000_000_000, SAFE]) {
      for (const write of [toMsgpack, toJson]) {
        expect(decode(t0Of(t0, write)).t0Us).toBe(t0);
        expect(decode(t0Of(new Float(t0), write)).t0Us).toBe(t0);
      }
    }
  });

  it('of -0 are 0', () => {
    for (const write of [toMsgpack, toJson]) expect(decode(t0Of(-0, write)).t0Us + 0).toBe(0);
  });

  it.each<[Packable, string]>([
    [-1, 'out_of_range'],
    [new Float(-1), 'out_of_range'],
    [-(2 ** 53), 'out_of_range'],
    [2 ** 53, 'out_of_range'],
    [2 ** 53 + 2, 'out_of_range'],
    [2 ** 64, 'out_of_range'],
    [1e300, 'out_of_range'],
    [0.5, 'wrong_type'],
    [1.000_000_1, 'wrong_type'],
    [Number.POSITIVE_INFINITY, 'not_finite'],
    [Number.NEGATIVE_INFINITY, 'not_finite'],
    ['1', 'wrong_type'],
  ])('%j are refused', (t0, reason) => {
    for (const write of [toMsgpack, toJson]) {
      const error = errorOf(t0Of(t0, write));
      expect([error.reason, error.field]).toEqual([reason, 't0']);
    }
  });

  it('of NaN are refused; JSON has none, and null there is absent', () => {
    expect(errorOf(t0Of(Number.NaN, toMsgpack)).reason).toBe('not_finite');
    expect(errorOf(t0Of(Number.NaN, toJson)).reason).toBe('missing_field');
  });

  it('of t0 and span_us stay exact in their sum', () => {
    for (const [t0, spanUs] of [
      [SAFE, 1],
      [SAFE - 1, 2],
      [SAFE, 60_000_000],
    ] as const) {
      for (const data of inBoth(fieldsOf('health', { t0, span_us: spanUs }))) {
        expect(errorOf(data).reason).toBe('out_of_range');
      }
    }
    const last = inBoth(fieldsOf('health', { t0: SAFE - 60_000_000, span_us: 60_000_000 }));
    for (const data of last) expect(decode(data).spanUs).toBe(60_000_000);
  });
});

test('a span of 0 is for kinds without columns in time', () => {
  for (const kind of ['health', 'cores', 'activity', 'synapses', 'inference', 'log'] as const) {
    for (const data of inBoth(fieldsOf(kind, { span_us: 0 }))) expect(decode(data).spanUs).toBe(0);
  }
  const empty = { dt: new Uint32Array(0), neuron_id: new Uint32Array(0) };
  for (const kind of ['spikes', 'membrane', 'power'] as const) {
    const columns = { ...empty, values: new Float32Array(0), watts: new Float32Array(0) };
    for (const data of inBoth(fieldsOf(kind, { ...columns, span_us: 1 }))) {
      expect(decode(data).spanUs).toBe(1);
    }
    for (const data of inBoth(fieldsOf(kind, { ...columns, span_us: 0 }))) {
      expect([errorOf(data).reason, errorOf(data).field]).toEqual(['out_of_range', 'span_us']);
    }
  }
});
