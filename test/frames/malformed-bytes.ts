import { concat, type Packable, Pairs, Raw, toJson, toMsgpack } from './pack.ts';
import { below, pick, type Random } from './valid-fields.ts';

/** Changes the bytes of a message, or makes others from its fields. */
export type ByteFault = (
  bytes: Uint8Array,
  fields: ReadonlyMap<string, Packable>,
  random: Random,
) => Uint8Array;

/** A message that ends too early: no prefix of a map or an object is one. */
export function truncated(bytes: Uint8Array, _fields: unknown, random: Random): Uint8Array {
  return bytes.slice(0, below(random, bytes.length));
}

function flipped(bytes: Uint8Array, _fields: unknown, random: Random): Uint8Array {
  const changed = bytes.slice();
  for (let flips = 1 + below(random, 3); flips > 0; flips--) {
    const at = below(random, changed.length);
    changed[at] = (changed[at] as number) ^ (1 << below(random, 8));
  }
  return changed;
}

function garbage(_bytes: Uint8Array, _fields: unknown, random: Random): Uint8Array {
  return Uint8Array.from({ length: below(random, 64) }, () => below(random, 256));
}

function trailing(bytes: Uint8Array, _fields: unknown, random: Random): Uint8Array {
  return concat(bytes, pick<ArrayLike<number>>(random, [[0], [0xc0], [0x7d], [0x2c], bytes]));
}

/** A part of the message twice or not at all. */
function spliced(bytes: Uint8Array, _fields: unknown, random: Random): Uint8Array {
  const [a, b] = [below(random, bytes.length), below(random, bytes.length)];
  return concat(bytes.subarray(0, a), bytes.subarray(b));
}

/** Extensions of every width, a timestamp, a record of msgpackr, and the byte that is not used. */
const EXTENSIONS: readonly (readonly number[])[] = [
  [0xd4, 1, 0],
  [0xd5, 1, 0, 0],
  [0xd6, 0xff, 0, 0, 0, 0],
  [0xd7, 0xff, 0, 0, 0, 0, 0, 0, 0, 0],
  [0xd8, 1, ...new Array<number>(16).fill(0)],
  [0xc7, 0, 1],
  [0xc8, 0, 0, 1],
  [0xc9, 0xff, 0xff, 0xff, 0xff, 1],
  [0xd4, 0x72, 0x40],
  [0xc1],
];

/** Heads that promise far more than follows. */
const LENGTH_BOMBS: readonly (readonly number[])[] = [
  [0xdd, 0xff, 0xff, 0xff, 0xff],
  [0xdf, 0xff, 0xff, 0xff, 0xff],
  [0xdb, 0xff, 0xff, 0xff, 0xff],
  [0xc6, 0xff, 0xff, 0xff, 0xff],
  [0xdc, 0xff, 0xff],
  [0xde, 0x7f, 0xff],
  [0xdd, 0x7f, 0xff, 0xff, 0xff],
];

function withValue(
  fields: ReadonlyMap<string, Packable>,
  random: Random,
  value: Packable,
): Uint8Array {
  const name = pick(random, [...fields.keys(), 'unknown']);
  return toMsgpack(new Map([...fields, [name, value]]));
}

function extension(_bytes: Uint8Array, fields: ReadonlyMap<string, Packable>, random: Random) {
  return withValue(fields, random, new Raw(pick(random, EXTENSIONS)));
}

function lengthBomb(_bytes: Uint8Array, fields: ReadonlyMap<string, Packable>, random: Random) {
  const bomb = pick(random, LENGTH_BOMBS);
  return random() < 0.2 ? Uint8Array.from(bomb) : withValue(fields, random, new Raw(bomb));
}

/** Depths just past the limit, and far past any stack. */
const DEPTHS = [8, 9, 100, 20_000] as const;

function deepMsgpack(_bytes: Uint8Array, fields: ReadonlyMap<string, Packable>, random: Random) {
  const depth = pick(random, DEPTHS);
  const nested = random() < 0.5 ? [0x91] : [0x81, 0xa1, 0x61];
  const bytes = new Uint8Array(depth * nested.length + 1).fill(0xc0);
  for (let i = 0; i < depth; i++) bytes.set(nested, i * nested.length);
  return withValue(fields, random, new Raw(bytes));
}

