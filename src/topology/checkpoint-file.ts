import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { deserialize, serialize } from 'node:v8';
import { crc32 } from 'node:zlib';
import type { CountedFrames } from '../component/counted-frames.ts';
import type { Snapshot } from '../component/state.ts';
import type { StreamPosition } from '../component/stream-position.ts';

/**
 * A checkpoint as a file (docs/operating.md): eight bytes that name the format, the length of a
 * header and its checksum (u32 each, little-endian), the header as JSON, then one section for each
 * state, as the header lists them with their lengths and checksums.
 */
const MAGIC = 'SPKCKPT1';
const PREFIX_BYTES = MAGIC.length + 8;
const HEADER_BYTES_MAX = 64 * 1024 * 1024;

/** What a checkpoint says of itself; readable without its states. */
export interface CheckpointHeader {
  readonly version: 1;
  /** ISO 8601. */
  readonly writtenAt: string;
  readonly service: string;
  /** The stream of frames, and when it was made. */
  readonly stream: string;
  readonly streamCreated: string;
  /** The last message of the stream that the states cover. */
  readonly sequence: number;
  /** How far derived records were stored when it was written. */
  readonly stored: StreamPosition;
  /** Up to where documents were written, in the derived stream; 0 for nowhere. */
  readonly documentsTo: number;
  /** Hash of the options and of the state's form, by pipeline. */
  readonly pipelines: Readonly<Record<string, string>>;
  readonly configHash: string;
  /** Up to `stored` and to `sequence`, where the frames are those of one part of several. */
  readonly frames?: CountedFrames;
}

export interface CheckpointContent extends CheckpointHeader {
  /** By their names in the registry. */
  readonly states: Readonly<Record<string, Snapshot>>;
  /** By metric. */
  readonly metrics: Readonly<Record<string, Snapshot>>;
}

/** A file that is no checkpoint this program can use; the message says why. */
export class CheckpointError extends Error {
  override readonly name = 'CheckpointError';
}

interface Section {
  readonly group: 'states' | 'metrics';
  readonly name: string;
  readonly bytes: number;
  readonly crc32: number;
}

type StoredHeader = CheckpointHeader & { readonly sections: readonly Section[] };

/** Sections that are written out before the event loop gets a turn. */
const TURN_BYTES = 256 * 1024;

/**
 * The checkpoint as bytes. What it holds is copies, so this may take its time: it gives way after
 * each quarter of a megabyte.
 */
export async function encodeCheckpoint(
  content: CheckpointContent,
  giveWay: () => Promise<void>,
): Promise<Uint8Array[]> {
  const { states, metrics, ...header } = content;
  const sections: Section[] = [];
  const parts: Uint8Array[] = [];
  let sinceTurn = 0;
  for (const [group, entries] of Object.entries({ states, metrics })) {
    for (const [name, snapshot] of Object.entries(entries)) {
      const data = serialize(snapshot);
      parts.push(data);
      const bytes = data.byteLength;
      sections.push({ group: group as Section['group'], name, bytes, crc32: crc32(data) });
      sinceTurn += bytes;
      if (sinceTurn < TURN_BYTES) continue;
      sinceTurn = 0;
      await giveWay();
    }
  }
  const text = Buffer.from(JSON.stringify({ ...header, sections } satisfies StoredHeader));
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.write(MAGIC, 0, 'latin1');
  prefix.writeUInt32LE(text.length, MAGIC.length);
  prefix.writeUInt32LE(crc32(text), MAGIC.length + 4);
  return [prefix, text, ...parts];
}

/**
 * Holds every checksum of a checkpoint against it, and gives what it says of itself.
 * @throws CheckpointError where it is torn or another program's
 */
export async function checkCheckpoint(path: string): Promise<CheckpointHeader> {
  return await reading(path, async (file) => {
    const { sections, ...header } = await readHeader(file, path);
    await readSections(file, sections, path, () => {});
    return header;
  });
}

