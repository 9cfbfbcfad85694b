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

interface Side {
  sum: number;
  onsetUs: number;
  lastUs: number;
  total: number;
  points: number;
}

interface State {
  readonly up: Side;
  readonly down: Side;
  /** 1 up, -1 down, 0 none. */
  alarm: number;
  alarmPoints: number;
  /** Half the way from the baseline to the level of the alarm. */
  alarmHalf: number;
  back: number;
  lastTUs: number;
}

export class LevelShift implements OnsetDetector {
  readonly baseline: Baseline;
  private readonly options: LevelShiftOptions;
  private readonly verdict = quietVerdict();
  private state: State = emptyState();

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
    return this.state.alarm === 0 ? undefined : this.said();
  }

  private settle(tUs: number, value: number): void {
    this.baseline.offer(value);
    this.state.lastTUs = tUs;
  }

  private take(tUs: number, value: number): void {
    const { state, baseline } = this;
    const { zMax, allowance } = this.options;
    const { mean, sd } = baseline;
    const z = (value - mean) / sd;
    // Most points: both sums are 0 and stay so, which leaves them to be learned.
    const isCalm = state.alarm === 0 && state.up.sum === 0 && state.down.sum === 0;
    if (isCalm && z <= allowance && z >= -allowance) {
      state.lastTUs = tUs;
      baseline.offer(value);
      return;
    }
    const cut = Math.max(-zMax, Math.min(zMax, z));
    this.step(state.up, cut, tUs, value);
    this.step(state.down, -cut, tUs, value);
    state.lastTUs = tUs;
    this.decide(value);
    if (state.alarm !== 0 || this.isSuspicious()) return;
    // Cut off, so that one wild point does not blind the test for long.
    const reach = 2 * zMax * baseline.sd;
    baseline.offer(Math.max(baseline.mean - reach, Math.min(baseline.mean + reach, value)));
  }

  private step(side: Side, z: number, tUs: number, value: number): void {
    const { allowance, threshold } = this.options;
    const sum = side.sum + z - allowance;
    if (sum <= 0) {
      side.sum = 0;
      side.points = 0;
      side.total = 0;
      return;
    }
    if (side.sum === 0) side.onsetUs = this.state.lastTUs;
    side.sum = Math.min(sum, threshold + OVERSHOOT);
    if (z > allowance) side.lastUs = tUs;
    side.total += value;
    side.points++;
  }

  private decide(value: number): void {
    const { state, baseline } = this;
    if (state.alarm !== 0) {
      this.lookBack(value);
      return;
    }
    const isUp = this.isOver(state.up);
    if (!isUp && !this.isOver(state.down)) return;
    const side = isUp ? state.up : state.down;
    state.alarm = isUp ? 1 : -1;
    state.alarmPoints = 0;
    state.alarmHalf = (baseline.mean + side.total / side.points) / 2;
    state.back = 0;
    baseline.dropHeld();
  }

  private isOver(side: Side): boolean {
    return side.sum >= this.options.threshold && this.matters(side);
  }

  /** What may be on its way to an alarm is not learned; what came there and does not matter is. */
  private isSuspicious(): boolean {
    const { threshold, learnsSmall } = this.options;
    const sum = Math.max(this.state.up.sum, this.state.down.sum);
    return sum > SUSPICIOUS * threshold && (sum < threshold || !learnsSmall);
  }

  /** During an alarm: whether the series is back, which a sum of its own tells soon. */
  private lookBack(value: number): void {
    const { state, baseline, options } = this;
    const side = state.alarm > 0 ? state.up : state.down;
    const step = (state.alarm * (state.alarmHalf - value)) / baseline.sd;
    state.back = Math.max(0, state.back + Math.max(-4, Math.min(4, step)));
    state.alarmPoints++;
    const isBack = side.sum === 0 || state.back >= BACK;
    if (!isBack && state.alarmPoints < options.adoptAfter) return;
    if (!isBack) baseline.clear();
    Object.assign(side, { sum: 0, total: 0, points: 0 });
    state.alarm = 0;
  }

  private matters({ total, points }: Side): boolean {
    const { effectMin, effectMinAbsolute } = this.options;
    const change = Math.abs(total / points - this.baseline.mean);
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
    const side =
      state.alarm > 0 || (state.alarm === 0 && state.up.sum > state.down.sum)
        ? state.up
        : state.down;
    verdict.score = Math.min(1, side.sum / (2 * options.threshold));
    // The sum of a series without a fault is below s with this chance (Wald's bound).
    verdict.pValue = Math.exp(-2 * options.allowance * side.sum);
    verdict.isAnomalous = state.alarm !== 0;
    verdict.expected = baseline.mean;
    verdict.onsetUs = side.sum > 0 ? side.onsetUs : state.lastTUs;
    verdict.lastUs = side.lastUs;
    verdict.observed = side.points > 0 ? side.total / side.points : baseline.mean;
    return verdict;
  }

  snapshot(): Snapshot {
    return [structuredClone(this.state) as unknown as Snapshot, this.baseline.snapshot()];
  }

  restore(snapshot: Snapshot): void {
    const [state, baseline] = snapshot as readonly [Snapshot, Snapshot];
    this.state = structuredClone(state) as unknown as State;
    this.baseline.restore(baseline);
  }
}

function emptyState(): State {
  const side = (): Side => ({ sum: 0, onsetUs: 0, lastUs: 0, total: 0, points: 0 });
  return { up: side(), down: side(), alarm: 0, alarmPoints: 0, alarmHalf: 0, back: 0, lastTUs: 0 };
}
