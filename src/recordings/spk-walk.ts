import type { FileHandle } from 'node:fs/promises';
import { crc32, zstdDecompressSync } from 'node:zlib';
import { AheadReader } from './spk-ahead.ts';
import { readAt } from './spk-io.ts';
import {
  BLOCK_FRAMES,
  BLOCK_HEADER_BYTES,
  BLOCK_INDEX,
  BLOCK_MAGIC,
  type BlockHeader,
  blockBytes,
  FLAG_SHUFFLED,
  FLAG_ZSTD,
  FLAGS_KNOWN,
  frameCount,
  readBlockHeader,
  TRAILER_BYTES,
} from './spk-layout.ts';
import type { SpkNotes } from './spk-notes.ts';
import { unshuffle } from './spk-shuffle.ts';

const SEARCH_BYTES = 256 * 1024;
const GO_BACK_BYTES_MAX = 1024 * 1024 * 1024;
/** Between the end of a block, or of the metadata, and the next multiple of 8. */
const PADDING_BYTES_MAX = 7;

export interface BlockAt {
  readonly offset: number;
  readonly header: BlockHeader;
}

/**
 * How a walk stopped: behind an index, where a block ended, or at bytes that are no whole block.
 */
export interface WalkEnd {
  readonly how: 'index' | 'end' | 'torn';
  readonly at: number;
  /** Bytes of the file behind `at`. */
  readonly behindBytes: number;
  /** The header of the block that is cut, where that much is there. */
  readonly cut: BlockHeader | undefined;
}

export interface WalkOptions {
  readonly from: number;
  /** Where blocks end, as an index says; infinite where nobody knows. */
  readonly to: number;
  /** Number that the first block should have; undefined where that isn't known. */
  readonly number: number | undefined;
  /** What is incomplete at the end of the file may still grow. */
  readonly growing: boolean;
}

/**
 * Goes from block to block. A damaged block is passed over by its length; where no block follows
 * there, the next one is searched by its magic and header checksum. All of it is noted.
 */
export class BlockWalk {
  /** How the last `next` that gave nothing ended. */
  ended: WalkEnd | undefined;
  private readonly handle: FileHandle;
  private readonly reader: AheadReader;
  private readonly notes: SpkNotes;
  private readonly to: number;
  private readonly growing: boolean;
  /** Where the next block should start. */
  private at: number;
  private number: number | undefined;
  private last: BlockAt | undefined;
  /** The payload of the last block had its checksum, so that the block ended where it said. */
  private lastWhole = true;
  /** Nothing was found before this; set while a file grows. */
  private searched = 0;
  private wentBackBytes = 0;
  /** Up to here there are bytes to read; -1 before the first look. */
  private limit = -1;
  private readonly head = new Uint8Array(BLOCK_HEADER_BYTES);
  /** Where in the file `head` was read; -1 when it holds nothing. */
  private headAt = -1;
  private raw = new Uint8Array(0);

  constructor(handle: FileHandle, notes: SpkNotes, options: WalkOptions) {
    this.handle = handle;
    this.reader = new AheadReader(handle);
    this.notes = notes;
    this.at = options.from;
    this.to = options.to;
    this.number = options.number;
    this.growing = options.growing;
  }

  /** Whether the payload of the last block was read and had its checksum. */
  get checked(): boolean {
    return this.lastWhole;
  }

  /** The next block whose header is sound and whose length lies in the file. */
  async next(): Promise<BlockAt | undefined> {
    this.ended = undefined;
    if (this.limit < 0) await this.look();
    let header = await this.headerAt(this.at);
    if (this.growing && !this.holds(header)) {
      await this.look();
      header = await this.headerAt(this.at);
    }
    if (header !== undefined && this.holds(header)) {
      return this.enter({ offset: this.at, header });
    }
    if (this.at >= this.limit) return this.end('end', undefined);
    const afterIndex = this.last?.header.type === BLOCK_INDEX;
    // Behind an index comes the trailer, which is no block.
    if (afterIndex && this.limit - this.at <= TRAILER_BYTES) return this.end('index', undefined);
    if (this.growing && !this.holds(header)) return this.end('end', undefined);
    const found = await this.search(Math.max(this.searchFrom(), this.searched));
    if (found === undefined) return this.end(afterIndex ? 'index' : 'torn', header);
    const went = `reading went on at byte ${found.offset}`;
    const text = `No sound block starts at byte ${this.at}; ${went}.`;
    this.notes.damage(`gap ${this.at}`, { blocks: 0, frames: 0 }, text);
    return this.enter(found);
  }

  /**
   * The raw payload of the block that `next` gave, valid until `next` or `payload` is called again;
   * undefined where it is damaged, which is noted.
   */
  async payload(block: BlockAt): Promise<Uint8Array | undefined> {
    const { header, offset } = block;
    const bytes = blockBytes(header);
    const needed = bytes - BLOCK_HEADER_BYTES;
    // The header of the next block comes along, so that a block is one read.
    const read = await this.reader.read(afterHeader(block), bytes);
    const got = read.length;
    const stored = read.subarray(0, Math.min(got, header.storedBytes));
    if (got === bytes && offset + bytes + BLOCK_HEADER_BYTES <= this.to) {
      this.head.set(read.subarray(needed));
      this.headAt = offset + bytes;
      this.readAhead();
    }
    if (stored.length < header.storedBytes || crc32(stored) !== header.payloadCrc) {
      if (this.growing && got <= needed) return this.again(block);
      return this.lose(block, 'its checksum is wrong');
    }
    this.lastWhole = true;
    if ((header.flags & ~FLAGS_KNOWN) !== 0) return this.lose(block, 'it needs a newer program');
    const raw = this.unpack(header, stored);
    return raw ?? this.lose(block, 'it does not unpack to what it says');
  }

