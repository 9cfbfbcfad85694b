import { promisify } from 'node:util';
import { constants, crc32, zstdCompress } from 'node:zlib';
import type { Frame } from '../frames/frame.ts';
import { FRAME_KINDS } from '../frames/header.ts';
import {
  align8,
  BLOCK_FRAMES,
  BLOCK_HEADER_BYTES,
  type BlockHeader,
  FLAG_SHUFFLED,
  FLAG_ZSTD,
  FRAME_PREFIX_BYTES,
  KIND_COUNT_MAX,
  KIND_SLOTS,
  PAYLOAD_BYTES_MAX,
  viewOf,
  writeBlockHeader,
} from './spk-layout.ts';
import { shuffle } from './spk-shuffle.ts';

const zstd = promisify(zstdCompress);

/** Shuffled columns gain nothing from higher levels; prose gains little. */
const ZSTD_LEVEL = 1;

/** Kinds whose bytes are nearly all 32- or 64-bit columns, which shuffling helps. */
const COLUMNAR: ReadonlySet<Frame['kind']> = new Set([
  'spikes',
  'membrane',
  'power',
  'cores',
  'activity',
  'inference',
]);

/** Refuses times that the header of a block can't hold. */
export function requireTimes(frame: Frame): void {
  const { t0Us, spanUs } = frame;
  if (Number.isSafeInteger(t0Us) && Number.isSafeInteger(spanUs) && t0Us >= 0 && spanUs >= 0) {
    if (Number.isSafeInteger(t0Us + spanUs)) return;
  }
  throw new RangeError(`frame: t0 ${t0Us} and span_us ${spanUs} are no whole µs up to 2^53 - 1`);
}

/** The first byte of a msgpack map; a JSON message starts with `{`, which is none. */
export function isMsgpackMap(message: Uint8Array): boolean {
  const first = message[0] ?? 0;
  return (first >= 0x80 && first <= 0x8f) || first === 0xde || first === 0xdf;
}

/** A finished block: its header and the parts of its payload, in the order of the file. */
export interface SealedBlock {
  readonly header: BlockHeader;
  readonly parts: readonly Uint8Array[];
}

/** Frames on their way to becoming a block. */
export class BlockBuilder {
  readonly counts = new Uint16Array(KIND_SLOTS);
  frames = 0;
  minT0Us = Number.POSITIVE_INFINITY;
  maxEndUs = 0;
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private used = 0;
  private columnarBytes = 0;

  constructor(capacity: number) {
    this.bytes = new Uint8Array(capacity);
    this.view = viewOf(this.bytes);
  }

  get capacity(): number {
    return this.bytes.length;
  }

  get usedBytes(): number {
    return this.used;
  }

  fits(frame: Frame, encodedBytes: number): boolean {
    const kind = FRAME_KINDS.indexOf(frame.kind);
    if ((this.counts[kind] as number) === KIND_COUNT_MAX) return false;
    return this.used + storedFrameBytes(encodedBytes) <= this.bytes.length;
  }

  add(encoded: Uint8Array, frame: Frame): void {
    const kind = FRAME_KINDS.indexOf(frame.kind);
    const stored = storedFrameBytes(encoded.length);
    const start = this.used;
    this.view.setUint32(start, encoded.length, true);
    this.view.setUint32(start + 4, 0, true);
    this.view.setFloat64(start + 8, frame.arrivedUs, true);
    this.bytes.set(encoded, start + FRAME_PREFIX_BYTES);
    this.bytes.fill(0, start + FRAME_PREFIX_BYTES + encoded.length, start + stored);
    this.used = start + stored;
    if (COLUMNAR.has(frame.kind)) this.columnarBytes += stored;
    this.counts[kind] = (this.counts[kind] as number) + 1;
    this.frames++;
    this.minT0Us = Math.min(this.minT0Us, frame.t0Us);
    this.maxEndUs = Math.max(this.maxEndUs, frame.t0Us + frame.spanUs);
  }

  /** The block as it goes into the file; the builder is empty again once that is written. */
  async seal(number: number, compress: boolean): Promise<SealedBlock> {
    const raw = this.bytes.subarray(0, this.used);
    const shuffled = this.columnarBytes * 2 >= this.used;
    const packed = compress ? await pack(raw, shuffled) : undefined;
    const kept = packed !== undefined && packed.length < raw.length ? packed : undefined;
    const stored = kept ?? raw;
    const flags = kept === undefined ? 0 : FLAG_ZSTD | (shuffled ? FLAG_SHUFFLED : 0);
    const span = { minT0Us: this.minT0Us, maxEndUs: this.maxEndUs };
    return block({ ...span, type: BLOCK_FRAMES, flags, number, counts: this.counts }, stored, raw);
  }

  clear(): void {
    this.used = 0;
    this.columnarBytes = 0;
    this.frames = 0;
    this.minT0Us = Number.POSITIVE_INFINITY;
    this.maxEndUs = 0;
    this.counts.fill(0);
  }
}

/** A block without frames, such as metadata or the index. */
export function plainBlock(type: number, number: number, payload: Uint8Array): SealedBlock {
  if (payload.length > PAYLOAD_BYTES_MAX) {
    throw new RangeError(`block of ${payload.length} bytes, at most ${PAYLOAD_BYTES_MAX}`);
  }
  const counts = new Uint16Array(KIND_SLOTS);
  return block({ type, flags: 0, number, minT0Us: 0, maxEndUs: 0, counts }, payload, payload);
}

/** Length of a frame in a block: prefix, message, padding. */
export function storedFrameBytes(encodedBytes: number): number {
  return FRAME_PREFIX_BYTES + align8(encodedBytes);
}

function block(
  head: Omit<BlockHeader, 'storedBytes' | 'rawBytes' | 'payloadCrc'>,
  stored: Uint8Array,
  raw: Uint8Array,
): SealedBlock {
  const lengths = { storedBytes: stored.length, rawBytes: raw.length };
  const header = { ...head, ...lengths, counts: head.counts.slice(), payloadCrc: crc32(stored) };
  const bytes = new Uint8Array(BLOCK_HEADER_BYTES);
  writeBlockHeader(bytes, header);
  const padding = new Uint8Array(align8(stored.length) - stored.length);
  return { header, parts: [bytes, stored, padding] };
}

async function pack(raw: Uint8Array, shuffled: boolean): Promise<Uint8Array> {
  let bytes = raw;
  if (shuffled) {
    bytes = new Uint8Array(raw.length);
    shuffle(raw, bytes);
  }
  return zstd(bytes, { params: { [constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL } });
}
