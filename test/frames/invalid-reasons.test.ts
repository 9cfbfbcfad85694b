import { describe, expect, it, test } from 'vitest';
import {
  FrameError,
  INVALID_REASONS,
  type InvalidReason,
  shown,
} from '../../src/frames/frame-error.ts';
import { type Changes, errorOf, fieldsOf, inBoth, type PlainKind } from './messages.ts';
import { Raw, toMsgpack } from './pack.ts';

const NAME_TOO_LONG = 'x'.repeat(129);
const SPIKES = 'spikeformer.spikes.loihi2.chip0';

/** Reason, kind, what is changed, and the message: the field's name, and what was there. */
const FIELD_CASES: readonly (readonly [InvalidReason, PlainKind, Changes, string])[] = [
  ['version', 'spikes', { v: 2 }, 'v: is 2, this program reads 1'],
  ['version', 'spikes', { v: '1' }, 'v: is "1", this program reads 1'],
  ['missing_field', 'spikes', { v: undefined }, 'v: is needed and absent'],
  ['missing_field', 'spikes', { kind: null }, 'kind: is needed and absent'],
  ['kind', 'spikes', { kind: 'spike' }, 'kind: "spike" is none of spikes, membrane, power, '],
  ['wrong_type', 'spikes', { kind: 7 }, 'kind: needs a string, got 7'],
  ['missing_field', 'spikes', { chip_id: undefined }, 'chip_id: is needed and absent'],
  ['wrong_type', 'spikes', { device_type: ['a'] }, 'device_type: needs a string, got a list of 1'],
  [
    'out_of_range',
    'spikes',
    { chip_id: 'a.b' },
    'chip_id: "a.b" is not 1 to 64 of A-Z a-z 0-9 _ -',
  ],
  ['missing_field', 'health', { t0: undefined }, 't0: is needed and absent'],
  ['out_of_range', 'health', { t0: -1 }, 't0: -1 is not within 0 … 9007199254740991'],
  ['wrong_type', 'health', { t0: 0.5 }, 't0: needs a whole number, got 0.5'],
  ['wrong_type', 'health', { t0: true }, 't0: needs a number, got true'],
  ['out_of_range', 'power', { span_us: 0 }, 'span_us: 0 is not within 1 … 60000000'],
  ['out_of_range', 'health', { span_us: 60_000_001 }, 'span_us: 60000001 is not within 0 … 6'],
  [
    'out_of_range',
    'health',
    { t0: 2 ** 53 - 1, span_us: 1 },
    't0: t0 + span_us = 9007199254740992 exceeds 2^53 - 1',
  ],
  ['out_of_range', 'health', { seq: 2 ** 53 }, 'seq: 9007199254740992 is not within 0 … '],
  ['string_too_long', 'health', { emitter: NAME_TOO_LONG }, 'emitter: 129 characters, at most 128'],
  ['out_of_range', 'spikes', { layer_name: '' }, 'layer_name: is empty'],
  ['out_of_range', 'spikes', { neuron_count: 0 }, 'neuron_count: 0 is not within 1 … 16777216'],
  ['wrong_type', 'spikes', { neuron_id: 'ids' }, 'neuron_id: needs a u32 column, got "ids"'],
  ['length_mismatch', 'spikes', { dt: Uint32Array.of(1) }, 'dt: 1 values, needs 2'],
  ['dt_outside_span', 'spikes', { span_us: 99 }, 'dt: value 0: 99 is not below 99'],
  [
    'neuron_outside_population',
    'spikes',
    { neuron_count: 9 },
    'neuron_id: value 1: 9 is not below neuron_count 9',
  ],
  [
    'neuron_outside_population',
    'membrane',
    { neuron_id: Uint32Array.of(0, 2 ** 24) },
    'neuron_id: value 1: 16777216 is not below 16777216',
  ],
  [
    'length_mismatch',
    'membrane',
    { values: Float32Array.of(1, 2, 3) },
    'values: 3 values, needs 4',
  ],
  ['dt_decreasing', 'membrane', { dt: Uint32Array.of(6, 5) }, 'dt: value 1: 5 follows 6'],
  ['dt_decreasing', 'power', { dt: Uint32Array.of(50, 0) }, 'dt: value 1: 0 follows 50'],
  ['dt_outside_span', 'power', { dt: Uint32Array.of(0, 100) }, 'dt: value 1: 100 is not below 100'],
  [
    'out_of_range',
    'power',
    { origin: 'guessed' },
    'origin: "guessed" is none of measured, estimated, simulated',
  ],
  [
    'out_of_range',
    'power',
    { step_us: Float64Array.of(1, -1) },
    'step_us: value 1: -1 is negative',
  ],
  [
    'out_of_range',
    'cores',
    { utilization_percent: Float32Array.of(0, 100.5) },
    'utilization_percent: value 1: 100.5 is not within 0 … 100',
  ],
  ['wrong_type', 'cores', { layer_name: ['l', 5] }, 'layer_name[1]: needs a string, got 5'],
  ['missing_field', 'activity', { core_id: undefined }, 'core_id: is needed for scope core'],
  ['length_mismatch', 'activity', { scope: 'chip' }, 'core_id: a chip has none'],
  [
    'out_of_range',
    'activity',
    { counters: new Map([['a', Float64Array.of(0, -2)]]) },
    'counters.a: value 1: -2 is negative',
  ],
  [
    'too_many',
    'activity',
    { counters: new Map(Array.from({ length: 65 }, (_, i) => [`c${i}`, Float64Array.of(0, 0)])) },
    'counters: 65 entries, at most 64',
  ],
  ['wrong_type', 'activity', { counters: 5 }, 'counters: needs a map, got 5'],
  ['out_of_range', 'activity', { step_us: -1 }, 'step_us: -1 is negative'],
  [
    'missing_field',
    'synapses',
    { updates: [new Map([['synapse_type', 'e']])] },
    'updates[0]: learning_rule: is needed and absent',
  ],
  ['wrong_type', 'synapses', { updates: new Map() }, 'updates: needs a list, got a map'],
  ['out_of_range', 'health', { status: 'fine' }, 'status: "fine" is none of ok, degraded, down'],
  ['wrong_type', 'conversion', { success: 1 }, 'success: needs true or false, got 1'],
  ['missing_field', 'conversion', { error_type: null }, 'error_type: is needed and absent'],
  ['length_mismatch', 'inference', { count: 3 }, 'latency_us: 2 values, needs 3'],
  ['missing_field', 'log', { message: undefined }, 'message: is needed and absent'],
  [
    'string_too_long',
    'log',
    { message: 'ü'.repeat(8193) },
    'message: 8193 characters, at most 8192',
  ],
  ['wrong_type', 'health', { forgotten: 'yes' }, 'forgotten: needs true or false, got "yes"'],
  [
    'wrong_type',
    'log',
    { requires_attention: 1 },
    'requires_attention: needs true or false, got 1',
  ],
  [
    'out_of_range',
    'log',
    { spike_rate: -0.5 },
    'spike_rate: -0.5 is not within 0 … 1.7976931348623157e+308',
  ],
  ['out_of_range', 'log', { layer_name: '' }, 'layer_name: is empty'],
];

