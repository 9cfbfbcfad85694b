import { type Column, Float, type Packable, Raw } from './pack.ts';
import { below, pick, type Random } from './valid-fields.ts';

/** Wire names to values: a message that can still be changed. */
export type Draft = Map<string, Packable>;

/**
 * Changes one thing in the fields of a valid message; false where it has no such thing. Most of
 * these changes make it no frame, some do on most messages only: who needs to know asks the judge.
 */
export type FieldFault = (draft: Draft, random: Random) => boolean;

const SAFE = 2 ** 53 - 1;

/** Numbers that some field does not take; whole ones as integers and as floats. */
const ODD_NUMBERS: readonly Packable[] = [
  -1,
  -1e300,
  -0.5,
  0.5,
  SAFE + 1,
  SAFE + 3,
  1e300,
  new Float(2 ** 63),
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  2 ** 32,
  60_000_001,
  -(2 ** 31),
];

const OTHER_TYPES: readonly Packable[] = [
  null,
  true,
  17,
  0.25,
  'text',
  '',
  [],
  [1, 2],
  [[['x']]],
  new Map<string, Packable>(),
  new Map<string, Packable>([['a', 1]]),
  new Uint8Array(0),
  Uint8Array.of(1, 2, 3),
  Uint32Array.of(1, 2, 3, 4, 5, 6, 7),
  Float64Array.of(Number.NaN),
];

const HOSTILE_NAMES = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty'];

function fieldOf(draft: Draft, random: Random): string {
  return pick(random, [...draft.keys()]);
}

function isColumn(value: Packable | undefined): value is Column {
  return ArrayBuffer.isView(value) && !(value instanceof Uint8Array);
}

/** A field whose value satisfies the test, chosen by chance; `fallback` where there is none. */
function fieldWhere(
  draft: Draft,
  random: Random,
  fallback: string,
  test: (value: Packable) => boolean,
): string {
  const names = [...draft].filter(([, value]) => test(value)).map(([name]) => name);
  return names.length === 0 ? fallback : pick(random, names);
}

function missing(draft: Draft, random: Random): boolean {
  const name = fieldOf(draft, random);
  if (random() < 0.5) draft.delete(name);
  else draft.set(name, null);
  return true;
}

function wrongType(draft: Draft, random: Random): boolean {
  draft.set(fieldOf(draft, random), pick(random, OTHER_TYPES));
  return true;
}

function oddNumber(draft: Draft, random: Random): boolean {
  const name = fieldWhere(draft, random, 't0', (value) => typeof value === 'number');
  draft.set(name, pick(random, ODD_NUMBERS));
  return true;
}

function oddTime(draft: Draft, random: Random): boolean {
  draft.set(pick(random, ['t0', 'span_us', 'seq']), pick(random, ODD_NUMBERS));
  return true;
}

/** A column of another length, or one that ends inside a value. */
function wrongLength(draft: Draft, random: Random): boolean {
  const name = fieldWhere(draft, random, 'chip_id', isColumn);
  const column = draft.get(name);
  if (!isColumn(column)) return false;
  const bytes = new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
  const length = pick(random, [0, bytes.length - 1, bytes.length + 1, bytes.length + 4, 3]);
  const changed = new Uint8Array(Math.max(length, 0));
  changed.set(bytes.subarray(0, changed.length));
  draft.set(
    name,
    changed.length % column.BYTES_PER_ELEMENT === 0 ? likewise(column, changed) : changed,
  );
  return true;
}

function likewise(column: Column, { buffer }: Uint8Array<ArrayBuffer>): Packable {
  if (column instanceof Uint16Array) return new Uint16Array(buffer);
  if (column instanceof Uint32Array) return new Uint32Array(buffer);
  return column instanceof Float32Array ? new Float32Array(buffer) : new Float64Array(buffer);
}

/** One value of a column is no number, out of its range, or out of order. */
function oddSample(draft: Draft, random: Random): boolean {
  const name = fieldWhere(draft, random, 'v', (value) => isColumn(value) && value.length > 0);
  const column = draft.get(name);
  if (!isColumn(column)) return false;
  const changed = column.slice();
  const odd = [Number.NaN, Number.POSITIVE_INFINITY, -1, 1e30, 2 ** 32 - 1, 100.5];
  changed[below(random, changed.length)] = pick(random, odd);
  draft.set(name, changed);
  return true;
}