function twice(_bytes: Uint8Array, fields: ReadonlyMap<string, Packable>, random: Random) {
  return toMsgpack(new Pairs([...fields, pick(random, [...fields])]));
}

function oddKey(_bytes: Uint8Array, fields: ReadonlyMap<string, Packable>, random: Random) {
  const key = pick<Packable>(random, [1, null, true, -1, 0.5, ['a'], Uint8Array.of(118)]);
  return toMsgpack(new Pairs([...fields, [key, 1]]));
}

/** Bytes that are no UTF-8: a lone byte, an overlong form, a surrogate, a cut sequence. */
const NOT_UTF8: readonly (readonly number[])[] = [
  [0x80],
  [0xff],
  [0xc0, 0xaf],
  [0xed, 0xa0, 0x80],
  [0xf0, 0x9f, 0xa7],
  [0xf5, 0x80, 0x80, 0x80],
];

function notUtf8Msgpack(_bytes: Uint8Array, fields: ReadonlyMap<string, Packable>, random: Random) {
  const text = pick(random, NOT_UTF8);
  const raw = new Raw([0xa0 | text.length, ...text]);
  if (random() < 0.5) return withValue(fields, random, raw);
  return toMsgpack(new Pairs([...fields, [raw, 1]]));
}

/** The JSON text with a member put in front, as bytes. */
function withMember(bytes: Uint8Array, member: ArrayLike<number>): Uint8Array {
  const open = Buffer.from('{"member":');
  return concat(open, member, Buffer.from(','), bytes.subarray(1));
}

function notUtf8Json(bytes: Uint8Array, _fields: unknown, random: Random): Uint8Array {
  return withMember(bytes, [0x22, ...pick(random, NOT_UTF8), 0x22]);
}

/** Texts that are no JSON value, or one that no frame may have. */
const ODD_JSON = [
  'NaN',
  'Infinity',
  'undefined',
  '01',
  '+1',
  '.5',
  "'a'",
  '"\\ud800"',
  '"\\udc00\\ud800"',
  '{"\\ud800":1}',
  '"\n"',
  '// a comment\n1',
  '[1,]',
  '1e',
];

function oddJson(bytes: Uint8Array, _fields: unknown, random: Random): Uint8Array {
  return withMember(bytes, Buffer.from(pick(random, ODD_JSON)));
}

function deepJson(bytes: Uint8Array, _fields: unknown, random: Random): Uint8Array {
  const depth = pick(random, DEPTHS);
  const [open, close] = random() < 0.5 ? ['[', ']'] : ['{"a":', '}'];
  return withMember(bytes, Buffer.from(`${open.repeat(depth)}1${close.repeat(depth)}`));
}

const NOT_OBJECTS = [
  '',
  '[]',
  'null',
  '1',
  '"text"',
  '{',
  '{}',
  '{"v":1}',
  ' ',
  '\ufeff{}',
  '{}{}',
];

function notAnObject(_bytes: Uint8Array, _fields: unknown, random: Random): Uint8Array {
  return new Uint8Array(Buffer.from(pick(random, NOT_OBJECTS)));
}

/** Values of many entries, and messages of too many bytes: large, so made once. */
let large: readonly Uint8Array[] | undefined;

export function width(_bytes: Uint8Array, _fields: unknown, random: Random): Uint8Array {
  large ??= [
    concat([0xdd, 0, 4, 0, 1], new Uint8Array(0x4_0001).fill(0xc0)),
    concat([0x81, 0xa1, 0x61, 0xdd, 0, 4, 0, 0], new Uint8Array(0x4_0000).fill(0x80)),
    new Uint8Array(2 ** 20 + 1).fill(0x80),
    toJson(new Map([['a', Array.from({ length: 300_000 }, () => [])]])),
    toMsgpack(new Map([['dt', new Uint32Array(131_073)]])),
  ];
  return pick(random, large);
}

export const MSGPACK_BYTE_FAULTS: readonly ByteFault[] = [
  truncated,
  flipped,
  flipped,
  garbage,
  trailing,
  spliced,
  extension,
  lengthBomb,
  deepMsgpack,
  twice,
  oddKey,
  notUtf8Msgpack,
];

export const JSON_BYTE_FAULTS: readonly ByteFault[] = [
  truncated,
  flipped,
  flipped,
  garbage,
  trailing,
  spliced,
  notUtf8Json,
  oddJson,
  deepJson,
  notAnObject,
];
