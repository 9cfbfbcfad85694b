import { describe, expect, it, test } from 'vitest';
import type { ActivityFrame } from '../../src/frames/activity.ts';
import type { HealthFrame } from '../../src/frames/health.ts';
import type { MembraneFrame } from '../../src/frames/membrane.ts';
import { decode, errorOf, fieldsOf } from './messages.ts';
import { concat, toJson, toMsgpack } from './pack.ts';

const HEALTH = toJson(fieldsOf('health'));

/** A plain message with one more member, in text or bytes. */
function withMember(value: string | readonly number[]): Uint8Array {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  return concat(Buffer.from('{"extra":'), bytes, Buffer.from(','), HEALTH.subarray(1));
}

test('what JSON can say beside frames is read past', () => {
  for (const value of [
    'null',
    '[{}]',
    '"\\u0000"',
    '"🧠"',
    '-0',
    '1e400',
    '"\ufffd"',
    '{"a":{}}',
  ]) {
    expect(decode(withMember(value)).kind, value).toBe('health');
  }
  const spaced = Buffer.from(` \n${Buffer.from(HEALTH).toString()}\r\n`);
  expect(decode(spaced, { contentType: 'application/json' }).kind).toBe('health');
});

test.each<[string, Uint8Array]>([
  ['NaN', withMember('NaN')],
  ['a number with a leading zero', withMember('01')],
  ['a comment', withMember('1 // a comment\n')],
  ['a comma at the end', withMember('[1,]')],
  ['a control character in a string', withMember('"\u0001"')],
  ['two values', concat(HEALTH, HEALTH)],
  ['half an object', HEALTH.subarray(0, -1)],
  ['bytes that are no UTF-8', withMember([0x22, 0xff, 0x22])],
  ['an overlong form', withMember([0x22, 0xc0, 0xaf, 0x22])],
  ['a surrogate as UTF-8', withMember([0x22, 0xed, 0xa0, 0x80, 0x22])],
  ['half an escaped surrogate pair', withMember('"\\ud83e"')],
  ['the other half', withMember('"\\uDDE0"')],
  ['half a pair in a name', withMember('{"\\udde0":1}')],
  ['half a pair deep inside', withMember('[[{"a":["\\ud83e"]}]]')],
])('%s is malformed', (_what, bytes) => {
  const error = errorOf(bytes);
  expect(error.reason).toBe('malformed');
  expect(error.field).toBe('payload');
});

test.each(['', '[]', 'null', '1', '"a"', 'true', '\ufeff{}'])('%j is malformed as JSON', (text) => {
  const error = errorOf(Buffer.from(text), { contentType: 'application/json' });
  expect(error.reason).toBe('malformed');
});

test('a message cut anywhere is malformed', () => {
  const whole = toJson(fieldsOf('spikes'));
  for (let length = 0; length < whole.length; length++) {
    expect(errorOf(whole.subarray(0, length)).reason, `${length}`).toBe('malformed');
  }
});

test.each([
  ['lists', '[', ']'],
  ['objects', '{"a":', '}'],
])('%s are nested 8 deep, no deeper, and 100,000 break no stack', (_what, open, close) => {
  const nested = (depth: number) => withMember(`${open.repeat(depth)}1${close.repeat(depth)}`);
  expect(decode(nested(7)).kind).toBe('health');
  for (const depth of [8, 9, 100_000]) {
    const error = errorOf(nested(depth));
    expect(error.reason).toBe('too_deep');
    expect(error.message).toBe('payload: nested deeper than 8');
  }
});

describe('names of prototypes', () => {
  it('are unknown fields like any other, and lend none', () => {
    const hostile = '{"polluted":true,"status":"ok"}';
    const text = Buffer.from(HEALTH).toString();
    const more = `{"__proto__":${hostile},"constructor":{"prototype":${hostile}},`;
    expect(decode(Buffer.from(more + text.slice(1))).kind).toBe('health');
    const without = text.replace('"status":"ok"', '"x":1');
    const error = errorOf(Buffer.from(more + without.slice(1)));
    expect([error.reason, error.field]).toEqual(['missing_field', 'status']);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('name counters as others do', () => {
    const counters = new Map(['__proto__', 'constructor'].map((name) => [name, [1, 2]]));
    const frame = decode(toJson(fieldsOf('activity', { counters }))) as ActivityFrame;
    expect([...frame.counters.keys()]).toEqual(['__proto__', 'constructor']);
    expect(frame.counters.get('__proto__')).toEqual(Float64Array.of(1, 2));
  });
});

test('the header says which encoding it is; without one the first byte does', () => {
  const json = toJson(fieldsOf('health'));
  const msgpack = toMsgpack(fieldsOf('health'));
  for (const contentType of ['application/json', 'APPLICATION/JSON ; charset=utf-8']) {
    expect(decode(json, { contentType }).kind).toBe('health');
    expect(errorOf(msgpack, { contentType }).reason).toBe('malformed');
  }
  for (const contentType of ['application/msgpack', 'application/x-msgpack']) {
    expect(decode(msgpack, { contentType }).kind).toBe('health');
    expect(errorOf(json, { contentType }).reason).toBe('malformed');
  }
  for (const contentType of ['', 'text/plain', 'application/octet-stream']) {
    expect(decode(json, { contentType }).kind).toBe('health');
    expect(decode(msgpack, { contentType }).kind).toBe('health');
  }
});

test('null is absent in a field, no sample in membrane values, and no value elsewhere', () => {
  const health = decode(toJson(fieldsOf('health', { message: null, seq: null }))) as HealthFrame;
  expect([health.text, health.seq]).toEqual([undefined, undefined]);
  const membrane = toJson(fieldsOf('membrane', { values: [1, null, Number.NaN, 1e39] }));
  const { values } = decode(membrane) as MembraneFrame;
  const nothing = Number.NaN;
  expect([...values]).toEqual([1, nothing, nothing, Number.POSITIVE_INFINITY]);
  expect(errorOf(toJson(fieldsOf('power', { watts: [1, null] }))).message).toBe(
    'watts: value 1 is NaN',
  );
  expect(errorOf(toJson(fieldsOf('power', { dt: [1, null] }))).message).toBe(
    'dt: value 1 needs a number, got null',
  );
});

test.each([
  [-1, 'out_of_range'],
  [2 ** 32, 'out_of_range'],
  [0.5, 'out_of_range'],
  ['1', 'wrong_type'],
  [[1], 'wrong_type'],
  [true, 'wrong_type'],
])('%j is no value of a u32 column', (value, reason) => {
  const error = errorOf(toJson(fieldsOf('spikes', { neuron_id: [0, value] })));
  expect([error.reason, error.field]).toEqual([reason, 'neuron_id']);
});
