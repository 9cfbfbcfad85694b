import { FrameDecoder } from '../frames/decode.ts';
import { frameFields } from '../frames/encode.ts';
import type { Frame, FrameOfKind } from '../frames/frame.ts';
import { FrameError, shown } from '../frames/frame-error.ts';
import type { FrameKind } from '../frames/header.ts';

/** The columns of a frame by property: typed arrays of one dtype, or lists of numbers. */
const COLUMN_TYPES = { u32: Uint32Array, f32: Float32Array, f64: Float64Array } as const;
export type Dtype = keyof typeof COLUMN_TYPES;

const WHAT: Readonly<Record<Dtype, string>> = {
  u32: 'a Uint32Array or a list of whole numbers',
  f32: 'a Float32Array or a list of numbers',
  f64: 'a Float64Array or a list of numbers',
};

const U32_MAX = 0xffff_ffff;

/**
 * Makes a frame that every reader of the wire takes: what it checks and the defaults it fills in
 * are those of decoding, run over the same memory. Typed arrays stay the caller's, uncopied.
 * @throws FrameError that names the field as the wire does, and what was there
 */
export function buildFrame<Kind extends FrameKind>(
  kind: Kind,
  input: object,
  columns: Readonly<Record<string, Dtype>>,
): FrameOfKind[Kind] {
  const frame: Record<string, unknown> = { spanUs: 0, ...input, kind };
  for (const [name, dtype] of Object.entries(columns)) {
    frame[name] = toColumn(frame[name], name, dtype);
  }
  const fields = frameFields(frame as unknown as Frame);
  return DECODER.read(withBytes(fields)) as FrameOfKind[Kind];
}

/** Checks and fills in; it keeps nothing between two frames. */
const DECODER = new FrameDecoder();

/** A column as a typed array; undefined stays, for the reader to say whether it is needed. */
export function toColumn(
  value: unknown,
  name: string,
  dtype: Dtype,
): Uint32Array | Float32Array | Float64Array | undefined {
  if (value === undefined || value === null) return undefined;
  const type = COLUMN_TYPES[dtype];
  if (value instanceof type) return value;
  if (!Array.isArray(value)) {
    const got = ArrayBuffer.isView(value) ? `a ${value.constructor.name}` : shown(value);
    throw new FrameError('wrong_type', name, `needs ${WHAT[dtype]}, got ${got}`);
  }
  const list: readonly unknown[] = value;
  const column = new type(list.length);
  for (let i = 0; i < list.length; i++) {
    const entry = list[i];
    if (typeof entry !== 'number') {
      const detail = `value ${i} needs a number, got ${shown(entry)}`;
      throw new FrameError('wrong_type', name, detail);
    }
    if (dtype === 'u32' && !(Number.isInteger(entry) && entry >= 0 && entry <= U32_MAX)) {
      throw new FrameError('out_of_range', name, `value ${i}: ${entry} is no u32`);
    }
    column[i] = entry;
  }
  return column;
}

/** The same fields with columns as the bytes they are on the wire, one level deep in maps. */
function withBytes(fields: Record<string, unknown>): Record<string, unknown> {
  const bytes: Record<string, unknown> = Object.create(null);
  for (const [name, value] of Object.entries(fields)) {
    if (ArrayBuffer.isView(value)) {
      bytes[name] = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    } else {
      const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
      bytes[name] = isMap ? withBytes(value as Record<string, unknown>) : value;
    }
  }
  return bytes;
}
