import { spikesBefore } from '../frames/dense-spikes.ts';
import { areOrdered, type SpikesFrame } from '../frames/spikes.ts';
import { countBelow, countIds, countIdsBetween } from '../kernels/count-ids.ts';
import { giveArena, isInKernelMemory, takeArena } from '../kernels/memory.ts';
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

/** Of the memory of kernels; the rest is for what is read and moved, which every frame needs. */
const ARENA_BYTES_MAX = 160 * 1024 * 1024;

/** Count arrays are large and short-lived: closed ones are cleared and used again. */
export class CountsPool {
  private readonly free = new Map<number, Uint32Array[]>();
  private readonly bytesMax: number;
  private bytes = 0;
  private arenaBytes = 0;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  take(length: number): Uint32Array {
    const known = this.free.get(length)?.pop();
    if (known !== undefined) {
      this.bytes -= known.byteLength;
      return known.fill(0);
    }
    if (this.arenaBytes + length * 4 > ARENA_BYTES_MAX) return new Uint32Array(length);
    const area = takeArena(length * 4);
    if (isInKernelMemory(area)) this.arenaBytes += area.byteLength;
    return new Uint32Array(area.buffer, area.byteOffset, length).fill(0);
  }

  give(counts: Uint32Array): void {
    // Lengths that came and went must not keep the room from those that are in use now.
    if (this.bytes + counts.byteLength > this.bytesMax) this.clear();
    if (counts.byteLength > this.bytesMax) {
      this.release(counts);
      return;
    }
    const same = this.free.get(counts.length);
    if (same === undefined) this.free.set(counts.length, [counts]);
    else same.push(counts);
    this.bytes += counts.byteLength;
  }

  clear(): void {
    for (const list of this.free.values()) for (const counts of list) this.release(counts);
    this.free.clear();
    this.bytes = 0;
  }

  private release(counts: Uint32Array): void {
    if (isInKernelMemory(counts)) this.arenaBytes -= counts.byteLength;
    giveArena(counts);
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
  if (fromDt <= 0 && toDt >= frame.spanUs) {
    countIds(counts, ids, 0, ids.length);
    return ids.length;
  }
  if (!areOrdered(frame)) {
    const dts = dense?.dts ?? frame.dtUs;
    return countIdsBetween(counts, ids, dts, fromDt, Math.min(toDt, frame.spanUs));
  }
  const from = countBefore(frame, fromDt);
  const to = countBefore(frame, toDt);
  countIds(counts, ids, from, to);
  return to - from;
}

/** Spikes of a frame with a dt below this one. */
export function countBefore(frame: SpikesFrame, toDt: number): number {
  const { dense } = frame;
  if (dense?.stepEnds !== undefined) return spikesBefore(dense.stepEnds, dense.stepUs, toDt);
  const dts = dense?.dts ?? frame.dtUs;
  if (areOrdered(frame)) return countBelow(dts, toDt);
  let before = 0;
  for (let i = 0; i < dts.length; i++) if ((dts[i] as number) < toDt) before++;
  return before;
}
