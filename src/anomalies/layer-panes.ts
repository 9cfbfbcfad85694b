import type { HeldState, Snapshot } from '../component/state.ts';
import { OWN_EMITTER } from '../frames/header.ts';
import { areOrdered, type SpikesFrame } from '../frames/spikes.ts';
import { binTimes } from '../kernels/bin-times.ts';
import { giveArena, takeArena } from '../kernels/memory.ts';
import { IntervalSet } from '../numerics/interval-set.ts';

/** Length of a pane: the finest time that verdicts are given at. */
export const PANE_US = 10_000;
/**
 * Panes that are given on together: what detectors know of a layer has left the processor's caches
 * by its next frame, and is fetched once for all of them.
 */
const PANES_AT_ONCE = 10;
const TOGETHER_US = PANES_AT_ONCE * PANE_US;
const BIN_US = 1000;
const BINS_A_PANE = PANE_US / BIN_US;
/** [RING] counts of 1 ms: those of open panes, and about a second of closed ones. */
const RING = 2048;
/** Bins of a long frame that are put in at once. */
const CHUNK = 500;
const JUMP_US = 3_600_000_000;
const FRAGMENTS_MAX = 1024;
/** Part of a pane that frames may leave out. */
const UNCOVERED_US_MAX = PANE_US / 100;
/** A network that starts finds its rates: panes that are not given on. */
const SETTLE_PANES = 10;

/** A pane was closed: it ended at `endUs` with so many spikes. */
export type TakePane = (endUs: number, spikes: number) => void;

/**
 * Spikes of a layer on a chip, counted in panes of 10 ms by their own times. A pane is given on
 * when the watermark has passed it and frames covered it; one they did not cover is unknown, and
 * not given. Bins of 1 ms stay for a second, to look back into.
 */
export class LayerPanes implements HeldState {
  readonly ring = new Uint32Array(RING);
  private readonly latenessUs: number;
  private covered = new IntervalSet();
  private neuronCount = 0;
  private restarts = -1;
  /** Panes below this index are closed; -1 before the first frame. */
  private closedBelow = -1;
  private endUs = 0;
  private settledFrom = 0;
  /** Bins at or above this one are empty in the ring. */
  private clearedTo = 0;

  constructor(latenessUs: number) {
    this.latenessUs = latenessUs;
  }

  get neurons(): number {
    return this.neuronCount;
  }

  /** End of the last pane that is closed. */
  get doneUs(): number {
    return this.closedBelow * PANE_US;
  }

  /** Frames right after this one that end before that time close no pane. */
  quietUntilUs(frame: SpikesFrame): number {
    if (this.endUs !== frame.t0Us + frame.spanUs || this.startsAnew(frame)) return 0;
    const next = Math.floor(this.closedBelow / PANES_AT_ONCE) + 1;
    const forcedUs = (this.closedBelow * BINS_A_PANE + RING - 1) * BIN_US;
    return Math.min(next * TOGETHER_US + this.latenessUs, forcedUs);
  }

  /** Whether a frame starts the layer's time anew. */
  startsAnew(frame: SpikesFrame): boolean {
    if (this.closedBelow < 0) return true;
    const isOwn = frame.emitter === OWN_EMITTER;
    const aheadUs = frame.t0Us - (this.endUs - this.latenessUs);
    const hasJumped = Math.abs(aheadUs) > JUMP_US && !isOwn;
    const hasRestarted = !isOwn && frame.restarts !== this.restarts;
    return hasJumped || hasRestarted || frame.neuronCount !== this.neuronCount;
  }

  start(frame: SpikesFrame): void {
    this.covered = new IntervalSet();
    this.ring.fill(0);
    this.neuronCount = frame.neuronCount;
    this.closedBelow = Math.floor(frame.t0Us / PANE_US);
    this.settledFrom = this.closedBelow + SETTLE_PANES;
    this.clearedTo = this.closedBelow * BINS_A_PANE + RING;
    this.endUs = frame.t0Us;
    this.restarts = frame.restarts;
  }

  next(frame: SpikesFrame, bins: BinnedFrame, take: TakePane): void {
    const endUs = frame.t0Us + frame.spanUs;
    const last = Math.floor((endUs - 1) / BIN_US);
    for (let from = bins.first; from <= last; from += CHUNK) {
      const to = Math.min(last + 1, from + CHUNK);
      // A frame far ahead takes the bins of open panes: nothing of it lies in those.
      const forced = Math.floor((to - RING) / BINS_A_PANE) + 1;
      if (forced > this.closedBelow) this.closeTo(forced, take);
      this.put(bins, from, to);
      const toUs = Math.min(endUs, to * BIN_US);
      this.covered.add(Math.max(frame.t0Us, from * BIN_US), toUs);
      this.endUs = Math.max(this.endUs, toUs);
      const whole = Math.floor((this.endUs - this.latenessUs) / TOGETHER_US) * PANES_AT_ONCE;
      if (whole > this.closedBelow) this.closeTo(whole, take);
    }
    if (this.covered.size > FRAGMENTS_MAX) this.covered.clear();
  }

