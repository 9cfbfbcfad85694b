import { Packr } from 'msgpackr';
import { describe, expect, it, test } from 'vitest';
import type { ActivityFrame } from '../../src/frames/activity.ts';
import { decode, errorOf, fieldsOf } from './messages.ts';
import { concat, Float, type Packable, Pairs, packHead, Raw, toMsgpack } from './pack.ts';

/** A plain message with one more field, whose value is these bytes. */
function withRaw(...bytes: readonly number[]): Uint8Array {
  return withRawList(bytes);
}

function withRawList(bytes: readonly number[]): Uint8Array {
  return toMsgpack(fieldsOf('health', { extra: new Raw(bytes) }));
}

function filled(length: number, byte: number): number[] {
  return new Array<number>(length).fill(byte);
}

test.each([
  ['fixext 1', [0xd4, 5, 0]],
  ['fixext 2', [0xd5, 5, ...filled(2, 0)]],
  ['a timestamp of 32 bits', [0xd6, 0xff, ...filled(4, 0)]],
  ['a timestamp of 64 bits', [0xd7, 0xff, ...filled(8, 0)]],
  ['a timestamp of 96 bits', [0xc7, 12, 0xff, ...filled(12, 0)]],
  ['fixext 16', [0xd8, 5, ...filled(16, 0)]],
  ['ext 8', [0xc7, 1, 5, 0]],
  ['ext 16', [0xc8, 0, 1, 5, 0]],
  ['ext 32', [0xc9, 0, 0, 0, 1, 5, 0]],
  ['ext 32 that promises 4 GiB', [0xc9, ...filled(4, 0xff), 5]],
  ['a record of msgpackr', [0xd4, 0x72, 0x40, 0x91, 0xa1, 0x61, 1]],
])('%s is refused as an extension, in a field that nobody reads too', (_what, bytes) => {
  const error = errorOf(withRaw(...bytes));
  expect(error.reason).toBe('extension');
  expect(error.message).toBe(`payload: has the msgpack extension 0x${bytes[0]?.toString(16)}`);
});

test('records that msgpackr writes by itself are refused, not learnt', () => {
  const packr = new Packr({ useRecords: true });
  const record = new Uint8Array(packr.pack({ v: 1, kind: 'health' }));
  expect(errorOf(record).reason).toBe('extension');
  expect(decode(toMsgpack(fieldsOf('health'))).kind).toBe('health');
});

test.each<[string, Uint8Array, string]>([
  ['the byte that is not used', withRaw(0xc1), 'has the unused byte 0xc1'],
  ['a key twice', toMsgpack(new Pairs([...fieldsOf('health'), ['v', 1]])), 'has "v" twice in one'],
  [
    'a key twice whose value is nil',
    withRaw(0x82, 0xa1, 0x61, 0xc0, 0xa1, 0x61, 0xc0),
    'has "a" twice in one map',
  ],
  [
    'the prototype twice',
    toMsgpack(new Pairs([...fieldsOf('health'), ['__proto__', 1], ['__proto__', 1]])),
    'has "__proto__" twice in one map',
  ],
  ['a number as a key', withRaw(0x81, 1, 1), 'has a map key that is not a string'],
  ['nil as a key', withRaw(0x81, 0xc0, 1), 'has a map key that is not a string'],
  ['bin as a key', withRaw(0x81, 0xc4, 1, 0x76, 1), 'has a map key that is not a string'],
  ['a string that is no UTF-8', withRaw(0xa2, 0xc3, 0x28), 'has a string that is not UTF-8'],
  ['half a surrogate pair', withRaw(0xa3, 0xed, 0xa0, 0x80), 'has a string that is not UTF-8'],
  ['a long string that is no UTF-8', withRaw(0xd9, 40, ...filled(40, 0xff)), 'has a string that'],
  ['bytes after the frame', concat(toMsgpack(fieldsOf('health')), [0]), '1 bytes after the frame'],
  ['a number', Uint8Array.of(1), 'is not a map'],
  ['nil', Uint8Array.of(0xc0), 'is not a map'],
  ['bin', Uint8Array.of(0xc4, 1, 1), 'is not a map'],
])('%s is malformed', (_what, bytes, detail) => {
  const error = errorOf(bytes);
  expect(error.message.slice(0, detail.length + 9)).toBe(`payload: ${detail}`);
  expect(error.reason).toBe('malformed');
});

test('a message cut anywhere is malformed', () => {
  for (const kind of ['spikes', 'activity', 'synapses'] as const) {
    const whole = toMsgpack(fieldsOf(kind));
    for (let length = 0; length < whole.length; length++) {
      const error = errorOf(whole.subarray(0, length));
      expect(error.reason).toBe('malformed');
      expect(error.message).toBe(`payload: ends inside a value (${length} bytes)`);
    }
  }
});

