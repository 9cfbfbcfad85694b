import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { FrameDecoder } from '../../src/frames/decode.ts';
import { type Encoding, FrameEncoder } from '../../src/frames/encode.ts';
import type { InvalidReason } from '../../src/frames/frame-error.ts';
import { areOrdered, type SpikesFrame, spikeCount } from '../../src/frames/spikes.ts';
import { FRAME_ARBITRARIES } from './frame-arbitrary.ts';
import { type Changes, decode, errorOf, fieldsOf, inBoth } from './messages.ts';
import { toMsgpack } from './pack.ts';

const ENCODINGS: readonly Encoding[] = ['msgpack', 'json'];
const encoder = new FrameEncoder();
const decoder = new FrameDecoder();

/** Some on a grid of steps, some with short spans: all that makes a frame denser, and nothing. */
const frames = fc
  .tuple(FRAME_ARBITRARIES.spikes, fc.nat(5), fc.boolean(), fc.integer({ min: 1, max: 70_000 }))
  .map(([frame, steps, isOrdered, countMax]) => {
    const spikes = repeated(frame as SpikesFrame, 1 + steps * 4);
    const neuronCount = Math.min(spikes.neuronCount, countMax);
    const neuronId = spikes.neuronId.map((id) => id % neuronCount);
    const spanUs = steps === 4 ? Math.min(spikes.spanUs, 100_000) : spikes.spanUs;
    const stepUs = Math.ceil(spanUs / Math.max(1, steps));
    const dtUs = spikes.dtUs.map((dt) =>
      steps > 3 ? dt % spanUs : Math.floor((dt % spanUs) / stepUs) * stepUs,
    );
    if (isOrdered) dtUs.sort();
    const timestepUs = steps > 3 ? spikes.timestepUs : stepUs;
    return { ...spikes, neuronCount, neuronId, spanUs, dtUs, timestepUs };
  });

function repeated(frame: SpikesFrame, times: number): SpikesFrame {
  const again = (column: Uint32Array) =>
    Uint32Array.from({ length: column.length * times }, (_, i) => column[i % column.length] ?? 0);
  return { ...frame, neuronId: again(frame.neuronId), dtUs: again(frame.dtUs) };
}

function columnsOf({ neuronId, dtUs }: SpikesFrame) {
  return { neuronId: [...neuronId], dtUs: [...dtUs] };
}

/** What both forms say, and nothing of how. */
function saying(frame: SpikesFrame) {
  const { dense: _, ...rest } = { ...frame, ...columnsOf(frame) };
  return rest;
}

test.each(ENCODINGS)('says in %s the same as the plain frame, and is never longer', (encoding) => {
  let forms = 0;
  fc.assert(
    fc.property(frames, (frame) => {
      const plain = encoder.encode(frame, encoding);
      const bytes = encoder.encode(frame, encoding, true);
      const read = decoder.decode(bytes) as SpikesFrame;
      expect(read.dense === undefined).toBe(Buffer.from(plain).equals(bytes));
      if (read.dense !== undefined) forms++;
      if (encoding === 'msgpack') expect(bytes.length).toBeLessThanOrEqual(plain.length);
      expect(spikeCount(read)).toBe(frame.neuronId.length);
      expect(saying(read)).toEqual(saying(frame));
      if (areOrdered(read)) expect([...read.dtUs]).toEqual([...read.dtUs].sort((a, b) => a - b));
      // Written once more as it is, and in the columns that all readers know.
      expect(encoder.encode(read, encoding)).toEqual(bytes);
      expect(encoder.encode(decoder.decode(bytes), encoding, false)).toEqual(plain);
    }),
    { numRuns: 1000 },
  );
  expect(forms).toBeGreaterThan(300);
});

test('who knows the u32 columns only misses one of them', () => {
  fc.assert(
    fc.property(frames, (frame) => {
      const json = JSON.parse(Buffer.from(encoder.encode(frame, 'json', true)).toString('utf8'));
      const dense = ['neuron_id_u16', 'dt_u16', 'step_spikes'].filter((name) => name in json);
      expect('neuron_id' in json && 'dt' in json).toBe(dense.length === 0);
    }),
  );
});

const SPAN = { spanUs: 4000, timestepUs: 1000 };
const BASE = decode(toMsgpack(fieldsOf('spikes'))) as SpikesFrame;

