import type { HeldState, Snapshot } from '../component/state.ts';

/** Earlier alarms that are remembered. */
const ALARMS_MAX = 256;
/** A score that is as large but for rounding counts as large. */
const AS_LARGE = 0.999;

export interface AlarmRuleOptions {
  /** Points during which an alarm silences those that are not clearly larger. */
  readonly quietPoints: number;
  /** How much larger than the last alarm a score must be to be told during that time. */
  readonly riseRatio: number;
  /** Taken off a score for each tenfold of alarms so far that were as large. */
  readonly repeatPenalty: number;
}

/**
 * When a score is told, and with what weight: at its first rise, and again only where it grows
 * clearly; a series that alarms at this height again and again is believed less each time.
 *
 * The penalty spends a budget of alarms over time, as online control of false discoveries does:
 * A. Javanmard, A. Montanari, Online rules for control of false discovery rate, 2018.
 */
export class AlarmRule implements HeldState {
  private readonly options: AlarmRuleOptions;
  private readonly alarms = new Float64Array(ALARMS_MAX);
  private count = 0;
  private point = 0;
  private lastAt = Number.NEGATIVE_INFINITY;

  constructor(options: AlarmRuleOptions) {
    this.options = options;
  }

  /** What is told of a score: 0 for nothing. */
  next(score: number): number {
    const { quietPoints, riseRatio, repeatPenalty } = this.options;
    const at = this.point++;
    const isQuiet = at - this.lastAt <= quietPoints;
    const last = (this.count + ALARMS_MAX - 1) % ALARMS_MAX;
    if (!(score > (isQuiet ? riseRatio * (this.alarms[last] as number) : 0))) return 0;
    const told = score - repeatPenalty * Math.log10(1 + this.asLarge(score));
    // A rise goes on with the alarm that it began as.
    if (isQuiet) this.alarms[last] = score;
    else this.alarms[this.count++ % ALARMS_MAX] = score;
    this.lastAt = at;
    return Math.max(0, told);
  }

  private asLarge(score: number): number {
    const held = Math.min(this.count, ALARMS_MAX);
    let count = 0;
    for (let i = 0; i < held; i++) {
      if ((this.alarms[i] as number) >= AS_LARGE * score) count++;
    }
    return count;
  }

  snapshot(): Snapshot {
    const numbers = Float64Array.of(this.count, this.point, this.lastAt);
    return { numbers, alarms: this.alarms.slice() };
  }

  restore(snapshot: Snapshot): void {
    const held = snapshot as { numbers: Float64Array; alarms: Float64Array };
    this.count = held.numbers[0] as number;
    this.point = held.numbers[1] as number;
    this.lastAt = held.numbers[2] as number;
    this.alarms.set(held.alarms);
  }
}
