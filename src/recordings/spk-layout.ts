import { crc32 } from 'node:zlib';

/**
 * The fixed parts of a `.spk` file, byte by byte as docs/recording-format.md has them: file header,
 * block header, trailer. Little-endian throughout. Pure functions on bytes.
 */
export const FILE_MAGIC = Uint8Array.of(0x89, 0x53, 0x50, 0x4b, 0x0d, 0x0a, 0x1a, 0x0a);
export const BLOCK_MAGIC = Uint8Array.of(0xb5, 0x53, 0x50, 0x4b);
const TRAILER_MAGIC = Uint8Array.of(0x89, 0x53, 0x50, 0x4b, 0x45, 0x4e, 0x44, 0x0a);

export const SPK_VERSION = 1;
export const FILE_HEADER_BYTES = 24;
export const BLOCK_HEADER_BYTES = 80;
export const TRAILER_BYTES = 32;
export const FRAME_PREFIX_BYTES = 16;

/** A payload is at most this long, raw and stored, so that a reader's memory has a bound. */
export const PAYLOAD_BYTES_MAX = 16 * 1024 * 1024;
export const METADATA_BYTES_MAX = 8 * 1024 * 1024;

export const BLOCK_FRAMES = 1;
export const BLOCK_METADATA = 2;
export const BLOCK_INDEX = 3;

export const FLAG_ZSTD = 1;
export const FLAG_SHUFFLED = 2;
export const FLAGS_KNOWN = FLAG_ZSTD | FLAG_SHUFFLED;

/** Room for more kinds than there are, so that a new one changes no length. */
export const KIND_SLOTS = 16;
export const KIND_COUNT_MAX = 0xffff;

export interface BlockHeader {
  readonly type: number;
  readonly flags: number;
  readonly storedBytes: number;
  readonly rawBytes: number;
  readonly payloadCrc: number;
  /** Number of the block in its file, from 0. */
  readonly number: number;
  /** Least t0 and greatest t0 + span_us of the block's frames; 0 and 0 where it has none. */
  readonly minT0Us: number;
  readonly maxEndUs: number;
  /** [16] frames by the number of their kind. */
  readonly counts: Uint16Array;
}

export interface Trailer {
  readonly indexOffset: number;
  readonly fileBytes: number;
}

export interface FileHeader {
  readonly version: number;
  readonly metadataBytes: number;
  readonly metadataCrc: number;
}

