import { type FileHandle, open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { zstdDecompress } from 'node:zlib';
import { unpackLz4 } from './lz4-frame.ts';
import { RecordingError } from './recording-error.ts';
import { readAt } from './spk-io.ts';

/**
 * AEDAT 4 of iniVation's DV (docs.inivation.com, "AEDAT file formats"): a line of text, a header
 * that is a flatbuffer of its own length, then packets: stream and size, i32 each, and a
 * flatbuffer, packed as the header says.
 */
const VERSION = /^#!AER-DAT(\d+)\.(\d+)\r\n/;
const HEADER_BYTES_MAX = 16 * 1024 * 1024;
const PACKET_HEADER_BYTES = 8;
const PACKET_BYTES_MAX = 64 * 1024 * 1024;
const UNPACKED_BYTES_MAX = 256 * 1024 * 1024;

const unzstd = promisify(zstdDecompress);
const COMPRESSIONS = ['none', 'lz4', 'lz4', 'zstd', 'zstd'] as const;

/** A stream of events and its sensor. */
export interface EventStream {
  readonly id: number;
  readonly name: string;
  readonly width: number;
  readonly height: number;
}

export interface Aedat4Header {
  readonly compression: (typeof COMPRESSIONS)[number];
  readonly streams: readonly EventStream[];
  /** Where packets begin and, where the file was closed, end. */
  readonly from: number;
  readonly to: number | undefined;
}

export interface Packet {
  readonly stream: number;
  /** Where it stands in the file. */
  readonly at: number;
  /** Undefined where it cannot be unpacked; `problem` says why. */
  readonly content: Uint8Array | undefined;
  readonly problem: string | undefined;
}

export async function readAedat4Header(path: string, name: string): Promise<Aedat4Header> {
  const handle = await open(path, 'r');
  try {
    const start = Buffer.alloc(18);
    const got = await readAt(handle, start, 0);
    const version = VERSION.exec(start.toString('latin1'));
    if (version === null || version[1] !== '4') {
      const found = version === null ? 'no AEDAT file' : `AEDAT ${version[1]}.${version[2]}`;
      throw new RecordingError(
        'unrecognised',
        `${name}: is ${found}; AEDAT 4 is read. Convert older ones with DV's dv-converter.`,
      );
    }
    const length = got < 18 ? -1 : start.readUInt32LE(14);
    if (length < 0 || length > HEADER_BYTES_MAX) throw cutHeader(name);
    const bytes = Buffer.alloc(length);
    if ((await readAt(handle, bytes, 18)) < length) throw cutHeader(name);
    return { ...parseHeader(bytes, name), from: 18 + length };
  } finally {
    await handle.close();
  }
}

function cutHeader(name: string): RecordingError {
  return new RecordingError(
    'unrecognised',
    `${name}: is cut off inside its header; copy it again.`,
  );
}

function parseHeader(bytes: Buffer, name: string): Omit<Aedat4Header, 'from'> {
  try {
    const table = rootTable(bytes);
    const at = table.field(0);
    const code = at === undefined ? 0 : bytes.readInt32LE(at);
    const compression = COMPRESSIONS[code];
    if (compression === undefined) {
      throw new RecordingError(
        'unrecognised',
        `${name}: is packed by method ${code}; none, LZ4 and zstd are read.`,
      );
    }
    const end = table.field(1);
    const to = end === undefined ? -1 : Number(bytes.readBigInt64LE(end));
    const text = table.field(2);
    const streams = streamsOf(text === undefined ? '' : textAt(bytes, text));
    return { compression, streams, to: to > 0 ? to : undefined };
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new RecordingError('unrecognised', `${name}: its header is damaged.`, { cause });
  }
}

/** Event streams by the XML that describes all streams. */
function streamsOf(xml: string): EventStream[] {
  const nodes = xml.split(/(?=<node[^>]*path="\/outInfo\/\d+\/")/);
  return nodes.flatMap((node) => {
    const id = /path="\/outInfo\/(\d+)\/"/.exec(node)?.[1];
    const attribute = (key: string) =>
      new RegExp(`<attr key="${key}"[^>]*>([^<]*)</attr>`).exec(node)?.[1];
    if (id === undefined || attribute('typeIdentifier') !== 'EVTS') return [];
    const [width, height] = [Number(attribute('sizeX')), Number(attribute('sizeY'))];
    return [{ id: Number(id), name: `events-${id}`, width, height }];
  });
}

/** Reads packets one after the other; one at a time is in memory. */
export async function* packetsOf(
  handle: FileHandle,
  header: Aedat4Header,
  wanted: ReadonlySet<number>,
): AsyncGenerator<Packet, { readonly cutAt: number | undefined }, void> {
  const { size } = await handle.stat();
  const to = Math.min(size, header.to ?? size);
  const start = Buffer.alloc(PACKET_HEADER_BYTES);
  let at = header.from;
  while (at < to) {
    if ((await readAt(handle, start, at)) < PACKET_HEADER_BYTES) return { cutAt: at };
    const stream = start.readInt32LE(0);
    const length = start.readInt32LE(4);
    const end = at + PACKET_HEADER_BYTES + length;
    if (length < 0 || length > PACKET_BYTES_MAX || end > size) return { cutAt: at };
    if (wanted.has(stream)) {
      const packed = Buffer.alloc(length);
      if ((await readAt(handle, packed, at + PACKET_HEADER_BYTES)) < length) return { cutAt: at };
      yield { stream, at, ...(await unpack(packed, header.compression)) };
    }
    at = end;
  }
  // A closed file says where its packets end; this one may still be written.
  return { cutAt: header.to !== undefined && header.to > size ? size : undefined };
}

async function unpack(
  packed: Buffer,
  compression: Aedat4Header['compression'],
): Promise<Pick<Packet, 'content' | 'problem'>> {
  try {
    if (compression === 'none') return { content: packed, problem: undefined };
    const content =
      compression === 'lz4'
        ? unpackLz4(packed, UNPACKED_BYTES_MAX)
        : await unzstd(packed, { maxOutputLength: UNPACKED_BYTES_MAX });
    return { content, problem: undefined };
  } catch (error) {
    return { content: undefined, problem: (error as Error).message };
  }
}

/** The events of a packet, 16 bytes each: time i64, x and y i16, polarity; none of other kinds. */
export function eventsOf(content: Uint8Array): DataView | undefined {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.length);
  if (bytes.toString('latin1', 8, 12) !== 'EVTS') return undefined;
  const table = rootTable(bytes.subarray(4));
  const at = table.field(0);
  if (at === undefined) return new DataView(new ArrayBuffer(0));
  const vector = 4 + at + bytes.readUInt32LE(4 + at);
  const length = bytes.readUInt32LE(vector) * 16;
  const from = vector + 4;
  if (from + length > bytes.length) throw new RangeError('events end outside their packet');
  return new DataView(bytes.buffer, bytes.byteOffset + from, length);
}

/** The outermost table of a flatbuffer: where its fields lie. */
function rootTable(bytes: Buffer): { field(index: number): number | undefined } {
  const table = bytes.readUInt32LE(0);
  const layout = table - bytes.readInt32LE(table);
  const layoutBytes = bytes.readUInt16LE(layout);
  return {
    field: (index) => {
      const slot = 4 + 2 * index;
      const offset = slot + 2 <= layoutBytes ? bytes.readUInt16LE(layout + slot) : 0;
      return offset === 0 ? undefined : table + offset;
    },
  };
}

function textAt(bytes: Buffer, at: number): string {
  const start = at + bytes.readUInt32LE(at);
  return bytes.toString('utf8', start + 4, start + 4 + bytes.readUInt32LE(start));
}
