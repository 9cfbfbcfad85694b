import type { DenseColumns } from './dense-spikes.ts';
import type { SpikesFrame } from './spikes.ts';

const U16_MAX = 0xffff;
/** Below this many the longer names take what shorter columns save. */
const SPIKES_MIN = 16;

/**
 * Puts a frame's columns into denser ones where that says the same, to the last number and in the
 * same order, in fewer bytes. What it gives is overwritten by the next.
 */
export class SpikePacker {
  private ids = new Uint16Array(0);
  private dts = new Uint16Array(0);
  private stepEnds = new Uint32Array(0);

  /** Undefined where the frame is best left as it is; one of few spikes always is. */
  pack(frame: SpikesFrame): DenseColumns | undefined {
    const { neuronId, dtUs } = frame;
    const spikes = neuronId.length;
    if (spikes < SPIKES_MIN || dtUs.length !== spikes) return undefined;
    if (this.ids.length < spikes) {
      this.ids = new Uint16Array(spikes);
      this.dts = new Uint16Array(spikes);
    }
    const fits = frame.neuronCount <= U16_MAX + 1 && narrow(neuronId, this.ids);
    const ids = fits ? this.ids.subarray(0, spikes) : neuronId;
    const stepEnds = this.packSteps(frame);
    if (stepEnds !== undefined) {
      const stepUs = frame.timestepUs ?? frame.spanUs;
      return { ids, dts: undefined, stepEnds, stepUs, isOrdered: true };
    }
    const areShort = (dtUs[spikes - 1] as number) <= U16_MAX && narrow(dtUs, this.dts);
    if (!fits && !areShort) return undefined;
    const dts = areShort ? this.dts.subarray(0, spikes) : dtUs;
    return { ids, dts, stepEnds: undefined, stepUs: 0, isOrdered: false };
  }

  /** Where spikes are in order, at the starts of steps, and more than there are steps. */
  private packSteps({ dtUs, spanUs, timestepUs }: SpikesFrame): Uint32Array | undefined {
    const stepUs = timestepUs ?? spanUs;
    const steps = Math.ceil(spanUs / stepUs);
    // A step takes two bytes, and so does a time where it fits; else it takes four.
    const spikes = dtUs.length;
    const isShort = (dtUs[spikes - 1] as number) <= U16_MAX;
    if (steps >= (isShort ? spikes : spikes * 2)) return undefined;
    if (this.stepEnds.length < steps) this.stepEnds = new Uint32Array(steps);
    const ends = this.stepEnds.subarray(0, steps);
    let from = 0;
    for (let step = 0; step < steps; step++) {
      const dt = step * stepUs;
      let to = from;
      while (to < spikes && dtUs[to] === dt) to++;
      if (to - from > U16_MAX) return undefined;
      ends[step] = to;
      from = to;
    }
    return from === spikes ? ends : undefined;
  }
}

/** Copies values that all fit; false where one does not. */
function narrow(column: Uint32Array, into: Uint16Array): boolean {
  // Signed, as the bits are all that counts: numbers above 2^31 would be doubles.
  const bits = new Int32Array(column.buffer, column.byteOffset, column.length);
  let seen = 0;
  for (let i = 0; i < bits.length; i++) seen |= bits[i] as number;
  if (seen >>> 0 > U16_MAX) return false;
  into.set(column);
  return true;
}