  /** Begins to read the block that follows, while the caller looks at this one. */
  private readAhead(): void {
    const header = readBlockHeader(this.head);
    if (this.growing || header === undefined || this.at !== this.headAt) return;
    if (!this.holds(header) || header.type !== BLOCK_FRAMES) return;
    this.reader.begin(this.at + BLOCK_HEADER_BYTES, blockBytes(header));
  }

  private unpack(header: BlockHeader, stored: Uint8Array): Uint8Array | undefined {
    let raw = stored;
    if ((header.flags & FLAG_ZSTD) !== 0) {
      try {
        raw = zstdDecompressSync(stored, { maxOutputLength: Math.max(1, header.rawBytes) });
      } catch {
        return undefined;
      }
    }
    if (raw.length !== header.rawBytes) return undefined;
    if ((header.flags & FLAG_SHUFFLED) === 0) return raw;
    if (this.raw.length < raw.length) this.raw = new Uint8Array(raw.length);
    const into = this.raw.subarray(0, raw.length);
    unshuffle(raw, into);
    return into;
  }

  private enter(block: BlockAt): BlockAt {
    const { header, offset } = block;
    this.noteMissing(header.number, offset);
    this.at = offset + blockBytes(header);
    this.number = header.number + 1;
    this.last = block;
    this.lastWhole = false;
    this.searched = 0;
    return block;
  }

  /** Notes blocks between the last one and the one numbered `number`, which starts at `offset`. */
  noteMissing(number: number, offset: number): void {
    if (this.number === undefined || number <= this.number) return;
    const blocks = number - this.number;
    const text = `Blocks before byte ${offset} are missing or damaged: ${blocks}.`;
    this.notes.damage(`before ${offset}`, { blocks, frames: 0 }, text);
  }

  private lose(block: BlockAt, why: string): undefined {
    const frames = frameCount(block.header);
    const text = `The block at byte ${block.offset} (${frames} frames) is skipped: ${why}.`;
    this.notes.damage(`block ${block.offset}`, { blocks: 1, frames }, text);
    return undefined;
  }

  /** Goes back before a block that is perhaps still being written. */
  private again(block: BlockAt): undefined {
    this.at = block.offset;
    this.number = block.header.number;
    this.lastWhole = true;
    return this.end('end', undefined);
  }

  private end(how: WalkEnd['how'], cut: BlockHeader | undefined): undefined {
    this.ended = { how, at: this.at, behindBytes: Math.max(0, this.limit - this.at), cut };
    this.headAt = -1;
    return undefined;
  }

  private async headerAt(offset: number): Promise<BlockHeader | undefined> {
    if (this.headAt !== offset) {
      this.headAt = -1;
      if (offset + BLOCK_HEADER_BYTES > this.limit) return undefined;
      const got = await readAt(this.handle, this.head, offset);
      if (got < BLOCK_HEADER_BYTES) return undefined;
      this.headAt = offset;
    }
    return readBlockHeader(this.head);
  }

  /**
   * Sees how long the file is. One look serves a whole walk, unless the walk waits for more: what
   * grows between two looks could make a block look torn at the first and be passed at the second.
   */
  private async look(): Promise<void> {
    this.limit = Math.min(this.to, (await this.handle.stat()).size);
  }

  /** Whether the file holds all of the block at `at`; of its header, where that is undefined. */
  private holds(header: BlockHeader | undefined): boolean {
    const bytes = header === undefined ? BLOCK_HEADER_BYTES : blockEnd(header);
    return this.at + bytes <= this.limit;
  }

  private async search(from: number): Promise<BlockAt | undefined> {
    const window = new Uint8Array(SEARCH_BYTES);
    for (let start = from; ; ) {
      const wanted = Math.max(0, Math.min(window.length, this.limit - start));
      const got = await readAt(this.handle, window.subarray(0, wanted), start);
      const bytes = Buffer.from(window.buffer, 0, got);
      let hit = bytes.indexOf(BLOCK_MAGIC);
      for (; hit >= 0; hit = bytes.indexOf(BLOCK_MAGIC, hit + 1)) {
        const header = readBlockHeader(bytes.subarray(hit, hit + BLOCK_HEADER_BYTES));
        const offset = start + hit;
        if (header !== undefined && offset + blockEnd(header) <= this.limit) {
          return { offset, header };
        }
      }
      if (got < window.length) {
        if (this.growing) this.searched = Math.max(from, start + got - BLOCK_HEADER_BYTES);
        return undefined;
      }
      // A header may lie across two windows.
      start += got - BLOCK_HEADER_BYTES + 1;
    }
  }

  /**
   * Where to search for the next block when none is at `at`: bytes of the padding before it may be
   * missing, and where the last block was damaged, bytes of that; then the next one lies before
   * `at`. Going back is bounded over a walk, or a file made for it could have the same bytes read
   * for hours.
   */
  private searchFrom(): number {
    if (this.last === undefined) return Math.max(0, this.at - PADDING_BYTES_MAX);
    if (this.lastWhole) return this.last.offset + blockEnd(this.last.header);
    const from = afterHeader(this.last);
    this.wentBackBytes += this.at - from;
    return this.wentBackBytes > GO_BACK_BYTES_MAX ? this.at + 1 : from;
  }
}

function afterHeader(block: BlockAt): number {
  return block.offset + BLOCK_HEADER_BYTES;
}

/** Up to the last byte that matters; the padding behind it may be cut. */
function blockEnd(header: BlockHeader): number {
  return BLOCK_HEADER_BYTES + header.storedBytes;
}
