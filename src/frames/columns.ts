import { endianness } from 'node:os';
import { largestOf, largestTime, takeColumn, takeTimes } from '../kernels/take-column.ts';
import { ColumnScratch } from './column-scratch.ts';
import type { Fields } from './fields.ts';
import { FrameError, shown } from './frame-error.ts';

/**
 * Columns as typed arrays. A msgpack bin that lies aligned in its message is used where it is; the
 * others (most of them: a bin starts wherever the fields before it end) are moved into a scratch
 * area that the next frame reuses. So a column from the wire is valid until the next decode: who
 * keeps one longer copies it.
 */
if (endianness() !== 'LE') throw new Error('Spikescope needs a little-endian machine');

type ColumnArray = Uint16Array | Uint32Array | Float32Array | Float64Array;

interface ColumnType<A extends ColumnArray> {
  readonly bytes: number;
  readonly dtype: string;
  readonly view: (buffer: ArrayBufferLike, offset: number, length: number) => A;
  readonly check: (value: number) => boolean;
  /** What JSON's null stands for; undefined where it is an error. */
  readonly missing: number | undefined;
}

const U16: ColumnType<Uint16Array> = {
  bytes: 2,
  dtype: 'u16',
  view: (buffer, offset, length) => new Uint16Array(buffer, offset, length),
  check: (value) => Number.isInteger(value) && value >= 0 && value <= 0xffff,
  missing: undefined,
};

const U32: ColumnType<Uint32Array> = {
  bytes: 4,
  dtype: 'u32',
  view: (buffer, offset, length) => new Uint32Array(buffer, offset, length),
  check: (value) => Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff,
  missing: undefined,
};

const F32: ColumnType<Float32Array> = {
  bytes: 4,
  dtype: 'f32',
  view: (buffer, offset, length) => new Float32Array(buffer, offset, length),
  check: () => true,
  missing: Number.NaN,
};

const F64: ColumnType<Float64Array> = {
  bytes: 8,
  dtype: 'f64',
  view: (buffer, offset, length) => new Float64Array(buffer, offset, length),
  check: () => true,
  missing: Number.NaN,
};

function tooMany(name: string, count: number, samplesMax: number): FrameError {
  return new FrameError('too_many', name, `${count} values, at most ${samplesMax}`);
}

function lengthOf<A extends ColumnArray>(
  bin: Uint8Array,
  name: string,
  type: ColumnType<A>,
  samplesMax: number,
): number {
  const length = bin.length / type.bytes;
  if (!Number.isInteger(length)) {
    const detail = `${bin.length} bytes are no whole number of ${type.dtype} values`;
    throw new FrameError('length_mismatch', name, detail);
  }
  if (length > samplesMax) throw tooMany(name, length, samplesMax);
  return length;
}

function readColumn<A extends ColumnArray>(
  value: unknown,
  name: string,
  type: ColumnType<A>,
  scratch: ColumnScratch,
  samplesMax: number,
): A {
  if (value instanceof Uint8Array) {
    const length = lengthOf(value, name, type, samplesMax);
    if (value.byteOffset % type.bytes === 0) {
      return type.view(value.buffer, value.byteOffset, length);
    }
    const room = scratch.take(value.length);
    new Uint8Array(room.buffer, room.offset, value.length).set(value);
    return type.view(room.buffer, room.offset, length);
  }
  if (Array.isArray(value)) return readList(value, name, type, scratch, samplesMax);
  if (value === undefined || value === null) {
    throw new FrameError('missing_field', name, 'is needed and absent');
  }
  throw new FrameError('wrong_type', name, `needs a ${type.dtype} column, got ${shown(value)}`);
}

function readList<A extends ColumnArray>(
  list: readonly unknown[],
  name: string,
  type: ColumnType<A>,
  scratch: ColumnScratch,
  samplesMax: number,
): A {
  if (list.length > samplesMax) throw tooMany(name, list.length, samplesMax);
  const room = scratch.take(list.length * type.bytes);
  const column = type.view(room.buffer, room.offset, list.length);
  for (let i = 0; i < list.length; i++) {
    const value = list[i];
    // JSON has no NaN: null stands for it, and what takes no NaN refuses it afterwards.
    if (value === null && type.missing !== undefined) {
      column[i] = type.missing;
      continue;
    }
    if (typeof value !== 'number') {
      const detail = `value ${i} needs a number, got ${shown(value)}`;
      throw new FrameError('wrong_type', name, detail);
    }
    if (!type.check(value)) {
      throw new FrameError('out_of_range', name, `value ${i}: ${value} is no ${type.dtype}`);
    }
    column[i] = value;
  }
  return column;
}

/** Reads columns of one message. `samplesMax` bounds each of them. */
export class ColumnReader {
  /** Room that is valid as long as the columns of the message are. */
  readonly scratch: ColumnScratch;
  /** Of what `ids` or `times` gave last: the largest value, 0 of none. */
  largest = 0;
  /** What `spikes` read last; its ids' largest value is `largest`. */
  spikeIds: Uint32Array = new Uint32Array(0);
  spikeTimes: Uint32Array = new Uint32Array(0);
  /** The largest time, and `UNORDERED` on top where times go back. */
  timeMax = 0;
  private readonly samplesMax: number;
  private lists = false;

  /** Whether frames are to say the number of their place. */
  readonly hasPlaces: boolean;

