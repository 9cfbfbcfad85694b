import type { Fields } from './fields.ts';
import { FrameError, shown } from './frame-error.ts';
import type { FrameLimits } from './limits.ts';

/**
 * A strict msgpack reader for frames: plain msgpack only (maps with string keys, arrays, str, bin,
 * numbers, bool, nil), bounded in depth, width and number of values, with nothing learnt from one
 * message to the next but the spelling of short strings. A bin is a view on the message.
 * Format: https://github.com/msgpack/msgpack/blob/master/spec.md
 */
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Short strings come back as the same object each time, so that later map look-ups are cheap. */
const CACHED_CHARS_MAX = 32;
const CACHE_SLOTS = 2048;

/** Values a message may hold beyond its columns; a bin is one value. */
const VALUES_MAX = 262_144;

export class MsgpackReader {
  private bytes: Uint8Array = new Uint8Array(0);
  private view: DataView = new DataView(new ArrayBuffer(0));
  private at = 0;
  private end = 0;
  private values = 0;
  private readonly cache: (string | undefined)[] = new Array(CACHE_SLOTS).fill(undefined);
  private readonly limits: FrameLimits;

  constructor(limits: FrameLimits) {
    this.limits = limits;
  }

  /** Reads one map that fills the message; throws a FrameError for anything else. */
  readMap(bytes: Uint8Array): Fields {
    this.bytes = bytes;
    // Subjects arrive in large shared buffers; a view on the same one is not made twice.
    if (this.view.buffer !== bytes.buffer) this.view = new DataView(bytes.buffer);
    this.at = 0;
    this.end = bytes.length;
    this.values = 0;
    const value = this.read(0);
    if (this.at !== this.end) {
      throw new FrameError('malformed', 'payload', `${this.end - this.at} bytes after the frame`);
    }
    if (value === null || typeof value !== 'object' || Array.isArray(value)) {
      throw new FrameError('malformed', 'payload', 'is not a map');
    }
    if (value instanceof Uint8Array) throw new FrameError('malformed', 'payload', 'is not a map');
    return value as Fields;
  }

  private truncated(): FrameError {
    return new FrameError('malformed', 'payload', `ends inside a value (${this.end} bytes)`);
  }

  private read(depth: number): unknown {
    if (++this.values > VALUES_MAX) {
      throw new FrameError('too_many', 'payload', `more than ${VALUES_MAX} values`);
    }
    if (this.at >= this.end) throw this.truncated();
    const tag = this.bytes[this.at++] as number;
    if (tag < 0x80) return tag;
    if (tag >= 0xe0) return tag - 0x100;
    if (tag < 0x90) return this.map(tag & 0x0f, depth);
    if (tag < 0xa0) return this.list(tag & 0x0f, depth);
    if (tag < 0xc0) return this.string(tag & 0x1f);
    return this.tagged(tag, depth);
  }

