import { crc32, deflateRawSync } from 'node:zlib';

/** A `.npy` array as numpy.save writes it; `data` is its memory. */
export function npy(
  descr: string,
  shape: readonly number[],
  data: Buffer,
  fortran = false,
): Buffer {
  const dims = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const order = fortran ? 'True' : 'False';
  const text = `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': (${dims}), }`;
  const header = `${text.padEnd(117)}\n`;
  const head = Buffer.from('\x93NUMPY\x01\x00\x00\x00', 'latin1');
  head.writeUInt16LE(header.length, 8);
  return Buffer.concat([head, Buffer.from(header), data]);
}

export function f64(values: readonly number[], shape = [values.length], fortran = false): Buffer {
  return npy('<f8', shape, Buffer.from(Float64Array.from(values).buffer), fortran);
}

export function i64(values: readonly number[]): Buffer {
  return npy('<i8', [values.length], Buffer.from(BigInt64Array.from(values, BigInt).buffer));
}

export interface ZipOptions {
  readonly deflated?: boolean;
  /** All sizes and offsets in the 64-bit fields. */
  readonly zip64?: boolean;
  /** Sizes stand behind the data, as where an archive was written into a pipe. */
  readonly streamed?: boolean;
  readonly method?: number;
  readonly comment?: string;
}

/** A zip archive, by PKWARE's APPNOTE 6.3.10; written without the reader's code. */
export function zip(files: Readonly<Record<string, Buffer>>, options: ZipOptions = {}): Buffer {
  const parts: Buffer[] = [];
  const entries: Buffer[] = [];
  let offset = 0;
  const push = (part: Buffer) => {
    parts.push(part);
    offset += part.length;
  };
  for (const [name, data] of Object.entries(files)) {
    const stored = options.deflated ? deflateRawSync(data) : data;
    const method = options.method ?? (options.deflated ? 8 : 0);
    const sizes = [data.length, stored.length];
    const at = offset;
    const behind = options.streamed === true;
    push(local(name, method, crc32(data), sizes, options));
    push(stored);
    if (behind) push(numbers([4, 0x08074b50], [4, crc32(data)], [4, sizes[1]], [4, sizes[0]]));
    entries.push(central(name, method, crc32(data), sizes, at, options));
  }
  const directory = Buffer.concat(entries);
  const start = offset;
  push(directory);
  const comment = Buffer.from(options.comment ?? '');
  if (options.zip64) {
    const end = offset;
    const head = numbers([4, 0x06064b50], [8, 44], [2, 45], [2, 45], [4, 0], [4, 0]);
    const count = entries.length;
    push(Buffer.concat([head, numbers([8, count], [8, count], [8, directory.length], [8, start])]));
    push(numbers([4, 0x07064b50], [4, 0], [8, end], [4, 1]));
  }
  const place = options.zip64 ? [0xffffffff, 0xffffffff] : [directory.length, start];
  const counts = numbers([2, 0], [2, 0], [2, entries.length], [2, entries.length]);
  push(Buffer.concat([numbers([4, 0x06054b50]), counts, numbers([4, place[0]], [4, place[1]])]));
  push(Buffer.concat([numbers([2, comment.length]), comment]));
  return Buffer.concat(parts);
}

function numbers(...fields: readonly (readonly [number, number | undefined])[]): Buffer {
  return Buffer.concat(
    fields.map(([bytes, value = 0]) => {
      const field = Buffer.alloc(8);
      field.writeBigUInt64LE(BigInt(value));
      return field.subarray(0, bytes);
    }),
  );
}

function local(name: string, method: number, crc: number, sizes: number[], options: ZipOptions) {
  const extra = options.zip64 ? extra64(sizes) : Buffer.alloc(0);
  const [bytes, stored] = options.streamed ? [0, 0] : sizes64(sizes, options);
  const flags = options.streamed ? 8 : 0;
  const head = numbers([4, 0x04034b50], [2, 20], [2, flags], [2, method], [4, 0]);
  const lengths = numbers([2, Buffer.byteLength(name)], [2, extra.length]);
  const crcField = numbers([4, options.streamed ? 0 : crc], [4, stored], [4, bytes]);
  return Buffer.concat([head, crcField, lengths, Buffer.from(name), extra]);
}

function central(
  name: string,
  method: number,
  crc: number,
  sizes: number[],
  at: number,
  options: ZipOptions,
) {
  const extra = options.zip64 ? extra64([...sizes, at]) : Buffer.alloc(0);
  const [bytes, stored] = sizes64(sizes, options);
  const flags = options.streamed ? 8 : 0;
  const head = numbers([4, 0x02014b50], [2, 20], [2, 20], [2, flags], [2, method], [4, 0]);
  const lengths = numbers([2, Buffer.byteLength(name)], [2, extra.length], [2, 0]);
  const rest = numbers([2, 0], [2, 0], [4, 0], [4, options.zip64 ? 0xffffffff : at]);
  const crcField = numbers([4, crc], [4, stored], [4, bytes]);
  return Buffer.concat([head, crcField, lengths, rest, Buffer.from(name), extra]);
}

function sizes64(sizes: readonly number[], { zip64 }: ZipOptions): readonly number[] {
  return zip64 ? [0xffffffff, 0xffffffff] : sizes;
}

function extra64(values: readonly number[]): Buffer {
  const fields = values.map((value): [number, number] => [8, value]);
  return numbers([2, 1], [2, 8 * values.length], ...fields);
}