/** What only one encoding can say, or says of the whole message. */
const BYTE_CASES: readonly (readonly [InvalidReason, Uint8Array | string, string])[] = [
  ['malformed', Uint8Array.of(), 'payload: ends inside a value (0 bytes)'],
  ['malformed', Uint8Array.of(0x93, 1, 2, 3), 'payload: is not a map'],
  ['malformed', '{"v":1', 'payload: is not JSON: '],
  [
    'extension',
    Uint8Array.of(0x81, 0xa1, 0x61, 0xd4, 1, 0),
    'payload: has the msgpack extension 0xd4',
  ],
  ['too_large', new Uint8Array(2 ** 20 + 1), 'payload: 1048577 bytes, at most 1048576'],
  ['too_deep', `{"a":${'['.repeat(8)}${']'.repeat(8)}}`, 'payload: nested deeper than 8'],
  [
    'too_many',
    toMsgpack(fieldsOf('power', { dt: new Uint32Array(131_073) })),
    'dt: 131073 values, at most 131072',
  ],
  [
    'not_finite',
    toMsgpack(fieldsOf('power', { watts: Float32Array.of(0, Number.NaN) })),
    'watts: value 1 is NaN',
  ],
  [
    'not_finite',
    toMsgpack(fieldsOf('health', { t0: new Raw([0xca, 0x7f, 0x80, 0, 0]) })),
    't0: is Infinity',
  ],
  [
    'length_mismatch',
    toMsgpack(fieldsOf('power', { dt: Uint8Array.of(1, 2, 3) })),
    'dt: 3 bytes are no whole number of u32 values',
  ],
  [
    'wrong_type',
    toMsgpack(fieldsOf('power', { dt: [1, 2] })),
    'dt: needs a bin column in msgpack, got a list',
  ],
];

