import type { InvalidReason } from '../../src/frames/frame-error.ts';

/**
 * Reads the bytes of a message slowly and by the letter of the two formats, with nothing from src/
 * but the words for what is wrong. It keeps more of a message than the product's readers do, and
 * checks what msgpackr and JSON.parse let pass.
 */
export type Plain =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | readonly Plain[]
  | ReadonlyMap<string, Plain>;

/** The bytes can't be read on; each reason is one that a reader may give at this place. */
export class Unreadable extends Error {
  readonly reasons: readonly InvalidReason[];

  constructor(...reasons: InvalidReason[]) {
    super(reasons.join(' or '));
    this.reasons = reasons;
  }
}

const NESTING_MAX = 8;
/** Values of a msgpack message, a column being one. */
const VALUES_MAX = 262_144;

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The one map that a message is. */
export function readMessage(bytes: Uint8Array, json: boolean): ReadonlyMap<string, Plain> {
  const value = json ? readJsonText(bytes) : readMsgpack(bytes);
  if (!(value instanceof Map)) throw new Unreadable('malformed');
  return value;
}

function readJsonText(bytes: Uint8Array): Plain {
  let value: unknown;
  try {
    value = JSON.parse(UTF8.decode(bytes));
  } catch {
    throw new Unreadable('malformed');
  }
  const faults = new Set<InvalidReason>();
  const plain = plainOf(value, 0, faults);
  if (faults.size > 0) throw new Unreadable(...faults);
  return plain;
}

function plainOf(value: unknown, depth: number, faults: Set<InvalidReason>): Plain {
  if (typeof value === 'string' && !value.isWellFormed()) faults.add('malformed');
  if (value === null || typeof value !== 'object') return value as Plain;
  if (depth >= NESTING_MAX) {
    faults.add('too_deep');
    return null;
  }
  if (Array.isArray(value)) return value.map((entry) => plainOf(entry, depth + 1, faults));
  const entries = Object.entries(value).map(([name, entry]): [string, Plain] => {
    if (!name.isWellFormed()) faults.add('malformed');
    return [name, plainOf(entry, depth + 1, faults)];
  });
  return new Map(entries);
}

interface Cursor {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  at: number;
  values: number;
}

function readMsgpack(bytes: Uint8Array): Plain {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const cursor: Cursor = { bytes, view, at: 0, values: 0 };
  const value = readValue(cursor, 0);
  if (cursor.at !== bytes.length) throw new Unreadable('malformed');
  return value;
}

/** Moves on by `count` bytes and says where they begin. */
function step(cursor: Cursor, count: number): number {
  const from = cursor.at;
  if (from + count > cursor.bytes.length) throw new Unreadable('malformed');
  cursor.at += count;
  return from;
}

/** Sizes by tag: bytes of the length that follows str, bin, array and map heads. */
const STRING_HEADS = new Map([
  [0xd9, 1],
  [0xda, 2],
  [0xdb, 4],
]);
const BIN_HEADS = new Map([
  [0xc4, 1],
  [0xc5, 2],
  [0xc6, 4],
]);
const LIST_HEADS = new Map([
  [0xdc, 2],
  [0xdd, 4],
]);
const MAP_HEADS = new Map([
  [0xde, 2],
  [0xdf, 4],
]);

function readValue(cursor: Cursor, depth: number): Plain {
  if (++cursor.values > VALUES_MAX) throw new Unreadable('too_many');
  const tag = cursor.bytes[step(cursor, 1)] as number;
  if (tag <= 0x7f) return tag;
  if (tag >= 0xe0) return tag - 256;
  if (tag <= 0x8f) return readMap(cursor, tag & 15, depth);
  if (tag <= 0x9f) return readList(cursor, tag & 15, depth);
  if (tag <= 0xbf) return readString(cursor, tag & 31);
  if (tag === 0xc0) return null;
  if (tag === 0xc1) throw new Unreadable('malformed');
  if (tag === 0xc2 || tag === 0xc3) return tag === 0xc3;
  const string = STRING_HEADS.get(tag);
  if (string !== undefined) return readString(cursor, readLength(cursor, string));
  const bin = BIN_HEADS.get(tag);
  if (bin !== undefined) {
    const length = readLength(cursor, bin);
    return cursor.bytes.slice(step(cursor, length), cursor.at);
  }
  const list = LIST_HEADS.get(tag);
  if (list !== undefined) return readList(cursor, readLength(cursor, list), depth);
  const map = MAP_HEADS.get(tag);
  if (map !== undefined) return readMap(cursor, readLength(cursor, map), depth);
  return readNumber(cursor, tag);
}

function readLength(cursor: Cursor, bytes: number): number {
  let length = 0;
  for (let i = 0; i < bytes; i++) length = length * 256 + (cursor.bytes[step(cursor, 1)] as number);
  return length;
}

function readNumber(cursor: Cursor, tag: number): number {
  const { view } = cursor;
  switch (tag) {
    case 0xca:
      return view.getFloat32(step(cursor, 4));
    case 0xcb:
      return view.getFloat64(step(cursor, 8));
    case 0xcc:
      return view.getUint8(step(cursor, 1));
    case 0xcd:
      return view.getUint16(step(cursor, 2));
    case 0xce:
      return view.getUint32(step(cursor, 4));
    case 0xcf:
      return Number(view.getBigUint64(step(cursor, 8)));
    case 0xd0:
      return view.getInt8(step(cursor, 1));
    case 0xd1:
      return view.getInt16(step(cursor, 2));
    case 0xd2:
      return view.getInt32(step(cursor, 4));
    case 0xd3:
      return Number(view.getBigInt64(step(cursor, 8)));
    default:
      throw new Unreadable('extension');
  }
}

function readString(cursor: Cursor, length: number): string {
  const from = step(cursor, length);
  try {
    return UTF8.decode(cursor.bytes.slice(from, cursor.at));
  } catch {
    throw new Unreadable('malformed');
  }
}

/** A container too deep may at the same time be longer than what is left. */
function enter(cursor: Cursor, bytesNeeded: number, depth: number): void {
  const reasons: InvalidReason[] = [];
  if (depth >= NESTING_MAX) reasons.push('too_deep');
  if (bytesNeeded > cursor.bytes.length - cursor.at) reasons.push('malformed');
  if (reasons.length > 0) throw new Unreadable(...reasons);
}

function readList(cursor: Cursor, length: number, depth: number): Plain {
  enter(cursor, length, depth);
  return Array.from({ length }, () => readValue(cursor, depth + 1));
}

function readMap(cursor: Cursor, length: number, depth: number): Plain {
  enter(cursor, length * 2, depth);
  const map = new Map<string, Plain>();
  for (let i = 0; i < length; i++) {
    const key = readValue(cursor, depth + 1);
    if (typeof key !== 'string') throw new Unreadable('malformed');
    const value = readValue(cursor, depth + 1);
    if (map.has(key)) throw new Unreadable('malformed');
    map.set(key, value);
  }
  return map;
}
