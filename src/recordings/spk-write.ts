import { type FileHandle, open } from 'node:fs/promises';
import { FrameEncoder } from '../frames/encode.ts';
import type { Frame } from '../frames/frame.ts';
import type { RecordedLayer } from './recording.ts';
import { RecordingError } from './recording-error.ts';
import {
  BlockBuilder,
  isMsgpackMap,
  plainBlock,
  requireTimes,
  type SealedBlock,
  storedFrameBytes,
} from './spk-block.ts';
import { examine } from './spk-examine.ts';
import {
  checkedMetadata,
  DECLARED_MAX,
  layerKey,
  mergeMetadata,
  type SpkHeader,
  writeMetadata,
} from './spk-header.ts';
import { SpkIndex } from './spk-index.ts';
import { writeAt } from './spk-io.ts';
import {
  align8,
  BLOCK_INDEX,
  BLOCK_METADATA,
  blockBytes,
  PAYLOAD_BYTES_MAX,
  writeFileHeader,
  writeTrailer,
} from './spk-layout.ts';
import { SpkNotes } from './spk-notes.ts';

export const BLOCK_BYTES_DEFAULT = 256 * 1024;
const BLOCK_BYTES_MIN = 1024;

/** Above this many bytes on their way to the file, `write` asks the caller to wait. */
const WAIT_ABOVE_BYTES = 8 * 1024 * 1024;
/** A caller that does not wait is refused here. */
const PENDING_BYTES_MAX = 64 * 1024 * 1024;
/** Emptied blocks that are kept for the next ones. */
const SPARE_MAX = 4;

export interface SpkWriteOptions {
  /** zstd, with shuffled columns; off unless asked for. */
  readonly compress?: boolean | undefined;
  /** Spikes in denser columns, or in none; undefined keeps what came. */
  readonly dense?: boolean | undefined;
  /** Raw bytes of a block; more means fewer checksums and a coarser index. */
  readonly blockBytes?: number | undefined;
}

export interface SpkCreateOptions extends SpkWriteOptions {
  /** Replace a file that is there; without it, that is an error. */
  readonly overwrite?: boolean | undefined;
}

interface Start {
  readonly header: SpkHeader;
  readonly index: SpkIndex;
  readonly at: number;
  readonly number: number;
}

/**
 * Writes a `.spk` file. `write` only copies into a block; full blocks are packed and written one
 * after the other behind it. What is not yet in a full block is in the file after `flush` or
 * `close`; only `close` writes the index. One writer a file.
 */
export class SpkWriter {
  /** Frames taken, in the file or on their way. */
  framesWritten = 0;
  private readonly handle: FileHandle;
  private readonly compress: boolean;
  private readonly dense: boolean | undefined;
  private readonly blockBytes: number;
  private readonly encoder = new FrameEncoder();
  private readonly index: SpkIndex;
  private readonly layers: Map<string, RecordedLayer>;
  private newLayers: RecordedLayer[] = [];
  private readonly omitted = new Set<string>();
  private header: SpkHeader;
  /** Where the next block goes, and its number; only the writing chain moves them. */
  private at: number;
  private number: number;
  private builder: BlockBuilder;
  private readonly spare: BlockBuilder[] = [];
  private pending = 0;
  private writing: Promise<void> = Promise.resolve();
  private failure: Error | undefined;
  private closing: Promise<void> | undefined;

  private constructor(handle: FileHandle, start: Start, options: SpkWriteOptions) {
    this.handle = handle;
    this.compress = options.compress ?? false;
    this.dense = options.dense;
    this.blockBytes = checkedBlockBytes(options);
    this.header = start.header;
    this.index = start.index;
    this.at = start.at;
    this.number = start.number;
    this.builder = new BlockBuilder(this.blockBytes);
    const declared = start.header.layers ?? [];
    this.layers = new Map(declared.map((layer) => [layerKey(layer), layer]));
  }

  /** Starts a file; what `header` leaves out may still be said by `close`. */
  static async create(
    path: string,
    header: SpkHeader,
    options: SpkCreateOptions = {},
  ): Promise<SpkWriter> {
    checkedBlockBytes(options);
    const bytes = writeFileHeader(checkedMetadata(header));
    const handle = await open(path, options.overwrite ? 'w' : 'wx');
    try {
      await writeAt(handle, [bytes], 0);
    } catch (error) {
      await handle.close();
      throw error;
    }
    const start = { header, index: new SpkIndex(), at: bytes.length, number: 0 };
    return new SpkWriter(handle, start, options);
  }