function fieldsIn(changes: Partial<SpikesFrame>): string[] {
  const frame = { ...BASE, ...SPAN, ...changes };
  const json = JSON.parse(Buffer.from(encoder.encode(frame, 'json', true)).toString('utf8'));
  return ['neuron_id', 'neuron_id_u16', 'dt', 'dt_u16', 'step_spikes'].filter((n) => n in json);
}

describe('the form that is chosen', () => {
  const n = 16;
  const ids = { neuronId: Uint32Array.from({ length: n }, (_, i) => i % 9) };
  const times = (dt: (i: number) => number) => ({
    dtUs: Uint32Array.from({ length: n }, (_, i) => dt(i)),
  });
  const steps = { ...ids, ...times((i) => Math.floor(i / 4) * 1000) };
  const unordered = { ...ids, ...times((i) => (i % 4) * 1000) };
  const long = { ...ids, ...times((i) => 70_000 - i), spanUs: 200_000 };
  const many = { neuronCount: 65_537 };

  it('groups by step what lies on steps, in order, where there are more spikes than steps', () => {
    const grouped = ['neuron_id_u16', 'step_spikes'];
    expect(fieldsIn(steps)).toEqual(grouped);
    expect(fieldsIn({ ...ids, timestepUs: undefined, ...times(() => 0) })).toEqual(grouped);
    expect(fieldsIn({ ...steps, timestepUs: 250 })).toEqual(['neuron_id_u16', 'dt_u16']);
    expect(fieldsIn({ ...steps, timestepUs: 500 })).toEqual(grouped);
  });

  it('keeps the order, and times between steps', () => {
    expect(fieldsIn(unordered)).toEqual(['neuron_id_u16', 'dt_u16']);
    const between = times((i) => (i < 15 ? 0 : 1));
    expect(fieldsIn({ ...ids, ...between })).toEqual(['neuron_id_u16', 'dt_u16']);
  });

  it('leaves each column as it is where its values do not fit', () => {
    expect(fieldsIn(long)).toEqual(['neuron_id_u16', 'dt']);
    expect(fieldsIn({ ...steps, ...many })).toEqual(['neuron_id', 'step_spikes']);
    expect(fieldsIn({ ...unordered, ...many })).toEqual(['neuron_id', 'dt_u16']);
    expect(fieldsIn({ ...long, ...many })).toEqual(['neuron_id', 'dt']);
    const full = { neuronId: new Uint32Array(65_536), dtUs: new Uint32Array(65_536) };
    expect(fieldsIn(full)).toEqual(['neuron_id_u16', 'dt_u16']);
  });

  it('leaves a frame of few spikes, or of none, as it is', () => {
    const few = { neuronId: ids.neuronId.subarray(0, n - 1), dtUs: steps.dtUs.subarray(0, n - 1) };
    expect(fieldsIn(few)).toEqual(['neuron_id', 'dt']);
    const none = { neuronId: new Uint32Array(0), dtUs: new Uint32Array(0) };
    expect(fieldsIn(none)).toEqual(['neuron_id', 'dt']);
  });

  it('never cuts an id that is no neuron of the layer', () => {
    const wrong = { ...steps, neuronId: ids.neuronId.map((id) => id + 65_536) };
    const bytes = encoder.encode({ ...BASE, ...SPAN, ...wrong }, 'msgpack', true);
    expect(errorOf(bytes).message).toMatch(/^neuron_id: value 0: 65536 is not below/);
  });
});

const U16 = (...values: number[]) => Uint16Array.of(...values);
const STEPS: Changes = {
  ...{ neuron_id: undefined, dt: undefined, span_us: 250, timestep_us: 100 },
  ...{ neuron_id_u16: U16(1, 9, 2), step_spikes: U16(1, 0, 2) },
};

test('spikes of a step have the time of its start', () => {
  for (const data of inBoth(fieldsOf('spikes', STEPS))) {
    const read = decode(data) as SpikesFrame;
    expect(columnsOf(read)).toEqual({ neuronId: [1, 9, 2], dtUs: [0, 200, 200] });
  }
});

test('the u32 columns count where they are there too', () => {
  const both: Changes = { neuron_id_u16: U16(4), dt_u16: U16(1, 2, 3), step_spikes: U16(9) };
  for (const data of inBoth(fieldsOf('spikes', both))) {
    const read = decode(data) as SpikesFrame;
    expect(read.dense).toBeUndefined();
    expect(columnsOf(read)).toEqual({ neuronId: [1, 9], dtUs: [99, 0] });
  }
  const times: Changes = { ...STEPS, dt_u16: U16(7, 5, 6) };
  for (const data of inBoth(fieldsOf('spikes', times))) {
    expect(columnsOf(decode(data) as SpikesFrame).dtUs).toEqual([7, 5, 6]);
  }
});

