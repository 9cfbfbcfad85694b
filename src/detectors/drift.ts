/**
 * Drift: a slow way off, found by Page's test in Hinkley's form ("Inference about the change-point
 * from cumulative sum tests", Biometrika 1971): points against the mean of a long past, averaged
 * over blocks, with a small allowance, so that little by little adds up.
 */
import type { Snapshot } from '../component/state.ts';
import { LevelShift, type LevelShiftOptions } from './level-shift.ts';
import {
  keepVerdict,
  type OnsetDetector,
  type OnsetVerdict,
  quietVerdict,
  restoreVerdict,
} from './onset.ts';

export interface DriftOptions {
  readonly level: LevelShiftOptions;
  /** Points of a block. */
  readonly block: number;
}

export class Drift implements OnsetDetector {
  private readonly options: DriftOptions;
  private readonly level: LevelShift;
  private readonly verdict = quietVerdict();
  private sum = 0;
  private points = 0;

  constructor(options: DriftOptions) {
    this.options = options;
    this.level = new LevelShift(options.level);
  }

  /** The verdict is that of the last whole block. */
  next(tUs: number, value: number): OnsetVerdict {
    this.sum += value;
    this.points++;
    if (this.points < this.options.block) return this.verdict;
    Object.assign(this.verdict, this.level.next(tUs, this.sum / this.points));
    this.sum = 0;
    this.points = 0;
    return this.verdict;
  }

  find(tUs: number, value: number): OnsetVerdict | undefined {
    const verdict = this.next(tUs, value);
    return verdict.isAnomalous ? verdict : undefined;
  }

  snapshot(): Snapshot {
    return [this.level.snapshot(), this.sum, this.points, keepVerdict(this.verdict)];
  }

  restore(snapshot: Snapshot): void {
    const [level, sum, points, verdict] = snapshot as [Snapshot, number, number, Snapshot];
    this.level.restore(level);
    this.sum = sum;
    this.points = points;
    restoreVerdict(this.verdict, verdict);
  }
}