  /**
   * Goes on with a file: drops its index, and a last block that is torn. A file without a sound
   * index is read once for that, from start to end.
   */
  static async append(path: string, options: SpkWriteOptions = {}): Promise<SpkWriter> {
    checkedBlockBytes(options);
    const handle = await open(path, 'r+');
    try {
      const examined = await examine(handle, path, new SpkNotes(), true);
      if (!examined.headerSound) {
        const text = 'its header is damaged; convert it into a new file instead';
        throw new RecordingError('unrecognised', `${path}: ${text}`);
      }
      const { header, index, soundEnd, nextNumber } = examined;
      const at = align8(soundEnd);
      await handle.truncate(at);
      return new SpkWriter(handle, { header, index, at, number: nextNumber }, options);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Bytes of full blocks that are not yet in the file. */
  get pendingBytes(): number {
    return this.pending;
  }

  /**
   * Takes a frame; its columns may be reused as soon as this returns. Where it gives a promise,
   * wait for it before the next frame: the file is slower than the frames.
   * @throws what went wrong in writing earlier frames, once it is known
   */
  write(frame: Frame): Promise<void> | undefined {
    return this.take(this.encoder.encode(frame, 'msgpack', this.dense), frame);
  }

  /** As `write`, for a message that `frame` was decoded from; it is kept as it is, but for JSON. */
  writeEncoded(message: Uint8Array, frame: Frame): Promise<void> | undefined {
    return isMsgpackMap(message) ? this.take(message, frame) : this.write(frame);
  }

  /**
   * Resolves when all that was taken is in the file, for readers to see; it makes a short block.
   */
  async flush(): Promise<void> {
    this.requireOpen();
    this.seal();
    await this.writing;
    if (this.failure !== undefined) throw this.failure;
  }

  /** Writes what is left, `later` where it says more than the header did, and the index. */
  close(later: Partial<SpkHeader> = {}): Promise<void> {
    this.closing ??= this.finish(later);
    return this.closing;
  }

  private async finish(later: Partial<SpkHeader>): Promise<void> {
    try {
      this.seal();
      await this.writing;
      if (this.failure !== undefined) throw this.failure;
      this.header = mergeMetadata(this.header, later);
      await this.writeEnd();
      await this.handle.datasync();
    } finally {
      await this.handle.close();
    }
  }

  private requireOpen(): void {
    if (this.failure !== undefined) throw this.failure;
    if (this.closing !== undefined)
      throw new Error('the recording is closed; open it again by append');
  }

  private take(encoded: Uint8Array, frame: Frame): Promise<void> | undefined {
    this.requireOpen();
    requireTimes(frame);
    const needed = storedFrameBytes(encoded.length);
    if (needed > PAYLOAD_BYTES_MAX) {
      throw new RangeError(`frame of ${encoded.length} bytes, at most ${PAYLOAD_BYTES_MAX}`);
    }
    if (this.pending > PENDING_BYTES_MAX) {
      const text = `${this.pending} bytes wait for the file; wait for the promise of write`;
      throw new Error(`recording: ${text}`);
    }
    if (frame.kind === 'spikes') this.declareLayer(frame);
    if (!this.builder.fits(frame, encoded.length)) {
      this.seal();
      // What is longer than a block gets a block of its own.
      if (!this.builder.fits(frame, encoded.length)) this.builder = new BlockBuilder(needed);
    }
    this.builder.add(encoded, frame);
    this.framesWritten++;
    return this.pending > WAIT_ABOVE_BYTES ? this.writing : undefined;
  }

  private declareLayer(frame: Frame & { readonly kind: 'spikes' }): void {
    const { layerName: name, neuronType, neuronCount, deviceType, chipId } = frame;
    const layer = { name, neuronType, neuronCount, deviceType, chipId };
    const key = layerKey(layer);
    const known = this.layers.get(key);
    if (known?.neuronCount === neuronCount && known.neuronType === neuronType) return;
    if (known === undefined && this.layers.size >= DECLARED_MAX) {
      if (this.omitted.size < DECLARED_MAX) this.omitted.add(key);
      return;
    }
    this.layers.set(key, layer);
    this.newLayers.push(layer);
  }

  /** Hands the block that is being filled to the writing chain, its new layers before it. */
  private seal(): void {
    const { builder, newLayers } = this;
    if (builder.frames === 0) return;
    this.builder = this.spare.pop() ?? new BlockBuilder(this.blockBytes);
    this.newLayers = [];
    const bytes = builder.usedBytes;
    this.pending += bytes;
    this.writing = this.writing.then(async () => {
      try {
        if (this.failure === undefined) await this.writeBlock(builder, newLayers);
      } catch (error) {
        this.failure = error as Error;
      }
      this.pending -= bytes;
      builder.clear();
      const isUsual = builder.capacity === this.blockBytes;
      if (isUsual && this.spare.length < SPARE_MAX) this.spare.push(builder);
    });
  }

  private async writeBlock(builder: BlockBuilder, layers: RecordedLayer[]): Promise<void> {
    if (layers.length > 0) {
      this.header = mergeMetadata(this.header, { layers });
      await this.put(plainBlock(BLOCK_METADATA, this.number, writeMetadata({ layers })));
    }
    const offset = this.at;
    const sealed = await builder.seal(this.number, this.compress);
    await this.put(sealed);
    this.index.add(offset, this.at - offset, sealed.header);
  }

  private async put(sealed: SealedBlock): Promise<void> {
    await writeAt(this.handle, sealed.parts, this.at);
    this.at += blockBytes(sealed.header);
    this.number++;
  }

  private async writeEnd(): Promise<void> {
    const layersOmitted = this.omitted.size === 0 ? this.header.layersOmitted : this.omitted.size;
    const metadata = checkedMetadata({ ...this.header, layersOmitted });
    const indexOffset = this.at;
    await this.put(plainBlock(BLOCK_INDEX, this.number, this.index.write(metadata)));
    const fileBytes = this.at + writeTrailer({ indexOffset, fileBytes: 0 }).length;
    await writeAt(this.handle, [writeTrailer({ indexOffset, fileBytes })], this.at);
  }
}

function checkedBlockBytes(options: SpkWriteOptions): number {
  const bytes = options.blockBytes ?? BLOCK_BYTES_DEFAULT;
  if (Number.isInteger(bytes) && bytes >= BLOCK_BYTES_MIN && bytes <= PAYLOAD_BYTES_MAX) {
    return bytes;
  }
  const range = `${BLOCK_BYTES_MIN} … ${PAYLOAD_BYTES_MAX}`;
  throw new RangeError(`blockBytes: ${bytes} is no whole number within ${range}`);
}