function reversed(draft: Draft): boolean {
  const dt = draft.get('dt');
  if (!isColumn(dt) || dt.length < 2 || draft.get('kind') === 'spikes') return false;
  draft.set('dt', dt.slice().reverse());
  return true;
}

function unknownVersion(draft: Draft, random: Random): boolean {
  draft.set('v', pick<Packable>(random, [0, 2, 1.5, -1, '1', true, [1], Number.NaN, 2 ** 53]));
  return true;
}

function unknownKind(draft: Draft, random: Random): boolean {
  const kinds = ['spike', 'SPIKES', 'dead', '', 'derived', ...HOSTILE_NAMES, 'é', 'k'.repeat(300)];
  draft.set('kind', pick(random, kinds));
  return true;
}

function oddText(draft: Draft, random: Random): boolean {
  const name = fieldWhere(draft, random, 'chip_id', (value) => typeof value === 'string');
  const texts = ['', 'x'.repeat(129), '🧠'.repeat(129), 'ü'.repeat(8193), 'other', 'a.b', '>'];
  draft.set(name, pick(random, texts));
  return true;
}

/** What the subject says differs from what the payload says. */
function otherChip(draft: Draft, random: Random): boolean {
  const name = pick(random, ['kind', 'device_type', 'chip_id']);
  draft.set(name, pick(random, ['power', 'health', 'log', 'loihi', '00', 'Chip0']));
  return true;
}

/** All that the message needs, one level below a name that other programs trip over. */
function hidden(draft: Draft, random: Random): boolean {
  const inner = new Map(draft);
  draft.clear();
  draft.set(pick(random, HOSTILE_NAMES), inner);
  return true;
}

/** Known names under hostile ones beside a message that lacks them. */
function hostileNames(draft: Draft, random: Random): boolean {
  const name = fieldOf(draft, random);
  const value = draft.get(name) as Packable;
  draft.delete(name);
  for (const hostile of HOSTILE_NAMES) draft.set(hostile, new Map([[name, value]]));
  return true;
}

/** More counters than a chip has, more updates than a frame may hold. */
function manyEntries(draft: Draft, random: Random): boolean {
  const name = fieldWhere(draft, random, '', (value) => value instanceof Map || isList(value));
  const value = draft.get(name);
  if (value instanceof Map) {
    const names = Array.from({ length: 65 }, (_, i) => `c${i}`);
    draft.set(name, new Map(names.map((counter) => [counter, new Float64Array(1)])));
  } else if (isList(value)) draft.set(name, new Array<null>(4097).fill(null));
  return value !== undefined;
}

function oddEntry(draft: Draft, random: Random): boolean {
  const name = fieldWhere(draft, random, 'v', (value) => value instanceof Map || isList(value));
  const value = draft.get(name);
  const odd = pick(random, [...OTHER_TYPES, ...ODD_NUMBERS]);
  if (value instanceof Map) draft.set(name, new Map([...value, ['odd', odd]]));
  else if (isList(value)) draft.set(name, [...value, odd]);
  else draft.set(name, odd);
  return true;
}

function isList(value: Packable | undefined): value is readonly Packable[] {
  return Array.isArray(value);
}

/** Integers as wide as msgpack has them, none of which a double holds exactly. */
function wideInteger(draft: Draft, random: Random): boolean {
  const name = fieldWhere(draft, random, 't0', (value) => typeof value === 'number');
  const bytes = Uint8Array.from({ length: 9 }, () => 0xff - below(random, 4));
  bytes[0] = random() < 0.5 ? 0xcf : 0xd3;
  if (bytes[0] === 0xd3) bytes[1] = 0x80 + below(random, 127);
  draft.set(name, new Raw(bytes));
  return true;
}

/** What can be said in both encodings. */
export const FIELD_FAULTS: readonly FieldFault[] = [
  missing,
  wrongType,
  oddNumber,
  oddTime,
  wrongLength,
  oddSample,
  reversed,
  unknownVersion,
  unknownKind,
  oddText,
  otherChip,
  hidden,
  hostileNames,
  manyEntries,
  oddEntry,
];

/** What only msgpack can say. */
export const MSGPACK_FIELD_FAULTS: readonly FieldFault[] = [wideInteger];