/**
 * Reads a whole checkpoint and holds every checksum against it.
 * @throws CheckpointError where it is torn or another program's
 */
export async function readCheckpoint(path: string): Promise<CheckpointContent> {
  return await reading(path, (file) => contentOf(file, path));
}

/**
 * The same of one that is in memory; `name` is what errors call it.
 * @throws CheckpointError where it is torn or another program's
 */
export async function decodeCheckpoint(data: Buffer, name: string): Promise<CheckpointContent> {
  let at = 0;
  const read: Bytes['read'] = (buffer, offset, bytes) => {
    const bytesRead = data.copy(buffer, offset, at, at + bytes);
    at += bytesRead;
    return Promise.resolve({ bytesRead });
  };
  return await contentOf({ read }, name);
}

async function contentOf(file: Bytes, path: string): Promise<CheckpointContent> {
  const { sections, ...header } = await readHeader(file, path);
  const content = { states: {}, metrics: {} } as Record<string, Record<string, Snapshot>>;
  await readSections(file, sections, path, ({ group, name }, data) => {
    (content[group] as Record<string, Snapshot>)[name] = deserialize(data) as Snapshot;
  });
  return { ...header, ...content } as CheckpointContent;
}

/** Where a checkpoint is read from, in order. */
interface Bytes {
  read(buffer: Buffer, offset: number, bytes: number): Promise<{ readonly bytesRead: number }>;
}

async function readSections(
  file: Bytes,
  sections: readonly Section[],
  path: string,
  take: (section: Section, data: Buffer) => void,
): Promise<void> {
  for (const section of sections) {
    const { group, name, bytes, crc32: sum } = section;
    const data = await readBytes(file, bytes, path);
    if (crc32(data) !== sum) {
      throw new CheckpointError(`${path}: the checksum of ${group} ${name} is wrong`);
    }
    take(section, data);
  }
  const { bytesRead } = await file.read(Buffer.alloc(1), 0, 1);
  if (bytesRead > 0) throw new CheckpointError(`${path}: has bytes after its end`);
}

async function reading<T>(path: string, read: (file: FileHandle) => Promise<T>): Promise<T> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new CheckpointError(`${path}: can't be opened: ${reason}`, { cause });
  }
  try {
    return await read(file);
  } catch (error) {
    if (error instanceof CheckpointError) throw error;
    const reason = (error as Error).message;
    throw new CheckpointError(`${path}: can't be read: ${reason}`, { cause: error });
  } finally {
    await file.close();
  }
}

async function readHeader(file: Bytes, path: string): Promise<StoredHeader> {
  const prefix = await readBytes(file, PREFIX_BYTES, path);
  if (prefix.toString('latin1', 0, MAGIC.length) !== MAGIC) {
    throw new CheckpointError(`${path}: is no checkpoint of this version of Spikescope`);
  }
  const length = prefix.readUInt32LE(MAGIC.length);
  if (length > HEADER_BYTES_MAX) {
    throw new CheckpointError(`${path}: its header can't have ${length} bytes`);
  }
  const text = await readBytes(file, length, path);
  if (crc32(text) !== prefix.readUInt32LE(MAGIC.length + 4)) {
    throw new CheckpointError(`${path}: the checksum of its header is wrong`);
  }
  const header = JSON.parse(text.toString('utf8')) as StoredHeader;
  if (header.version !== 1) {
    throw new CheckpointError(`${path}: has version ${header.version}, this program reads 1`);
  }
  return header;
}

async function readBytes(file: Bytes, bytes: number, path: string): Promise<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(bytes);
  let read = 0;
  while (read < bytes) {
    const { bytesRead } = await file.read(buffer, read, bytes - read);
    if (bytesRead === 0) throw new CheckpointError(`${path}: is cut off`);
    read += bytesRead;
  }
  return buffer;
}

/** Tells two forms of a state apart. */
export function stateHash(...parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}
