/**
 * Ratio of the rates of two layers: what one fires for each spike of the other, as its level in
 * logarithms (level-shift.ts). It stays when both change together, so that it tells a broken way
 * between two layers from a change before both. The logarithm of a ratio of counts, with a half
 * added to each against zeros: Anscombe, Biometrika 1948; Haldane, Ann. Hum. Genet. 1956.
 */
import type { Snapshot } from '../component/state.ts';
import { LevelShift, type LevelShiftOptions } from './level-shift.ts';
import type { OnsetDetector, OnsetVerdict } from './onset.ts';

/** The ratio of two counts that a detector takes; finite for any counts. */
export function countRatio(count: number, ofCount: number): number {
  return (count + 0.5) / (ofCount + 0.5);
}

/** Its points are ratios, above 0. */
export class RateRatio implements OnsetDetector {
  private readonly level: LevelShift;

  constructor(options: LevelShiftOptions) {
    this.level = new LevelShift(options);
  }

  next(tUs: number, value: number): OnsetVerdict {
    return inRatios(this.level.next(tUs, Math.log(value)));
  }

  find(tUs: number, value: number): OnsetVerdict | undefined {
    const verdict = this.level.find(tUs, Math.log(value));
    return verdict === undefined ? undefined : inRatios(verdict);
  }

  snapshot(): Snapshot {
    return this.level.snapshot();
  }

  restore(snapshot: Snapshot): void {
    this.level.restore(snapshot);
  }
}

function inRatios(verdict: OnsetVerdict): OnsetVerdict {
  verdict.expected = Math.exp(verdict.expected);
  verdict.observed = Math.exp(verdict.observed);
  return verdict;
}
