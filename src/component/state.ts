import type { SpikesFrame } from '../frames/spikes.ts';

/**
 * What an operator remembers between frames is declared, so that a checkpoint can hold it.
 * Operators are synchronous: between two frames every state is whole, and a checkpoint is a plain
 * copy.
 */
export type Snapshot =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | Uint32Array
  | Float32Array
  | Float64Array
  | readonly Snapshot[]
  | { readonly [key: string]: Snapshot };

/** The two ends of one operator's state. A snapshot shares no memory with the state. */
export interface HeldState {
  snapshot(): Snapshot;
  /** Replaces what is held by what `snapshot` gave earlier, in this process or another. */
  restore(snapshot: Snapshot): void;
}

/** The state of an operator that takes frames joined. */
export interface QuietState extends HeldState {
  /**
   * Asked right after this frame: frames of its part that follow without a gap, are as long and end
   * before that time change nothing but sums and ends, and derive nothing. None do where it is 0.
   */
  quietUntilUs(frame: SpikesFrame): number;
}

export function canBeQuiet(held: HeldState): held is QuietState {
  return 'quietUntilUs' in held;
}

/** Where an operator puts its state; it does so once a subscription, before the first frame. */
export interface StateSlot {
  hold(held: HeldState): void;
}

/** Declares a state by a name that is unique within its pipeline. */
export type DeclareState = (name: string) => StateSlot;