  private put(bins: BinnedFrame, from: number, to: number): void {
    const { ring } = this;
    const { counts, first: firstBin } = bins;
    // What came too late is in no pane; spikes that are far ahead can't be, as panes are closed.
    const first = Math.max(from, this.closedBelow * BINS_A_PANE);
    this.clearTo(Math.min(first, to));
    const fresh = Math.max(first, Math.min(to, this.clearedTo));
    for (let bin = first; bin < fresh; bin++) {
      const at = bin & (RING - 1);
      ring[at] = (ring[at] as number) + (counts[bin - firstBin] as number);
    }
    // Bins that come round again begin with this frame.
    for (let bin = fresh; bin < to; bin++)
      ring[bin & (RING - 1)] = counts[bin - firstBin] as number;
    this.clearedTo = Math.max(this.clearedTo, to);
  }

  /** Empties the bins that come round again. */
  private clearTo(to: number): void {
    if (to <= this.clearedTo) return;
    const from = Math.max(this.clearedTo, to - RING);
    for (let bin = from; bin < to; bin++) this.ring[bin & (RING - 1)] = 0;
    this.clearedTo = to;
  }

  private closeTo(below: number, take: TakePane): void {
    const { ring } = this;
    const reach = Math.min(below, this.closedBelow + RING / BINS_A_PANE);
    const isWhole = this.missing(this.closedBelow, reach) === 0;
    while (this.closedBelow < reach) {
      const missing = isWhole ? 0 : this.missing(this.closedBelow, this.closedBelow + 1);
      this.closedBelow++;
      if (missing > UNCOVERED_US_MAX || this.closedBelow <= this.settledFrom) continue;
      let spikes = 0;
      const first = (this.closedBelow - 1) * BINS_A_PANE;
      for (let bin = first; bin < first + BINS_A_PANE; bin++) {
        spikes += ring[bin & (RING - 1)] as number;
      }
      take(this.closedBelow * PANE_US, spikes);
    }
    // Past that, a gap in time has no panes to give on.
    this.closedBelow = Math.max(this.closedBelow, below);
    this.covered.forgetBefore(this.closedBelow * PANE_US);
  }

  /** Time of panes [from, to) that no frame covered. */
  private missing(from: number, to: number): number {
    return (to - from) * PANE_US - this.covered.covered(from * PANE_US, to * PANE_US);
  }

  /** The input has ended: what is covered is closed at once. */
  finish(take: TakePane): void {
    this.closeTo(Math.floor(this.endUs / PANE_US), take);
  }

  snapshot(): Snapshot {
    const { neuronCount, restarts, closedBelow, endUs, clearedTo, settledFrom } = this;
    const numbers = [neuronCount, restarts, closedBelow, endUs, clearedTo, settledFrom];
    return [this.ring.slice(), this.covered.toArray(), numbers];
  }

  restore(snapshot: Snapshot): void {
    const [ring, covered, numbers] = snapshot as [Uint32Array, number[], number[]];
    this.ring.set(ring);
    this.covered = IntervalSet.fromArray(covered);
    const [neuronCount, restarts, closedBelow, endUs, clearedTo, settledFrom] = numbers;
    Object.assign(this, { neuronCount, restarts, closedBelow, endUs, clearedTo, settledFrom });
  }
}

/** Spikes of one frame by the ms. */
export interface BinnedFrame {
  /** The bin that `counts[0]` is of: µs since the epoch / 1000. */
  readonly first: number;
  readonly counts: Uint32Array;
}

/** Spikes that came grouped by step: one addition a step. */
function addSteps(stepEnds: Uint32Array, stepUs: number, offUs: number, counts: Uint32Array): void {
  for (let step = 0, from = 0; step < stepEnds.length; step++) {
    const to = stepEnds[step] as number;
    const bin = Math.floor((offUs + step * stepUs) / BIN_US);
    counts[bin] = (counts[bin] as number) + to - from;
    from = to;
  }
}

/** Counts spikes of frames in bins; what it gives is overwritten by the next. */
export class FrameBinner {
  private counts = newCounts(1024);

  bin(frame: SpikesFrame): BinnedFrame {
    const { t0Us, spanUs, dense } = frame;
    const first = Math.floor(t0Us / BIN_US);
    const into = t0Us - first * BIN_US;
    const count = Math.floor((into + spanUs - 1) / BIN_US) + 1;
    if (this.counts.length < count) {
      giveArena(this.counts);
      this.counts = newCounts(count);
    }
    const { counts } = this;
    if (dense?.stepEnds !== undefined) {
      counts.fill(0, 0, count);
      addSteps(dense.stepEnds, dense.stepUs, into, counts);
    } else {
      const dts = dense?.dts ?? frame.dtUs;
      binTimes(dts, areOrdered(frame), { into, width: BIN_US, count }, counts);
    }
    return { first, counts };
  }

  close(): void {
    giveArena(this.counts);
    this.counts = new Uint32Array(0);
  }
}

function newCounts(length: number): Uint32Array {
  const { buffer, byteOffset } = takeArena(length * 4);
  return new Uint32Array(buffer, byteOffset, length);
}