/** The next multiple of 8. */
export function align8(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function writeU64(view: DataView, at: number, value: number): void {
  const high = Math.floor(value / 2 ** 32);
  view.setUint32(at, value - high * 2 ** 32, true);
  view.setUint32(at + 4, high, true);
}

/** NaN for what a number can't hold exactly, so that every comparison with it fails. */
export function readU64(view: DataView, at: number): number {
  const value = view.getUint32(at + 4, true) * 2 ** 32 + view.getUint32(at, true);
  return Number.isSafeInteger(value) ? value : Number.NaN;
}

export function startsWith(bytes: Uint8Array, magic: Uint8Array, at = 0): boolean {
  if (bytes.length < at + magic.length) return false;
  for (let i = 0; i < magic.length; i++) if (bytes[at + i] !== magic[i]) return false;
  return true;
}

/** The file header with its metadata, padded to where the first block starts. */
export function writeFileHeader(metadata: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(align8(FILE_HEADER_BYTES + metadata.length));
  const view = viewOf(bytes);
  bytes.set(FILE_MAGIC);
  view.setUint16(8, SPK_VERSION, true);
  view.setUint32(12, metadata.length, true);
  view.setUint32(16, crc32(metadata), true);
  view.setUint32(20, crc32(bytes.subarray(0, 20)), true);
  bytes.set(metadata, FILE_HEADER_BYTES);
  return bytes;
}

/** Undefined where the bytes are cut or damaged; the magic is checked elsewhere. */
export function readFileHeader(bytes: Uint8Array): FileHeader | undefined {
  if (bytes.length < FILE_HEADER_BYTES) return undefined;
  const view = viewOf(bytes);
  if (view.getUint32(20, true) !== crc32(bytes.subarray(0, 20))) return undefined;
  const version = view.getUint16(8, true);
  const metadataBytes = view.getUint32(12, true);
  if (metadataBytes > METADATA_BYTES_MAX) return undefined;
  return { version, metadataBytes, metadataCrc: view.getUint32(16, true) };
}

export function writeBlockHeader(into: Uint8Array, header: BlockHeader): void {
  const view = viewOf(into);
  into.set(BLOCK_MAGIC);
  into[4] = header.type;
  into[5] = header.flags;
  view.setUint16(6, 0, true);
  view.setUint32(8, header.storedBytes, true);
  view.setUint32(12, header.rawBytes, true);
  view.setUint32(16, header.payloadCrc, true);
  view.setUint32(20, header.number, true);
  writeU64(view, 24, header.minT0Us);
  writeU64(view, 32, header.maxEndUs);
  for (let kind = 0; kind < KIND_SLOTS; kind++) {
    view.setUint16(40 + 2 * kind, header.counts[kind] as number, true);
  }
  view.setUint32(72, 0, true);
  view.setUint32(76, crc32(into.subarray(0, 76)), true);
}

/** Undefined where there is no whole block header, or one that says what can't be. */
export function readBlockHeader(bytes: Uint8Array): BlockHeader | undefined {
  if (bytes.length < BLOCK_HEADER_BYTES || !startsWith(bytes, BLOCK_MAGIC)) return undefined;
  const view = viewOf(bytes);
  if (view.getUint32(76, true) !== crc32(bytes.subarray(0, 76))) return undefined;
  const flags = bytes[5] as number;
  const storedBytes = view.getUint32(8, true);
  const rawBytes = view.getUint32(12, true);
  const minT0Us = readU64(view, 24);
  const maxEndUs = readU64(view, 32);
  if (storedBytes > PAYLOAD_BYTES_MAX || rawBytes > PAYLOAD_BYTES_MAX) return undefined;
  if ((flags & FLAG_ZSTD) === 0 && storedBytes !== rawBytes) return undefined;
  if (!(minT0Us <= maxEndUs)) return undefined;
  const counts = new Uint16Array(KIND_SLOTS);
  for (let kind = 0; kind < KIND_SLOTS; kind++) counts[kind] = view.getUint16(40 + 2 * kind, true);
  return {
    type: bytes[4] as number,
    flags,
    storedBytes,
    rawBytes,
    payloadCrc: view.getUint32(16, true),
    number: view.getUint32(20, true),
    minT0Us,
    maxEndUs,
    counts,
  };
}

/** Length of a whole block in the file: header, payload, padding. */
export function blockBytes(header: BlockHeader): number {
  return BLOCK_HEADER_BYTES + align8(header.storedBytes);
}

export function frameCount(header: BlockHeader): number {
  let count = 0;
  for (let kind = 0; kind < KIND_SLOTS; kind++) count += header.counts[kind] as number;
  return count;
}

export function writeTrailer(trailer: Trailer): Uint8Array {
  const bytes = new Uint8Array(TRAILER_BYTES);
  const view = viewOf(bytes);
  writeU64(view, 0, trailer.indexOffset);
  writeU64(view, 8, trailer.fileBytes);
  view.setUint32(20, crc32(bytes.subarray(0, 20)), true);
  bytes.set(TRAILER_MAGIC, 24);
  return bytes;
}

/** Undefined where the last bytes of a file are no whole trailer of a file of this length. */
export function readTrailer(bytes: Uint8Array, fileBytes: number): Trailer | undefined {
  if (bytes.length !== TRAILER_BYTES || !startsWith(bytes, TRAILER_MAGIC, 24)) return undefined;
  const view = viewOf(bytes);
  if (view.getUint32(20, true) !== crc32(bytes.subarray(0, 20))) return undefined;
  const trailer = { indexOffset: readU64(view, 0), fileBytes: readU64(view, 8) };
  if (trailer.fileBytes !== fileBytes) return undefined;
  if (!(trailer.indexOffset <= fileBytes - TRAILER_BYTES - BLOCK_HEADER_BYTES)) return undefined;
  return trailer;
}
