/**
 * Writes messages for tests, right ones and wrong ones: what the product's own writer can't say
 * (keys twice, keys that are no strings, lengths that lie, any bytes) is what its reader must take.
 */
export type Column = Uint16Array | Uint32Array | Float32Array | Float64Array;

/** Bytes that stand for a value as they are. */
export class Raw {
  readonly bytes: ArrayLike<number>;

  constructor(bytes: ArrayLike<number>) {
    this.bytes = bytes;
  }
}

/** A number written as a float, though it is whole. */
export class Float {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** A map whose keys may repeat and be anything; `Map` is one without repetition. */
export type Entries = readonly (readonly [Packable, Packable])[];

export class Pairs {
  readonly entries: Entries;

  constructor(entries: Entries) {
    this.entries = entries;
  }
}

export type Packable =
  | null
  | boolean
  | number
  | string
  | Column
  | Uint8Array
  | Raw
  | Float
  | Pairs
  | ReadonlyMap<string, Packable>
  | readonly Packable[];

/** A value as msgpack. */
export function toMsgpack(value: Packable): Uint8Array {
  const parts: Uint8Array[] = [];
  push(parts, value);
  return new Uint8Array(Buffer.concat(parts));
}

/** A value as JSON; NaN and infinities become null and a number too large for a double. */
export function toJson(value: Packable): Uint8Array {
  return new Uint8Array(Buffer.from(jsonText(value)));
}

export function concat(...parts: readonly ArrayLike<number>[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function push(parts: Uint8Array[], value: Packable): void {
  if (value === null) parts.push(Uint8Array.of(0xc0));
  else if (typeof value === 'boolean') parts.push(Uint8Array.of(value ? 0xc3 : 0xc2));
  else if (typeof value === 'number') parts.push(packNumber(value));
  else if (typeof value === 'string') {
    const text = Buffer.from(value);
    parts.push(packHead(text.length, 0xa0, 32, 0xd9), text);
  } else if (value instanceof Raw) parts.push(Uint8Array.from(value.bytes));
  else if (value instanceof Float) parts.push(packFloat(value.value));
  else if (value instanceof Pairs) pushMap(parts, value.entries);
  else if (value instanceof Map) pushMap(parts, [...value]);
  else if (ArrayBuffer.isView(value)) {
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    parts.push(packHead(bytes.length, 0, 0, 0xc4), bytes);
  } else {
    const list = value as readonly Packable[];
    parts.push(packHead(list.length, 0x90, 16, undefined, 0xdc));
    for (const entry of list) push(parts, entry);
  }
}

function pushMap(parts: Uint8Array[], entries: Entries): void {
  parts.push(packHead(entries.length, 0x80, 16, undefined, 0xde));
  for (const [key, value] of entries) {
    push(parts, key);
    push(parts, value);
  }
}

/** The head of a value with a length: in the tag, or in 1, 2 or 4 bytes after it. */
export function packHead(
  length: number,
  fix: number,
  fixBelow: number,
  tag8: number | undefined,
  tag16 = (tag8 ?? 0) + 1,
): Uint8Array {
  if (length < fixBelow) return Uint8Array.of(fix | length);
  if (tag8 !== undefined && length < 0x100) return Uint8Array.of(tag8, length);
  if (length < 0x1_0000) return Uint8Array.of(tag16, length >> 8, length & 0xff);
  const head = Uint8Array.of(tag16 + 1, 0, 0, 0, 0);
  new DataView(head.buffer).setUint32(1, length);
  return head;
}

function packNumber(value: number): Uint8Array {
  if (!Number.isSafeInteger(value) || Object.is(value, -0)) return packFloat(value);
  if (value >= 0 && value < 0x80) return Uint8Array.of(value);
  if (value < 0 && value >= -32) return Uint8Array.of(value & 0xff);
  const bytes = new Uint8Array(9);
  bytes[0] = value < 0 ? 0xd3 : 0xcf;
  new DataView(bytes.buffer).setBigInt64(1, BigInt(value));
  return bytes;
}

function packFloat(value: number): Uint8Array {
  const bytes = new Uint8Array(9);
  bytes[0] = 0xcb;
  new DataView(bytes.buffer).setFloat64(1, value);
  return bytes;
}

function jsonText(value: Packable): string {
  if (value instanceof Raw) return Buffer.from(Uint8Array.from(value.bytes)).toString('utf8');
  if (value instanceof Float) return value.value.toExponential();
  if (value instanceof Pairs) return jsonMap(value.entries);
  if (value instanceof Map) return jsonMap([...value]);
  if (Array.isArray(value) || ArrayBuffer.isView(value)) {
    return `[${Array.from(value as readonly Packable[], jsonText).join(',')}]`;
  }
  if (typeof value === 'number' && !Number.isFinite(value)) {
    return Number.isNaN(value) ? 'null' : `${value > 0 ? '' : '-'}1e999`;
  }
  return JSON.stringify(value);
}

function jsonMap(entries: Entries): string {
  return `{${entries.map(([key, value]) => `${jsonText(key)}:${jsonText(value)}`).join(',')}}`;
}