const SUBJECT_CASES: readonly (readonly [InvalidReason, string, string])[] = [
  ['subject', 'spikeformer.spikes.loihi2', 'subject: "spikeformer.spikes.loihi2" is not spike'],
  ['subject', 'spikeformer.spikes.loihi 2.0', 'subject: "spikeformer.spikes.loihi 2.0" is not '],
  ['kind', 'spikeformer.spike.loihi2.chip0', 'subject: "spike" is none of spikes, membrane, '],
  [
    'subject_mismatch',
    'spikeformer.spikes.loihi2.chip1',
    'chip_id: is "chip0" in the payload and "chip1" in the subject',
  ],
  [
    'subject_mismatch',
    'spikeformer.power.loihi2.chip0',
    'kind: is "spikes" in the payload and "power" in the subject',
  ],
];

describe('a message is refused by a reason, with the field and what was there', () => {
  it.each(FIELD_CASES)('%s: %s %j', (reason, kind, changes, message) => {
    for (const data of inBoth(fieldsOf(kind, changes))) {
      const error = errorOf(data);
      expect(error.message.slice(0, message.length)).toBe(message);
      expect(error.reason).toBe(reason);
      expect(error.field).toBe(error.message.slice(0, error.message.indexOf(': ')));
    }
  });

  it.each(BYTE_CASES)('%s: bytes', (reason, bytes, message) => {
    const error = errorOf(typeof bytes === 'string' ? Buffer.from(bytes) : bytes);
    expect(error.message.slice(0, message.length)).toBe(message);
    expect(error.reason).toBe(reason);
  });

  it.each(SUBJECT_CASES)('%s: %s', (reason, subject, message) => {
    for (const data of inBoth(fieldsOf('spikes'))) {
      const error = errorOf(data, { subject });
      expect(error.message.slice(0, message.length)).toBe(message);
      expect(error.reason).toBe(reason);
    }
  });

  it('by each of the reasons', () => {
    const cases = [...FIELD_CASES, ...BYTE_CASES, ...SUBJECT_CASES];
    const produced = new Set(cases.map(([reason]) => reason));
    expect([...produced].sort()).toEqual(Object.keys(INVALID_REASONS).sort());
  });
});

test('the messages that the cases change are frames', () => {
  const kinds = new Set(FIELD_CASES.map(([, kind]) => kind));
  for (const kind of kinds) {
    for (const data of inBoth(fieldsOf(kind))) expect(() => errorOf(data)).toThrow(/is a frame/);
  }
  expect(() => errorOf(toMsgpack(fieldsOf('spikes')), { subject: SPIKES })).toThrow(/is a frame/);
});

test('what came from outside is shown cut, on one line and as Unicode', () => {
  expect(shown('é'.repeat(50))).toBe(`"${'é'.repeat(40)}…"`);
  expect(shown('\ud800\n')).toBe('"\\ud800\\n"');
  expect([new Uint8Array(3), [1, 2], { a: 1 }, null, 2.5].map(shown)).toEqual([
    '3 bytes',
    'a list of 2',
    'a map',
    'null',
    '2.5',
  ]);
  const error = new FrameError('out_of_range', 'a\r\nb\u2028', 'c\u0085d\ud800');
  expect([error.message, error.field]).toEqual(['a  b : c d\ufffd', 'a  b ']);
});