describe('a length of 4 GiB', () => {
  const HUGE = filled(4, 0xff);

  it.each([
    ['list', 0xdd],
    ['map', 0xdf],
    ['string', 0xdb],
    ['bin', 0xc6],
  ])('of a %s is refused without room being made for it', (_what, tag) => {
    const inField = withRaw(tag, ...HUGE);
    const alone = Uint8Array.of(tag, ...HUGE, ...filled(100, 0));
    const before = process.memoryUsage();
    for (let i = 0; i < 500; i++) {
      for (const bytes of [inField, alone]) expect(errorOf(bytes).reason).toBe('malformed');
    }
    const after = process.memoryUsage();
    expect(after.arrayBuffers + after.heapUsed).toBeLessThan(
      before.arrayBuffers + before.heapUsed + 512 * 2 ** 20,
    );
  });

  it('is refused where the rest is long, but not as long', () => {
    const rest = new Uint8Array(1_000_000);
    for (const [tag, length] of [
      [0xdd, 1_000_001],
      [0xdf, 500_001],
      [0xdb, 1_000_001],
      [0xc6, 1_000_001],
    ] as const) {
      const head = Uint8Array.of(tag, 0, 0, 0, 0);
      new DataView(head.buffer).setUint32(1, length);
      expect(errorOf(concat(head, rest)).message).toContain('ends inside a value');
    }
  });
});

test('more values than any frame has are refused before they are read', () => {
  const empties = concat([0x81, 0xa1, 0x61], packHead(300_000, 0, 0, undefined, 0xdc));
  const error = errorOf(concat(empties, new Uint8Array(300_000).fill(0x80)));
  expect(error.reason).toBe('too_many');
  expect(error.message).toBe('payload: more than 262144 values');
});

test.each([
  ['lists', [0x91]],
  ['maps', [0x81, 0xa1, 0x61]],
])('%s are nested 8 deep, no deeper, and a hundred thousand break no stack', (_what, open) => {
  const nested = (depth: number) =>
    withRawList([...Array.from({ length: depth }, () => open).flat(), 0xc0]);
  expect(decode(nested(7)).kind).toBe('health');
  for (const depth of [8, 9, 100_000]) {
    const error = errorOf(nested(depth));
    expect(error.reason).toBe('too_deep');
    expect(error.message).toBe('payload: nested deeper than 8');
  }
});

describe('names of prototypes', () => {
  const NAMES = ['__proto__', 'constructor', 'prototype', 'toString', 'valueOf', 'hasOwnProperty'];

  it('are unknown fields like any other, and change nothing', () => {
    const hostile = new Map<string, Packable>([['polluted', true]]);
    const changes = Object.fromEntries(NAMES.map((name) => [name, hostile]));
    const fields = fieldsOf('health', changes);
    expect(fields.get('__proto__')).toBe(hostile);
    expect(decode(toMsgpack(fields)).kind).toBe('health');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });

  it('lend no field to a message that lacks it', () => {
    const fields = fieldsOf('health');
    expect(errorOf(toMsgpack(new Pairs([['__proto__', fields]]))).message).toBe(
      'v: is needed and absent',
    );
    fields.delete('status');
    const status = new Map([['status', 'ok']]);
    const error = errorOf(toMsgpack(new Pairs([...fields, ['__proto__', status]])));
    expect([error.reason, error.field]).toEqual(['missing_field', 'status']);
  });

  it('name counters as others do', () => {
    const counters = new Map(NAMES.map((name, i) => [name, Float64Array.of(i, 1)]));
    const frame = decode(toMsgpack(fieldsOf('activity', { counters }))) as ActivityFrame;
    expect([...frame.counters.keys()].sort()).toEqual([...NAMES].sort());
    expect(frame.counters.get('__proto__')).toEqual(Float64Array.of(0, 1));
  });
});

test('a number may be written in any width; nothing else is read as it', () => {
  const bigint = (tag: number, value: bigint) => {
    const bytes = new Uint8Array(9);
    bytes[0] = tag;
    new DataView(bytes.buffer).setBigInt64(1, value);
    return new Raw(bytes);
  };
  const ways: readonly Packable[] = [
    new Raw([7]),
    new Raw([0xcc, 7]),
    new Raw([0xcd, 0, 7]),
    new Raw([0xce, 0, 0, 0, 7]),
    bigint(0xcf, 7n),
    new Raw([0xd0, 7]),
    new Raw([0xd1, 0, 7]),
    new Raw([0xd2, 0, 0, 0, 7]),
    bigint(0xd3, 7n),
    new Raw([0xca, 0x40, 0xe0, 0, 0]),
    new Float(7),
  ];
  for (const t0 of ways) expect(decode(toMsgpack(fieldsOf('health', { t0 }))).t0Us).toBe(7);
  const negative: readonly Packable[] = [
    new Raw([0xff]),
    new Raw([0xd0, 0xff]),
    new Raw([0xd1, 0xff, 0xff]),
    new Raw([0xd2, ...filled(4, 0xff)]),
    bigint(0xd3, -1n),
  ];
  for (const t0 of negative) {
    expect(errorOf(toMsgpack(fieldsOf('health', { t0 }))).message).toContain('t0: -1 is not');
  }
  for (const t0 of [bigint(0xcf, -1n), bigint(0xcf, 2n ** 53n), bigint(0xd3, 2n ** 53n + 1n)]) {
    expect(errorOf(toMsgpack(fieldsOf('health', { t0 }))).reason).toBe('out_of_range');
  }
  const largest = { t0: bigint(0xcf, 2n ** 53n - 1n), span_us: 0 };
  expect(decode(toMsgpack(fieldsOf('health', largest))).t0Us).toBe(2 ** 53 - 1);
});

test('one bad message leaves nothing for the next', () => {
  const decoded = () => decode(toMsgpack(fieldsOf('spikes')));
  const before = decoded();
  for (const bytes of [withRaw(0xc1), withRaw(0xa2, 0xc3, 0x28), Uint8Array.of(0xdf)]) {
    errorOf(bytes);
    expect(decoded()).toEqual(before);
  }
});
