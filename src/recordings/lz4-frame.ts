/** Unpacks LZ4 frames: github.com/lz4/lz4, doc/lz4_Frame_format.md and lz4_Block_format.md. */

const MAGIC = 0x184d2204;
const SKIPPED = 0x184d2a50;
const MATCH_MIN = 4;

/** Why bytes are no LZ4 frame. */
export class Lz4Error extends Error {
  override readonly name = 'Lz4Error';
}

/**
 * All frames in `bytes`, one behind the other. Checksums (xxHash) are not looked at.
 * @throws Lz4Error where it is none, is damaged, or gives more than `bytesMax`
 */
export function unpackLz4(bytes: Uint8Array, bytesMax: number): Uint8Array {
  const input = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const output = new Output(bytesMax, Math.min(bytesMax, Math.max(1024, 4 * bytes.length)));
  let at = 0;
  while (at < input.length) at = unpackFrame(input, at, output);
  return output.done();
}

class Output {
  bytes: Uint8Array;
  length = 0;
  private readonly max: number;

  constructor(max: number, first: number) {
    this.max = max;
    this.bytes = new Uint8Array(first);
  }

  /** Room for so many more bytes. */
  need(count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    if (needed > this.max) throw new Lz4Error(`unpacks to more than ${this.max} bytes`);
    const larger = new Uint8Array(Math.min(this.max, Math.max(needed, 2 * this.bytes.length)));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }

  append(part: Uint8Array): void {
    this.need(part.length);
    this.bytes.set(part, this.length);
    this.length += part.length;
  }

  /** Repeats what was written `distance` bytes ago; it may run into what it writes. */
  repeat(distance: number, count: number): void {
    if (distance === 0 || distance > this.length) throw new Lz4Error('a match before the begin');
    this.need(count);
    const { bytes } = this;
    let at = this.length;
    const end = at + count;
    if (distance >= count) bytes.copyWithin(at, at - distance, end - distance);
    else for (; at < end; at++) bytes[at] = bytes[at - distance] as number;
    this.length = end;
  }

  done(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }
}

function unpackFrame(input: Buffer, start: number, output: Output): number {
  const magic = u32(input, start);
  if ((magic & 0xfffffff0) >>> 0 === SKIPPED) return start + 8 + u32(input, start + 4);
  if (magic !== MAGIC) throw new Lz4Error('no LZ4 frame');
  const flags = u8(input, start + 4);
  const hasBlockSum = (flags & 0x10) !== 0;
  if (flags >>> 6 !== 1 || (flags & 1) !== 0) {
    throw new Lz4Error('an LZ4 frame of another version, or with a dictionary');
  }
  let at = start + 7 + ((flags & 0x08) === 0 ? 0 : 8);
  for (;;) {
    const size = u32(input, at);
    at += 4;
    if (size === 0) break;
    const end = at + (size & 0x7fffffff);
    if (end > input.length) throw new Lz4Error('a block ends outside the packet');
    if (size >>> 31 === 1) output.append(input.subarray(at, end));
    else unpackBlock(input, at, end, output);
    at = end + (hasBlockSum ? 4 : 0);
  }
  return at + ((flags & 0x04) === 0 ? 0 : 4);
}

function unpackBlock(input: Buffer, start: number, end: number, output: Output): void {
  let at = start;
  /** The rest of a length that its four bits could not hold. */
  const more = (length: number): number => {
    let sum = length;
    if (length < 15) return sum;
    for (;;) {
      if (at >= end) throw new Lz4Error('a length ends outside its block');
      const byte = input[at++] as number;
      sum += byte;
      if (byte < 255) return sum;
    }
  };
  while (at < end) {
    const token = input[at++] as number;
    const literals = more(token >>> 4);
    if (at + literals > end) throw new Lz4Error('literals end outside their block');
    output.append(input.subarray(at, at + literals));
    at += literals;
    if (at === end) return;
    if (at + 2 > end) throw new Lz4Error('a match ends outside its block');
    const distance = input.readUInt16LE(at);
    at += 2;
    output.repeat(distance, more(token & 15) + MATCH_MIN);
  }
}

function u8(input: Buffer, at: number): number {
  const byte = input[at];
  if (byte === undefined) throw new Lz4Error('ends too early');
  return byte;
}

function u32(input: Buffer, at: number): number {
  if (at + 4 > input.length) throw new Lz4Error('ends too early');
  return input.readUInt32LE(at);
}
