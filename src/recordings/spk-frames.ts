import { FrameDecoder } from '../frames/decode.ts';
import type { Frame } from '../frames/frame.ts';
import { FrameError } from '../frames/frame-error.ts';
import { FRAME_LIMITS, type FrameLimits } from '../frames/limits.ts';
import { align8, FRAME_PREFIX_BYTES, PAYLOAD_BYTES_MAX, viewOf } from './spk-layout.ts';
import type { SpkNotes } from './spk-notes.ts';

/** A recording's frames never crossed a network: only the block bounds their length. */
const LIMITS: FrameLimits = { ...FRAME_LIMITS, payloadBytesMax: PAYLOAD_BYTES_MAX };

const MSGPACK = 'application/msgpack';

/** Takes the frames out of the payloads of frames blocks, one after the other. */
export class BlockFrames {
  private readonly decoder = new FrameDecoder(LIMITS);
  private readonly notes: SpkNotes;
  private payload: Uint8Array = new Uint8Array(0);
  private view = viewOf(this.payload);
  private at = 0;
  /** Where the block starts in the file; names the places of bad frames. */
  private blockOffset = 0;

  constructor(notes: SpkNotes) {
    this.notes = notes;
  }

  open(payload: Uint8Array, blockOffset: number): void {
    this.payload = payload;
    this.view = viewOf(payload);
    this.at = 0;
    this.blockOffset = blockOffset;
  }

  /**
   * The next frame that is one; undefined at the end of the block. Its columns lie in the payload.
   */
  next(): Frame | undefined {
    while (this.at < this.payload.length) {
      const start = this.at;
      const bytes = this.nextBytes();
      if (bytes === undefined) return undefined;
      try {
        const frame = this.decoder.decode(bytes, undefined, MSGPACK);
        frame.arrivedUs = this.view.getFloat64(start + 8, true);
        return frame;
      } catch (error) {
        if (!(error instanceof FrameError)) throw error;
        this.lose(start, error.message);
      }
    }
    return undefined;
  }

  private nextBytes(): Uint8Array | undefined {
    const from = this.at + FRAME_PREFIX_BYTES;
    const rest = this.payload.length - from;
    const length = rest >= 0 ? this.view.getUint32(this.at, true) : 0;
    if (length > rest || rest < 0) {
      this.lose(this.at, 'it ends outside its block; the rest of the block is skipped');
      this.at = this.payload.length;
      return undefined;
    }
    this.at = from + align8(length);
    return this.payload.subarray(from, from + length);
  }

  private lose(at: number, why: string): void {
    const place = `frame ${this.blockOffset} ${at}`;
    const where = `The frame at byte ${at} of the block at byte ${this.blockOffset}`;
    this.notes.damage(place, { blocks: 0, frames: 1 }, `${where} is skipped: ${why}.`);
  }
}