const ERRORS: readonly (readonly [InvalidReason, Changes, string])[] = [
  ['missing_field', { neuron_id_u16: undefined }, 'neuron_id: is needed and absent'],
  ['missing_field', { step_spikes: null }, 'dt: is needed and absent'],
  ['wrong_type', { neuron_id_u16: 7 }, 'neuron_id_u16: needs a u16 column, got 7'],
  ['wrong_type', { step_spikes: 'x' }, 'step_spikes: needs a u16 column, got "x"'],
  [
    'neuron_outside_population',
    { neuron_count: 9 },
    'neuron_id_u16: value 1: 9 is not below neuron_count 9',
  ],
  ['length_mismatch', { span_us: 200 }, 'step_spikes: 3 values, needs 2'],
  ['length_mismatch', { span_us: 301 }, 'step_spikes: 3 values, needs 4'],
  ['length_mismatch', { timestep_us: undefined }, 'step_spikes: 3 values, needs 1'],
  [
    'length_mismatch',
    { step_spikes: U16(1, 0, 1) },
    'step_spikes: sums to 2, and there are 3 neuron ids',
  ],
  ['length_mismatch', { step_spikes: null, dt_u16: U16(1, 2) }, 'dt_u16: 2 values, needs 3'],
  [
    'dt_outside_span',
    { step_spikes: null, dt_u16: U16(1, 250, 0) },
    'dt_u16: value 1: 250 is not below 250',
  ],
  ['length_mismatch', { step_spikes: null, dt: Uint32Array.of(1) }, 'dt: 1 values, needs 3'],
  ['out_of_range', { timestep_us: 0 }, 'timestep_us: 0 is not within 1 … 9007199254740991'],
];

describe('what is wrong with one', () => {
  it.each(ERRORS)('%s: %o', (reason, changes, text) => {
    for (const data of inBoth(fieldsOf('spikes', { ...STEPS, ...changes }))) {
      const error = errorOf(data);
      expect([error.reason, error.message]).toEqual([reason, text]);
    }
  });

  it('is told of each encoding by itself', () => {
    const odd = new Uint8Array(5);
    const bytes = errorOf(toMsgpack(fieldsOf('spikes', { ...STEPS, neuron_id_u16: odd })));
    expect(bytes.message).toBe('neuron_id_u16: 5 bytes are no whole number of u16 values');
    const list = toMsgpack(fieldsOf('spikes', { ...STEPS, neuron_id_u16: [1, 2, 3] }));
    expect(errorOf(list).reason).toBe('wrong_type');
    const json = (ids: string) =>
      Buffer.from(
        `{"v":1,"kind":"spikes","device_type":"a","chip_id":"b","t0":0,"span_us":9,
        "layer_name":"l","neuron_count":70000,"neuron_id_u16":${ids},"dt_u16":[0]}`,
      );
    expect(decode(json('[65535]'))).toMatchObject({ neuronCount: 70_000 });
    expect(errorOf(json('[65536]')).message).toBe('neuron_id_u16: value 0: 65536 is no u16');
    expect(errorOf(json('[null]')).reason).toBe('wrong_type');
    expect(errorOf(json('[0.5]')).reason).toBe('out_of_range');
  });

  it('is bounded as every column is', () => {
    const limits = { samplesMax: 2 };
    const data = toMsgpack(fieldsOf('spikes', STEPS));
    expect(errorOf(data, { limits }).message).toBe('neuron_id_u16: 3 values, at most 2');
    const one: Changes = { ...STEPS, neuron_id_u16: U16(1), step_spikes: U16(1, 0, 0) };
    const steps = errorOf(toMsgpack(fieldsOf('spikes', one)), { limits });
    expect([steps.reason, steps.field]).toEqual(['too_many', 'step_spikes']);
    const wide: Changes = { ...one, span_us: 60_000_000, timestep_us: 1 };
    expect(errorOf(toMsgpack(fieldsOf('spikes', wide))).message).toBe(
      'step_spikes: 3 values, needs 60000000',
    );
  });
});
