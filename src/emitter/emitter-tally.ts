/** Why something that was recorded did not reach NATS. The words are stable. */
export const DROP_REASONS = {
  invalid: 'it is no valid frame, or no spike of its layer',
  buffer_full: 'the buffer was full while NATS was away or slower',
  refused: 'the server or the stream does not take it',
  closed: 'it was recorded after close, or close ran out of time',
} as const;

export type DropReason = keyof typeof DROP_REASONS;
export type Drops = Readonly<Record<DropReason, number>>;

/**
 * What became of all that was recorded. Of samples: recorded = published + batched + buffered +
 * dropped, at any time.
 */
export interface EmitterStats {
  /** The name that frames carry. */
  readonly emitter: string;
  readonly isConnected: boolean;
  readonly reconnects: number;
  /** Spikes, values, … that were handed in. */
  readonly recordedSamples: number;
  /** The server (`core`) or the stream (`jetstream`) has said that it has them. */
  readonly publishedFrames: number;
  readonly publishedSamples: number;
  readonly publishedBytes: number;
  /** Spikes that are in no frame yet. */
  readonly batchedSamples: number;
  /** Waiting for NATS, or for its word. */
  readonly bufferedFrames: number;
  readonly bufferedSamples: number;
  readonly bufferedBytes: number;
  /** The most that was ever buffered. */
  readonly bufferedBytesMax: number;
  readonly droppedFrames: Drops;
  readonly droppedSamples: Drops;
  /** Frames sent again because nobody said that they had arrived; readers skip what is twice. */
  readonly resentFrames: number;
}

function noDrops(): Record<DropReason, number> {
  return { invalid: 0, buffer_full: 0, refused: 0, closed: 0 };
}

/** Counts for `EmitterStats`. */
export class EmitterTally {
  recordedSamples = 0;
  publishedFrames = 0;
  publishedSamples = 0;
  publishedBytes = 0;
  resentFrames = 0;
  reconnects = 0;
  readonly droppedFrames = noDrops();
  readonly droppedSamples = noDrops();

  published(samples: number, bytes: number): void {
    this.publishedFrames++;
    this.publishedSamples += samples;
    this.publishedBytes += bytes;
  }

  dropped(reason: DropReason, frames: number, samples: number): void {
    this.droppedFrames[reason] += frames;
    this.droppedSamples[reason] += samples;
  }
}
