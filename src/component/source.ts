import type { Frame } from '../frames/frame.ts';
import type { InboundMessage } from './message.ts';

/** Where a source delivers: encoded messages, or frames that need no decoding. */
export interface Inlet {
  message(message: InboundMessage): void;
  /** A frame and its columns stay the caller's; they are read during the call only. */
  frame(frame: Frame): void;
  /**
   * What comes until `gathered` was there at once, and nobody looks before: short frames may be
   * kept until then, to be taken together.
   */
  gather?(): void;
  gathered?(): void;
}

/**
 * Where frames come from. `run` delivers until the source ends, or until the signal says stop and
 * what was received is delivered; it rejects when the source can never work (bad credentials).
 */
export interface Source {
  run(inlet: Inlet, signal: AbortSignal): Promise<void>;
}

/**
 * Sees each frame that arrives, by its arrival, and finds what needs a clock: silence, a bound that
 * passed. What it finds it puts into the stream as a frame of emitter `spikescope`.
 */
export interface FrameWatch {
  /**
   * A frame from outside, valid during the call only; `isRepeat` where its number was seen. Short
   * ones of a part may come as one (`framesJoined`).
   */
  saw(frame: Frame, isRepeat: boolean): void;
}
