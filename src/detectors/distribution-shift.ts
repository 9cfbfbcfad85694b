/**
 * Distribution shift: how far the histogram of the last window is from that of a long past, as the
 * largest difference of their cumulated shares (Kolmogorov 1933, Smirnov 1948, on bins), judged by
 * the distances that the same series had before (level-shift.ts): samples that hang together, as
 * membrane potentials do, are further apart than the test's tables say. Two windows against each
 * other: Kifer, Ben-David & Gehrke, "Detecting change in data streams", VLDB 2004.
 */
import type { HeldState, Snapshot } from '../component/state.ts';
import { LevelShift, type LevelShiftOptions } from './level-shift.ts';
import type { OnsetVerdict } from './onset.ts';

export interface DistributionShiftOptions {
  readonly bins: number;
  readonly level: LevelShiftOptions;
  /** Weight of a new window in the long past. */
  readonly forget: number;
  /** Windows that make the first past; they have no distance. */
  readonly windowsMin: number;
}

/** Its points are histograms of windows. */
export class DistributionShift implements HeldState {
  private readonly options: DistributionShiftOptions;
  private readonly level: LevelShift;
  /** [bins] share of each bin in the past. */
  private past: Float64Array;
  private windows = 0;

  constructor(options: DistributionShiftOptions) {
    this.options = options;
    this.level = new LevelShift(options.level);
    this.past = new Float64Array(options.bins);
  }

  /** Undefined while there is no past; `counts` is [bins], and not all 0. */
  next(tUs: number, counts: ArrayLike<number>): OnsetVerdict | undefined {
    let total = 0;
    for (let i = 0; i < this.past.length; i++) total += counts[i] as number;
    if (this.windows < this.options.windowsMin) {
      this.learn(counts, total);
      return undefined;
    }
    const verdict = this.level.next(tUs, this.distance(counts, total));
    if (!verdict.isAnomalous) this.learn(counts, total);
    return verdict;
  }

  private distance(counts: ArrayLike<number>, total: number): number {
    let off = 0;
    let highest = 0;
    for (let i = 0; i < this.past.length; i++) {
      off += (counts[i] as number) / total - (this.past[i] as number);
      highest = Math.max(highest, Math.abs(off));
    }
    return highest;
  }

  private learn(counts: ArrayLike<number>, total: number): void {
    this.windows++;
    const weight = Math.max(1 / this.windows, this.options.forget);
    for (let i = 0; i < this.past.length; i++) {
      const before = this.past[i] as number;
      this.past[i] = before + weight * ((counts[i] as number) / total - before);
    }
  }

  snapshot(): Snapshot {
    return [this.level.snapshot(), this.past.slice(), this.windows];
  }

  restore(snapshot: Snapshot): void {
    const [level, past, windows] = snapshot as [Snapshot, Float64Array, number];
    this.level.restore(level);
    this.past = past.slice();
    this.windows = windows;
  }
}
