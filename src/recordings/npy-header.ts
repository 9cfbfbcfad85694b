import { RecordingError } from './recording-error.ts';

/** What an array of NumPy's `.npy` format is. */
export interface NpyHeader {
  /** `f`, `i`, `u`, `b` for numbers; `U` and `S` for text. */
  readonly type: 'f' | 'i' | 'u' | 'b' | 'U' | 'S';
  readonly itemBytes: number;
  readonly isBigEndian: boolean;
  /** Memory has the first axis running fastest, instead of the last. */
  readonly isFortran: boolean;
  readonly shape: readonly number[];
  /** Where the values begin. */
  readonly dataOffset: number;
}

const MAGIC = '\x93NUMPY';
const HEADER_BYTES_MAX = 1 << 16;
const READABLE = new Set(['f2', 'f4', 'f8', 'i1', 'i2', 'i4', 'i8', 'u1', 'u2', 'u4', 'u8', 'b1']);

/** Bytes of the header as its first 12 say; the magic is checked. `what` names the array. */
export function npyHeaderBytes(start: Buffer, what: string): number {
  if (start.length < 12 || start.toString('latin1', 0, 6) !== MAGIC) {
    throw new RecordingError('table', `${what}: is no NumPy array.`);
  }
  const bytes = start[6] === 1 ? 10 + start.readUInt16LE(8) : 12 + start.readUInt32LE(8);
  if (bytes <= HEADER_BYTES_MAX) return bytes;
  throw new RecordingError('table', `${what}: a header of ${bytes} bytes is no array of numbers.`);
}

/** @throws RecordingError for arrays of objects or records, and for types that are no numbers */
export function readNpyHeader(bytes: Buffer, what: string): NpyHeader {
  const text = bytes.toString('latin1', bytes[6] === 1 ? 10 : 12);
  const descr = /'descr':\s*'([<>|=])([a-zA-Z])(\d+)'/.exec(text);
  const shape = /'shape':\s*\(([\d,\s]*)\)/.exec(text)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(text)?.[1];
  if (descr === null || shape === undefined || order === undefined) {
    const found = /'descr':\s*(.{1,40})/.exec(text)?.[1] ?? text.slice(0, 40);
    throw new RecordingError(
      'table',
      `${what}: is no array of plain numbers or text (its type reads ${found.trim()}). Save its \
columns as arrays of their own, without objects.`,
    );
  }
  const [, endian, type, digits] = descr as unknown as [string, string, string, string];
  const isText = type === 'U' || type === 'S';
  if (!isText && !READABLE.has(`${type}${digits}`)) {
    throw new RecordingError(
      'table',
      `${what}: values of type ${endian}${type}${digits} are not read; save it with \
.astype('float64') or .astype('int64').`,
    );
  }
  return {
    type: type as NpyHeader['type'],
    itemBytes: type === 'U' ? 4 * Number(digits) : Number(digits),
    isBigEndian: endian === '>',
    isFortran: order === 'True',
    shape: shape.split(',').flatMap((part) => (part.trim() === '' ? [] : [Number(part)])),
    dataOffset: bytes.length,
  };
}

/** Values of the array; 1 for a scalar. */
export function npyLength(header: NpyHeader): number {
  return header.shape.reduce((product, length) => product * length, 1);
}

/** Turns values as they lie in memory into numbers; as many as `into` has room for. */
export function readNpyNumbers(bytes: Buffer, header: NpyHeader, into: Float64Array): void {
  const { type, itemBytes } = header;
  const count = into.length;
  // A copy is aligned, and may be turned round.
  const own = Buffer.from(bytes.subarray(0, count * itemBytes));
  if (header.isBigEndian) swap(own, itemBytes);
  const view = new DataView(own.buffer, own.byteOffset, own.byteLength);
  const isSigned = type === 'i';
  for (let i = 0; i < count; i++) {
    const at = i * itemBytes;
    into[i] = type === 'f' ? float(view, at, itemBytes) : whole(view, at, itemBytes, isSigned);
  }
}

function swap(bytes: Buffer, itemBytes: number): void {
  if (itemBytes === 2) bytes.swap16();
  else if (itemBytes === 4) bytes.swap32();
  else if (itemBytes === 8) bytes.swap64();
}

function float(view: DataView, at: number, bytes: number): number {
  if (bytes === 8) return view.getFloat64(at, true);
  return bytes === 4 ? view.getFloat32(at, true) : view.getFloat16(at, true);
}

function whole(view: DataView, at: number, bytes: number, isSigned: boolean): number {
  switch (bytes) {
    case 8: {
      const high = isSigned ? view.getInt32(at + 4, true) : view.getUint32(at + 4, true);
      return high * 2 ** 32 + view.getUint32(at, true);
    }
    case 4:
      return isSigned ? view.getInt32(at, true) : view.getUint32(at, true);
    case 2:
      return isSigned ? view.getInt16(at, true) : view.getUint16(at, true);
    default:
      return isSigned ? view.getInt8(at) : view.getUint8(at);
  }
}

/** Texts of an array of type U or S; what fills them up is left away. */
export function readNpyTexts(bytes: Buffer, header: NpyHeader): string[] {
  const { type, itemBytes, isBigEndian } = header;
  const texts: string[] = [];
  for (let at = 0; at + itemBytes <= bytes.length && itemBytes > 0; at += itemBytes) {
    const item = bytes.subarray(at, at + itemBytes);
    if (type === 'S') {
      texts.push(item.toString('utf8').replace(/\0+$/, ''));
      continue;
    }
    let text = '';
    for (let i = 0; i + 4 <= item.length; i += 4) {
      const code = isBigEndian ? item.readUInt32BE(i) : item.readUInt32LE(i);
      if (code === 0) break;
      text += code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';
    }
    texts.push(text);
  }
  return texts;
}