  private tagged(tag: number, depth: number): unknown {
    switch (tag) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
        return this.bin(this.unsigned(1));
      case 0xc5:
        return this.bin(this.unsigned(2));
      case 0xc6:
        return this.bin(this.unsigned(4));
      case 0xd9:
        return this.string(this.unsigned(1));
      case 0xda:
        return this.string(this.unsigned(2));
      case 0xdb:
        return this.string(this.unsigned(4));
      case 0xdc:
        return this.list(this.unsigned(2), depth);
      case 0xdd:
        return this.list(this.unsigned(4), depth);
      case 0xde:
        return this.map(this.unsigned(2), depth);
      case 0xdf:
        return this.map(this.unsigned(4), depth);
      default:
        return this.number(tag);
    }
  }

  private number(tag: number): number {
    const at = this.at + this.bytes.byteOffset;
    switch (tag) {
      case 0xcc:
        return this.unsigned(1);
      case 0xcd:
        return this.unsigned(2);
      case 0xce:
        return this.unsigned(4);
      case 0xcf:
        this.skip(8);
        return this.view.getUint32(at) * 2 ** 32 + this.view.getUint32(at + 4);
      case 0xd0:
        this.skip(1);
        return this.view.getInt8(at);
      case 0xd1:
        this.skip(2);
        return this.view.getInt16(at);
      case 0xd2:
        this.skip(4);
        return this.view.getInt32(at);
      case 0xd3:
        this.skip(8);
        return this.view.getInt32(at) * 2 ** 32 + this.view.getUint32(at + 4);
      case 0xca:
        this.skip(4);
        return this.view.getFloat32(at);
      case 0xcb:
        this.skip(8);
        return this.view.getFloat64(at);
      default:
        throw this.refused(tag);
    }
  }

  private refused(tag: number): FrameError {
    const hex = `0x${tag.toString(16)}`;
    if (tag === 0xc1) return new FrameError('malformed', 'payload', `has the unused byte ${hex}`);
    return new FrameError('extension', 'payload', `has the msgpack extension ${hex}`);
  }

  private skip(count: number): void {
    this.at += count;
    if (this.at > this.end) throw this.truncated();
  }

  private unsigned(width: 1 | 2 | 4): number {
    const at = this.at;
    this.skip(width);
    const bytes = this.bytes;
    if (width === 1) return bytes[at] as number;
    if (width === 2) return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
    return this.view.getUint32(at + bytes.byteOffset);
  }

  private bin(length: number): Uint8Array {
    const at = this.at;
    this.skip(length);
    const { buffer, byteOffset } = this.bytes;
    return new Uint8Array(buffer, byteOffset + at, length);
  }

  private list(length: number, depth: number): unknown[] {
    this.requireRoom(length, 1, depth);
    const list: unknown[] = [];
    for (let i = 0; i < length; i++) list.push(this.read(depth + 1));
    return list;
  }

  private map(length: number, depth: number): Fields {
    this.requireRoom(length, 2, depth);
    const fields: Fields = {};
    for (let i = 0; i < length; i++) {
      const key = this.read(depth + 1);
      if (typeof key !== 'string') {
        throw new FrameError('malformed', 'payload', 'has a map key that is not a string');
      }
      const value = this.read(depth + 1);
      if (fields[key] !== undefined && Object.hasOwn(fields, key)) {
        throw new FrameError('malformed', 'payload', `has ${shown(key)} twice in one map`);
      }
      if (key === '__proto__') ownProperty(fields, key, value);
      else fields[key] = value;
    }
    return fields;
  }

  /** Refuses a length that the rest of the message can't hold, before anything is allocated. */
  private requireRoom(length: number, bytesEach: number, depth: number): void {
    if (depth >= this.limits.nestingMax) {
      throw new FrameError('too_deep', 'payload', `nested deeper than ${this.limits.nestingMax}`);
    }
    if (length * bytesEach > this.end - this.at) throw this.truncated();
  }

  private string(length: number): string {
    const at = this.at;
    this.skip(length);
    const bytes = this.bytes;
    if (length > CACHED_CHARS_MAX) return this.decode(at, length);
    let hash = length;
    for (let i = 0; i < length; i++) hash = (hash * 31 + (bytes[at + i] as number)) | 0;
    const slot = (hash ^ (hash >>> 15)) & (CACHE_SLOTS - 1);
    const known = this.cache[slot];
    if (known !== undefined && this.spells(known, at, length)) return known;
    const text = this.decode(at, length);
    this.cache[slot] = text;
    return text;
  }

  /** Whether the bytes at `at` are this string; only ASCII strings are ever recognised. */
  private spells(known: string, at: number, length: number): boolean {
    if (known.length !== length) return false;
    for (let i = 0; i < length; i++) {
      const code = known.charCodeAt(i);
      if (code !== this.bytes[at + i] || code > 0x7f) return false;
    }
    return true;
  }

  private decode(at: number, length: number): string {
    try {
      return UTF8.decode(this.bytes.subarray(at, at + length));
    } catch {
      throw new FrameError('malformed', 'payload', 'has a string that is not UTF-8');
    }
  }
}

/** As JSON.parse does it: a name like any other, which changes no prototype. */
function ownProperty(fields: Fields, key: string, value: unknown): void {
  const property = { value, enumerable: true, configurable: true, writable: true };
  Object.defineProperty(fields, key, property);
}