  /**
   * `isServing`: columns are moved to where kernels can work, so that `scratch` is to be closed,
   * and frames say the number of their place.
   */
  constructor(samplesMax: number, isServing = false) {
    this.samplesMax = samplesMax;
    this.hasPlaces = isServing;
    this.scratch = new ColumnScratch(isServing);
  }

  /** `lists` says whether the message is JSON, where columns are lists of numbers. */
  reset(payloadBytes: number, lists: boolean): void {
    this.scratch.reset(payloadBytes);
    this.lists = lists;
  }

  u16(fields: Fields, name: string): Uint16Array {
    return readColumn(this.checked(fields, name), name, U16, this.scratch, this.samplesMax);
  }

  u32(fields: Fields, name: string): Uint32Array {
    return readColumn(this.checked(fields, name), name, U32, this.scratch, this.samplesMax);
  }

  /** As `u32`, and its largest value. */
  ids(fields: Fields, name: string): Uint32Array {
    const value = fields[name];
    if (!(value instanceof Uint8Array) || !this.scratch.isArena) {
      const column = this.u32(fields, name);
      this.largest = largestOf(column);
      return column;
    }
    const column = this.scratch.u32(lengthOf(value, name, U32, this.samplesMax));
    this.largest = takeColumn(value, 0, column);
    return column;
  }

  /** As `ids`; where times go back, `UNORDERED` stands on top of the largest. */
  times(fields: Fields, name: string): Uint32Array {
    const value = fields[name];
    if (!(value instanceof Uint8Array) || !this.scratch.isArena) {
      const column = this.u32(fields, name);
      this.largest = largestTime(column);
      return column;
    }
    const column = this.scratch.u32(lengthOf(value, name, U32, this.samplesMax));
    this.largest = takeTimes(value, 0, column);
    return column;
  }

  /** A u16 column by where it lies in its message: in place, or moved to where it is aligned. */
  u16At(message: Uint8Array, at: number, count: number): Uint16Array {
    const from = message.byteOffset + at;
    if (from % 2 === 0) return new Uint16Array(message.buffer, from, count);
    const { buffer, offset } = this.scratch.take(count * 2);
    const bytes = new Uint8Array(message.buffer, from, count * 2);
    new Uint8Array(buffer, offset, count * 2).set(bytes);
    return new Uint16Array(buffer, offset, count);
  }

  /** As `u16At`, of a u32 column. */
  u32At(message: Uint8Array, at: number, count: number): Uint32Array {
    const from = message.byteOffset + at;
    if (from % 4 === 0) return new Uint32Array(message.buffer, from, count);
    const { buffer, offset } = this.scratch.take(count * 4);
    const bytes = new Uint8Array(message.buffer, from, count * 4);
    new Uint8Array(buffer, offset, count * 4).set(bytes);
    return new Uint32Array(buffer, offset, count);
  }

  /** The two u32 columns of a message's spikes by where they lie in it, `count` values each. */
  spikes(message: Uint8Array, idsAt: number, timesAt: number, count: number): void {
    const { first, second } = this.scratch.pair(count);
    this.spikeIds = first;
    this.spikeTimes = second;
    this.largest = takeColumn(message, idsAt, first);
    this.timeMax = takeTimes(message, timesAt, second);
  }

  f32(fields: Fields, name: string): Float32Array {
    return readColumn(this.checked(fields, name), name, F32, this.scratch, this.samplesMax);
  }

  f64(fields: Fields, name: string): Float64Array {
    return readColumn(this.checked(fields, name), name, F64, this.scratch, this.samplesMax);
  }

  has(fields: Fields, name: string): boolean {
    return fields[name] !== undefined && fields[name] !== null;
  }

  /** In msgpack a column is a bin; a list there is as ill-typed as a string. */
  private checked(fields: Fields, name: string): unknown {
    const value = fields[name];
    if (!this.lists && Array.isArray(value)) {
      throw new FrameError('wrong_type', name, 'needs a bin column in msgpack, got a list');
    }
    return value;
  }
}

/** Refuses NaN and infinities. */
export function requireFinite(column: Float32Array | Float64Array, name: string): void {
  for (let i = 0; i < column.length; i++) {
    if (!Number.isFinite(column[i] as number)) {
      throw new FrameError('not_finite', name, `value ${i} is ${column[i]}`);
    }
  }
}

/** Refuses sample times outside the span, and times that decrease. */
export function requireOrderedTimes(dtUs: Uint32Array, spanUs: number): void {
  let last = 0;
  for (let i = 0; i < dtUs.length; i++) {
    const dt = dtUs[i] as number;
    if (dt >= spanUs) {
      throw new FrameError('dt_outside_span', 'dt', `value ${i}: ${dt} is not below ${spanUs}`);
    }
    if (dt < last) {
      throw new FrameError('dt_decreasing', 'dt', `value ${i}: ${dt} follows ${last}`);
    }
    last = dt;
  }
}

export function requireLength(name: string, length: number, needed: number): void {
  if (length !== needed) {
    throw new FrameError('length_mismatch', name, `${length} values, needs ${needed}`);
  }
}

/** A column as the wire has it, in single precision; recordings are read in double. */
export function singlePrecision(column: Float32Array | Float64Array): Float32Array {
  return column instanceof Float32Array ? column : Float32Array.from(column);
}
