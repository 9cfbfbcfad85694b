import type { FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { crc32 } from 'node:zlib';
import { RecordingError } from './recording-error.ts';
import { mergeMetadata, readMetadata, type SpkHeader } from './spk-header.ts';
import { SpkIndex } from './spk-index.ts';
import { readAt } from './spk-io.ts';
import {
  align8,
  BLOCK_FRAMES,
  BLOCK_INDEX,
  BLOCK_METADATA,
  blockBytes,
  FILE_HEADER_BYTES,
  FILE_MAGIC,
  frameCount,
  readFileHeader,
  readTrailer,
  SPK_VERSION,
  startsWith,
  TRAILER_BYTES,
} from './spk-layout.ts';
import { SpkNotes } from './spk-notes.ts';
import { BlockWalk, type WalkEnd } from './spk-walk.ts';

/** What is known of a `.spk` file before its frames are read. */
export interface Examined {
  readonly header: SpkHeader;
  /** The file header and its metadata are as they were written. */
  readonly headerSound: boolean;
  readonly index: SpkIndex;
  /** Where the first block starts. */
  readonly from: number;
  /** Where blocks end, by the trailer; infinite without one. */
  readonly to: number;
  /** Number of the index block; undefined where it can't be read. */
  readonly indexNumber: number | undefined;
  /** Behind the last sound block, and the number that the next one takes. */
  readonly soundEnd: number;
  readonly nextNumber: number;
}

const NO_SPK = 'is no .spk recording, whose first 8 bytes are 89 53 50 4b 0d 0a 1a 0a';

interface Opening {
  readonly header: SpkHeader;
  readonly headerSound: boolean;
  readonly from: number;
}

/**
 * Reads header and index; without a sound index the blocks are gone through by their headers
 * (`verify`: by their payloads too, so that only whole ones are in the index).
 */
export async function examine(
  handle: FileHandle,
  path: string,
  notes: SpkNotes,
  verify: boolean,
): Promise<Examined> {
  const opening = await readOpening(handle, path, notes);
  const { size } = await handle.stat();
  const last = new Uint8Array(Math.min(TRAILER_BYTES, size));
  await readAt(handle, last, size - last.length);
  const trailer = readTrailer(last, size);
  const to = trailer?.indexOffset ?? Number.POSITIVE_INFINITY;
  if (to < opening.from)
    throw new RecordingError('unrecognised', `${path}: its trailer contradicts its header`);
  if (trailer !== undefined) {
    const indexed = await readIndex(handle, opening, to, size - TRAILER_BYTES);
    if (indexed !== undefined) return indexed;
    notes.remark('The index is damaged; it was rebuilt from the blocks.');
  }
  return rebuild(handle, opening, to, notes, verify);
}

async function readOpening(handle: FileHandle, path: string, notes: SpkNotes): Promise<Opening> {
  const fixed = new Uint8Array(FILE_HEADER_BYTES);
  const got = await readAt(handle, fixed, 0);
  if (!startsWith(fixed.subarray(0, got), FILE_MAGIC)) {
    throw new RecordingError('unrecognised', `${path}: ${NO_SPK}`);
  }
  const unnamed: SpkHeader = { name: basename(path) };
  const fileHeader = readFileHeader(fixed.subarray(0, got));
  if (fileHeader === undefined) {
    notes.remark('The file header is damaged; what it said is unknown.');
    return { header: unnamed, headerSound: false, from: FILE_MAGIC.length };
  }
  if (fileHeader.version !== SPK_VERSION) {
    const versions = `has version ${fileHeader.version}, this program reads ${SPK_VERSION}`;
    throw new RecordingError('unrecognised', `${path}: ${versions}; use a newer program`);
  }
  const from = align8(FILE_HEADER_BYTES + fileHeader.metadataBytes);
  const metadata = new Uint8Array(fileHeader.metadataBytes);
  const metadataGot = await readAt(handle, metadata, FILE_HEADER_BYTES);
  if (metadataGot < metadata.length || crc32(metadata) !== fileHeader.metadataCrc) {
    notes.remark('The metadata of the file header is damaged and ignored.');
    // Where bytes are missing, the first block lies before the end of the metadata.
    return { header: unnamed, headerSound: false, from: FILE_HEADER_BYTES };
  }
  const remarks: string[] = [];
  const header = mergeMetadata(unnamed, readMetadata(metadata, remarks));
  for (const text of remarks) notes.remark(`Metadata of the file header is ignored: ${text}.`);
  return { header, headerSound: true, from };
}

async function readIndex(
  handle: FileHandle,
  opening: Opening,
  at: number,
  to: number,
): Promise<Examined | undefined> {
  // What is wrong with the index is said once, by the caller.
  const notes = new SpkNotes();
  const walk = new BlockWalk(handle, notes, { from: at, to, number: undefined, growing: false });
  const block = await walk.next();
  if (block?.offset !== at || block.header.type !== BLOCK_INDEX) return undefined;
  if (at + blockBytes(block.header) !== to) return undefined;
  const payload = await walk.payload(block);
  const read = payload && SpkIndex.read(payload, opening.from, at);
  if (read === undefined) return undefined;
  const header = mergeMetadata(opening.header, readMetadata(read.metadata.slice(), []));
  const { number } = block.header;
  const ends = { to: at, soundEnd: at, indexNumber: number, nextNumber: number };
  return { ...opening, ...ends, header, index: read.index };
}

async function rebuild(
  handle: FileHandle,
  opening: Opening,
  to: number,
  notes: SpkNotes,
  verify: boolean,
): Promise<Examined> {
  const { from } = opening;
  let { header } = opening;
  const index = new SpkIndex();
  const walk = new BlockWalk(handle, notes, { from, to, number: 0, growing: false });
  let soundEnd = from;
  let nextNumber = 0;
  for (let block = await walk.next(); block !== undefined; block = await walk.next()) {
    const { type } = block.header;
    if (type === BLOCK_INDEX) continue;
    if (verify || type === BLOCK_METADATA) {
      const payload = await walk.payload(block);
      if (!walk.checked) continue;
      if (type === BLOCK_METADATA && payload !== undefined) {
        header = mergeMetadata(header, readMetadata(payload.slice(), []));
      }
    }
    const bytes = blockBytes(block.header);
    if (type === BLOCK_FRAMES && frameCount(block.header) > 0) {
      index.add(block.offset, bytes, block.header);
    }
    soundEnd = block.offset + bytes;
    nextNumber = block.header.number + 1;
  }
  if (to === Number.POSITIVE_INFINITY) noteEnd(walk.ended, notes);
  return { ...opening, header, index, to, indexNumber: undefined, soundEnd, nextNumber };
}

/** Says how a file without a trailer ends. */
export function noteEnd(ended: WalkEnd | undefined, notes: SpkNotes): void {
  if (ended === undefined) return;
  const { how, at, behindBytes, cut } = ended;
  if (how === 'index' && behindBytes >= TRAILER_BYTES) {
    notes.say(`What follows the index, from byte ${at} on, is not the trailer of this file.`);
  } else if (how === 'index') {
    notes.cut(`The file is cut behind its index, at byte ${at}; no frame is missing.`);
  } else if (how === 'end') {
    const why = 'it is still being written, or its writer was stopped';
    notes.cut(`The file has no index at its end: ${why}. Its blocks end at byte ${at}.`);
  } else if (cut?.type === BLOCK_INDEX) {
    notes.cut(`The file is cut inside its index, which starts at byte ${at}; no frame is missing.`);
  } else {
    const frames = cut === undefined ? '' : ` of ${frameCount(cut)} frames`;
    notes.cut(`The file is cut inside a block${frames} that starts at byte ${at}.`);
  }
}
