import { spikesBefore } from '../frames/dense-spikes.ts';
import type { SpikesFrame } from '../frames/spikes.ts';
import { IntervalSet } from '../numerics/interval-set.ts';

/** One tumbling window of one part that frames have touched and that is not closed. */
export interface OpenWindow {
  /** The window is [index · W, (index + 1) · W). */
  readonly index: number;
  /** [neuronCount] spikes of each neuron. */
  readonly counts: Uint32Array;
  spikes: number;
  /** Highest timestep number of its spikes; -1 where frames give none. */
  timestepMax: number;
  /** The run of all its frames; null where they name none, or several. */
  runId: string | null;
}

/** What is remembered of one part: a layer on a chip. */
export interface Part {
  neuronType: string;
  neuronCount: number;
  /** The emitter's restarts at the part's last frame; a change starts the part anew. */
  restarts: number;
  /** Largest t0 + span seen, µs. */
  endUs: number;
  /** Arrival of the last frame, µs; NaN without a clock. */
  arrivedUs: number;
  /** Windows below this index are closed. */
  closedBelow: number;
  covered: IntervalSet;
  /** Ascending by index. */
  windows: OpenWindow[];
}

export function newPart(frame: SpikesFrame): Part {
  return {
    neuronType: frame.neuronType,
    neuronCount: frame.neuronCount,
    restarts: frame.restarts,
    endUs: frame.t0Us,
    arrivedUs: frame.arrivedUs,
    closedBelow: 0,
    covered: new IntervalSet(),
    windows: [],
  };
}

/** Count arrays are large and short-lived: closed ones are cleared and used again. */
export class CountsPool {
  private readonly free = new Map<number, Uint32Array[]>();
  private readonly bytesMax: number;
  private bytes = 0;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  take(length: number): Uint32Array {
    const counts = this.free.get(length)?.pop();
    if (counts === undefined) return new Uint32Array(length);
    this.bytes -= counts.byteLength;
    return counts.fill(0);
  }

  give(counts: Uint32Array): void {
    // Lengths that came and went must not keep the room from those that are in use now.
    if (this.bytes + counts.byteLength > this.bytesMax) this.clear();
    if (counts.byteLength > this.bytesMax) return;
    const same = this.free.get(counts.length);
    if (same === undefined) this.free.set(counts.length, [counts]);
    else same.push(counts);
    this.bytes += counts.byteLength;
  }

  private clear(): void {
    this.free.clear();
    this.bytes = 0;
  }
}

/** The open window with this index; made, in order, when it is new. */
export function openWindow(
  part: Part,
  index: number,
  runId: string | null,
  pool: CountsPool,
): OpenWindow {
  const { windows } = part;
  let at = windows.length;
  while (at > 0) {
    const window = windows[at - 1] as OpenWindow;
    if (window.index === index) {
      if (window.runId !== runId) window.runId = null;
      return window;
    }
    if (window.index < index) break;
    at--;
  }
  const counts = pool.take(part.neuronCount);
  const window: OpenWindow = { index, counts, spikes: 0, timestepMax: -1, runId };
  windows.splice(at, 0, window);
  return window;
}

/** Adds a frame's spikes that lie in [fromDt, toDt) to a window's counts; gives how many. */
export function countSpikes(
  counts: Uint32Array,
  frame: SpikesFrame,
  fromDt: number,
  toDt: number,
): number {
  const { dense } = frame;
  const ids = dense?.ids ?? frame.neuronId;
  if (fromDt <= 0 && toDt >= frame.spanUs) return countIds(counts, ids, 0, ids.length);
  if (dense?.stepEnds !== undefined) {
    const from = spikesBefore(dense.stepEnds, dense.stepUs, fromDt);
    return countIds(counts, ids, from, spikesBefore(dense.stepEnds, dense.stepUs, toDt));
  }
  const dts = dense?.dts ?? frame.dtUs;
  let counted = 0;
  for (let i = 0; i < ids.length; i++) {
    const dt = dts[i] as number;
    if (dt < fromDt || dt >= toDt) continue;
    const id = ids[i] as number;
    counts[id] = (counts[id] as number) + 1;
    counted++;
  }
  return counted;
}

function countIds(
  counts: Uint32Array,
  ids: Uint16Array | Uint32Array,
  from: number,
  to: number,
): number {
  for (let i = from; i < to; i++) {
    const id = ids[i] as number;
    counts[id] = (counts[id] as number) + 1;
  }
  return to - from;
}

/** Spikes of a frame with a dt below this one. */
export function countBefore(frame: SpikesFrame, toDt: number): number {
  const { dense } = frame;
  if (dense?.stepEnds !== undefined) return spikesBefore(dense.stepEnds, dense.stepUs, toDt);
  const dts = dense?.dts ?? frame.dtUs;
  let before = 0;
  for (let i = 0; i < dts.length; i++) if ((dts[i] as number) < toDt) before++;
  return before;
}
