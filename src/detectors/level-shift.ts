/**
 * Level shift: two-sided CUSUM (Page, "Continuous inspection schemes", Biometrika 1954) of points
 * in units of their baseline's deviation, each cut off at ±`zMax` so that no single one decides.
 * Its average run length without a fault is that of Siegmund ("Sequential Analysis", 1985, eq.
 * 2.59) for independent normal points; cutting off only makes it longer.
 */
import type { Snapshot } from '../component/state.ts';
import { Baseline, type BaselineOptions } from './baseline.ts';
import { type OnsetDetector, type OnsetVerdict, quietVerdict } from './onset.ts';

export interface LevelShiftOptions {
  readonly baseline: BaselineOptions;
  /** Half the shift that is looked for, in deviations of a point. */
  readonly allowance: number;
  /** In deviations; the larger, the fewer false alarms and the later true ones. */
  readonly threshold: number;
  readonly zMax: number;
  /** The least change that matters, as a part of what is expected. */
  readonly effectMin: number;
  /** The same in the unit of the series, where what is expected may be 0. */
  readonly effectMinAbsolute: number;
  /** A change too small to matter becomes normal; not where little by little adds up. */
  readonly learnsSmall: boolean;
  /** Points of a new level before it is taken as normal. */
  readonly adoptAfter: number;
}

/** Points until a false alarm, on average (Siegmund's approximation, both sides together). */
export function averageRunLength(allowance: number, threshold: number): number {
  const b = threshold + 1.166;
  const oneSided = (Math.exp(2 * allowance * b) - 2 * allowance * b - 1) / (2 * allowance ** 2);
  return oneSided / 2;
}

/** Deviations past the threshold that a sum may reach: it has to come back soon. */
const OVERSHOOT = 2;
/** Part of the threshold from which on points are not learned. */
const SUSPICIOUS = 0.3;
/** Deviations past half the way back, summed up, at which a series is back. */
const BACK = 6;

/** Where a sum lies in the column of one that looks upwards, or of one that looks downwards. */
const [SUM, ONSET_US, LAST_US, TOTAL, COUNT] = [0, 1, 2, 3, 4] as const;
const UP = 0;
const DOWN = 5;
/** 1 up, -1 down, 0 none; how many points it lasts. */
const ALARM = 10;
const ALARM_POINTS = 11;
/** Half the way from the baseline to the level of the alarm, and how far the series is back. */
const ALARM_HALF = 12;
const BACK_SUM = 13;
const LAST_T_US = 14;
const LENGTH = 15;

export class LevelShift implements OnsetDetector {
  readonly baseline: Baseline;
  private readonly options: LevelShiftOptions;
  private readonly verdict = quietVerdict();
  /** All that it knows beside the baseline; one column, as there are many of these. */
  private state = new Float64Array(LENGTH);

  constructor(options: LevelShiftOptions) {
    this.options = options;
    this.baseline = new Baseline(options.baseline);
  }

  next(tUs: number, value: number): OnsetVerdict {
    if (!this.baseline.isReady) {
      this.settle(tUs, value);
      return this.quiet();
    }
    this.take(tUs, value);
    return this.said();
  }

  find(tUs: number, value: number): OnsetVerdict | undefined {
    if (!this.baseline.isReady) {
      this.settle(tUs, value);
      return undefined;
    }
    this.take(tUs, value);
    return this.state[ALARM] === 0 ? undefined : this.said();
  }

  private settle(tUs: number, value: number): void {
    this.baseline.offer(value);
    this.state[LAST_T_US] = tUs;
  }

  private take(tUs: number, value: number): void {
    const { state, baseline } = this;
    const { zMax, allowance } = this.options;
    const { mean, sd } = baseline;
    const z = (value - mean) / sd;
    // Most points: both sums are 0 and stay so, which leaves them to be learned.
    const isCalm = state[UP + SUM] === 0 && state[DOWN + SUM] === 0 && state[ALARM] === 0;
    if (isCalm && z <= allowance && z >= -allowance) {
      state[LAST_T_US] = tUs;
      baseline.offer(value);
      return;
    }
    const cut = Math.max(-zMax, Math.min(zMax, z));
    this.step(UP, cut, tUs, value);
    this.step(DOWN, -cut, tUs, value);
    state[LAST_T_US] = tUs;
    this.decide(value);
    if (state[ALARM] !== 0 || this.isSuspicious()) return;
    // Cut off, so that one wild point does not blind the test for long.
    const reach = 2 * zMax * baseline.sd;
    baseline.offer(Math.max(baseline.mean - reach, Math.min(baseline.mean + reach, value)));
  }

