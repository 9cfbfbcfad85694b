import type { SpikesFrame } from '../frames/spikes.ts';

/** More samples than a frame can have, and small enough for exact keys: dt · 2^20 + index. */
const INDEX = 2 ** 20;

/** Spikes of a frame in order of time. Valid until the next frame. */
export interface SpikeColumns {
  neuronId: Uint32Array;
  dtUs: Uint32Array;
}

/**
 * A frame's spikes by time. Recordings have them so, and then the frame's own columns are given;
 * on the wire any order is allowed. Spikes at the same time keep their order.
 */
export class OrderedSpikes {
  private neuronId = new Uint32Array(0);
  private dtUs = new Uint32Array(0);

  /** Spikes of ids below `neuronCount`, by time. */
  of(frame: SpikesFrame, neuronCount: number): SpikeColumns {
    const { neuronId, dtUs } = frame;
    const isInside = frame.neuronCount <= neuronCount;
    if (isInside && isAscending(dtUs)) return { neuronId, dtUs };
    const keys = new Float64Array(dtUs.length);
    let kept = 0;
    for (let i = 0; i < dtUs.length; i++) {
      if ((neuronId[i] as number) < neuronCount) keys[kept++] = (dtUs[i] as number) * INDEX + i;
    }
    if (this.neuronId.length < kept) {
      this.neuronId = new Uint32Array(kept);
      this.dtUs = new Uint32Array(kept);
    }
    keys.subarray(0, kept).sort();
    for (let i = 0; i < kept; i++) {
      const from = (keys[i] as number) % INDEX;
      this.neuronId[i] = neuronId[from] as number;
      this.dtUs[i] = dtUs[from] as number;
    }
    return { neuronId: this.neuronId.subarray(0, kept), dtUs: this.dtUs.subarray(0, kept) };
  }
}

function isAscending(dtUs: Uint32Array): boolean {
  let before = 0;
  for (let i = 0; i < dtUs.length; i++) {
    const now = dtUs[i] as number;
    if (now < before) return false;
    before = now;
  }
  return true;
}
