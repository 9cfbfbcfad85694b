import type { FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { constants, crc32, createInflateRaw } from 'node:zlib';
import {
  type NpyHeader,
  npyHeaderBytes,
  npyLength,
  readNpyHeader,
  readNpyNumbers,
  readNpyTexts,
} from './npy-header.ts';
import { RecordingError } from './recording-error.ts';
import type { ZipMember } from './zip-listing.ts';

const STORED = 0;
const DEFLATED = 8;
const CHUNK_BYTES = 1 << 16;

/** How an array ended. */
export type ArrayEnd = 'whole' | 'cut' | 'damaged';

/** An array of an `.npz` file, read from its start to its end; holds a chunk of it. */
export class NpzArray {
  readonly header: NpyHeader;
  /** Values that it should have. */
  readonly length: number;
  /** How it ended; undefined as long as it did not. */
  ended: ArrayEnd | undefined;
  private readonly chunks: ByteChunks;
  private left: number;

  private constructor(header: NpyHeader, chunks: ByteChunks) {
    this.header = header;
    this.chunks = chunks;
    this.length = npyLength(header);
    this.left = this.length;
  }

  /** `what` names the array in errors. */
  static async open(handle: FileHandle, member: ZipMember, what: string): Promise<NpzArray> {
    const chunks = new ByteChunks(handle, member, what);
    try {
      const start = await chunks.take(12);
      const length = npyHeaderBytes(start, what);
      const rest = await chunks.take(length - start.length);
      return new NpzArray(readNpyHeader(Buffer.concat([start, rest]), what), chunks);
    } catch (error) {
      await chunks.close();
      throw error;
    }
  }

  /** Fills `into` with the next numbers as they lie in memory; how many, 0 at the end. */
  async numbers(into: Float64Array): Promise<number> {
    const wanted = Math.min(into.length, this.left);
    const { itemBytes } = this.header;
    const bytes = await this.chunks.take(wanted * itemBytes);
    const count = Math.floor(bytes.length / itemBytes);
    readNpyNumbers(bytes, this.header, into.subarray(0, count));
    this.left -= count;
    if (count < wanted) this.ended = 'cut';
    else if (this.left === 0) this.ended ??= await this.chunks.end();
    return count;
  }

  /** All that is left of an array of text. */
  async texts(): Promise<string[]> {
    return readNpyTexts(await this.chunks.take(this.left * this.header.itemBytes), this.header);
  }

  close(): Promise<void> {
    return this.chunks.close();
  }
}

/** The bytes of a member, unpacked, in pieces of any length. */
class ByteChunks {
  private readonly member: ZipMember;
  private readonly iterator: AsyncGenerator<Buffer, void, void>;
  private held: Buffer = Buffer.alloc(0);
  private crc = 0;
  private count = 0;

  constructor(handle: FileHandle, member: ZipMember, what: string) {
    requireReadable(member, what);
    this.member = member;
    this.iterator = unpacked(handle, member);
  }

  /** As many bytes as asked for, fewer only at the end. */
  async take(length: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    let missing = length;
    while (missing > 0) {
      if (this.held.length === 0 && !(await this.next())) break;
      const part = this.held.subarray(0, missing);
      this.held = this.held.subarray(part.length);
      missing -= part.length;
      parts.push(part);
    }
    return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
  }

  /** Reads what is left and says whether all of it is as it was written. */
  async end(): Promise<ArrayEnd> {
    while (await this.next()) this.held = Buffer.alloc(0);
    const { bytes, crc } = this.member;
    if (bytes !== undefined && this.count < bytes) return 'cut';
    return crc === undefined || crc === this.crc ? 'whole' : 'damaged';
  }

  async close(): Promise<void> {
    await this.iterator.return();
  }

  private async next(): Promise<boolean> {
    const { value } = await this.iterator.next();
    if (value === undefined) return false;
    this.held = value;
    this.count += value.length;
    this.crc = crc32(value, this.crc);
    return true;
  }
}

function requireReadable(member: ZipMember, what: string): void {
  if (member.isEncrypted) throw new RecordingError('table', `${what}: is encrypted.`);
  if (member.method === STORED || member.method === DEFLATED) return;
  throw new RecordingError(
    'table',
    `${what}: is packed by method ${member.method} of zip; only stored and deflated arrays are \
read, as numpy.savez and savez_compressed write them.`,
  );
}

async function* unpacked(
  handle: FileHandle,
  member: ZipMember,
): AsyncGenerator<Buffer, void, void> {
  if (member.method === STORED) {
    yield* stored(handle, member);
    return;
  }
  // What was cut off gives what can be unpacked of it, without an error.
  const inflate = createInflateRaw({ finishFlush: constants.Z_SYNC_FLUSH, chunkSize: CHUNK_BYTES });
  pipeline(stored(handle, member), inflate, () => {});
  try {
    for await (const chunk of inflate) yield chunk as Buffer;
  } catch (error) {
    // Damage ends the array where it stands; the count of values tells.
    if (!(error as NodeJS.ErrnoException).code?.startsWith('Z_')) throw error;
  } finally {
    inflate.destroy();
  }
}

async function* stored(
  handle: FileHandle,
  { dataOffset, storedBytes }: ZipMember,
): AsyncGenerator<Buffer, void, void> {
  for (let done = 0; done < storedBytes; ) {
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, storedBytes - done));
    const { bytesRead } = await handle.read(chunk, 0, chunk.length, dataOffset + done);
    if (bytesRead === 0) return;
    done += bytesRead;
    yield chunk.subarray(0, bytesRead);
  }
}