  private step(side: number, z: number, tUs: number, value: number): void {
    const { state } = this;
    const { allowance, threshold } = this.options;
    const before = state[side + SUM] as number;
    const sum = before + z - allowance;
    if (sum <= 0) {
      this.clear(side);
      return;
    }
    if (before === 0) state[side + ONSET_US] = state[LAST_T_US] as number;
    state[side + SUM] = Math.min(sum, threshold + OVERSHOOT);
    if (z > allowance) state[side + LAST_US] = tUs;
    state[side + TOTAL] = (state[side + TOTAL] as number) + value;
    state[side + COUNT] = (state[side + COUNT] as number) + 1;
  }

  private clear(side: number): void {
    this.state[side + SUM] = 0;
    this.state[side + TOTAL] = 0;
    this.state[side + COUNT] = 0;
  }

  /** Of the points since a sum began. */
  private meanOf(side: number): number {
    return (this.state[side + TOTAL] as number) / (this.state[side + COUNT] as number);
  }

  private decide(value: number): void {
    const { state, baseline } = this;
    if (state[ALARM] !== 0) {
      this.lookBack(value);
      return;
    }
    const isUp = this.isOver(UP);
    if (!isUp && !this.isOver(DOWN)) return;
    state[ALARM] = isUp ? 1 : -1;
    state[ALARM_POINTS] = 0;
    state[ALARM_HALF] = (baseline.mean + this.meanOf(isUp ? UP : DOWN)) / 2;
    state[BACK_SUM] = 0;
    baseline.dropHeld();
  }

  private isOver(side: number): boolean {
    return (this.state[side + SUM] as number) >= this.options.threshold && this.matters(side);
  }

  /** What may be on its way to an alarm is not learned; what came there and does not matter is. */
  private isSuspicious(): boolean {
    const { threshold, learnsSmall } = this.options;
    const sum = Math.max(this.state[UP + SUM] as number, this.state[DOWN + SUM] as number);
    return sum > SUSPICIOUS * threshold && (sum < threshold || !learnsSmall);
  }

  /** During an alarm: whether the series is back, which a sum of its own tells soon. */
  private lookBack(value: number): void {
    const { state, baseline, options } = this;
    const alarm = state[ALARM] as number;
    const side = alarm > 0 ? UP : DOWN;
    const step = (alarm * ((state[ALARM_HALF] as number) - value)) / baseline.sd;
    const back = Math.max(0, (state[BACK_SUM] as number) + Math.max(-4, Math.min(4, step)));
    const points = (state[ALARM_POINTS] as number) + 1;
    state[BACK_SUM] = back;
    state[ALARM_POINTS] = points;
    const isBack = state[side + SUM] === 0 || back >= BACK;
    if (!isBack && points < options.adoptAfter) return;
    if (!isBack) baseline.clear();
    this.clear(side);
    state[ALARM] = 0;
  }

  private matters(side: number): boolean {
    const { effectMin, effectMinAbsolute } = this.options;
    const change = Math.abs(this.meanOf(side) - this.baseline.mean);
    return change >= Math.max(effectMin * Math.abs(this.baseline.mean), effectMinAbsolute);
  }

  private quiet(): OnsetVerdict {
    const { verdict } = this;
    verdict.score = 0;
    verdict.pValue = Number.NaN;
    verdict.isAnomalous = false;
    verdict.expected = Number.NaN;
    return verdict;
  }

  private said(): OnsetVerdict {
    const { state, verdict, baseline, options } = this;
    const alarm = state[ALARM] as number;
    const isUp =
      alarm > 0 || (alarm === 0 && (state[UP + SUM] as number) > (state[DOWN + SUM] as number));
    const side = isUp ? UP : DOWN;
    const sum = state[side + SUM] as number;
    verdict.score = Math.min(1, sum / (2 * options.threshold));
    // The sum of a series without a fault is below s with this chance (Wald's bound).
    verdict.pValue = Math.exp(-2 * options.allowance * sum);
    verdict.isAnomalous = alarm !== 0;
    verdict.expected = baseline.mean;
    verdict.onsetUs = (sum > 0 ? state[side + ONSET_US] : state[LAST_T_US]) as number;
    verdict.lastUs = state[side + LAST_US] as number;
    verdict.observed = (state[side + COUNT] as number) > 0 ? this.meanOf(side) : baseline.mean;
    return verdict;
  }

  snapshot(): Snapshot {
    return [this.state.slice(), this.baseline.snapshot()];
  }

  restore(snapshot: Snapshot): void {
    const [state, baseline] = snapshot as readonly [Float64Array, Snapshot];
    this.state = state.slice();
    this.baseline.restore(baseline);
  }
}
