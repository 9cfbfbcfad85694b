/**
 * Extremes: SPOT (Siffer, Fouque, Termier & Largouët, "Anomaly detection in streams with extreme
 * value theory", KDD 2017), both ways as its bi-SPOT. Excesses over a high quantile follow a
 * generalized Pareto distribution whatever the series is; its tail gives the level that is passed
 * with chance q. Here the tail is taken to end nowhere (shape ≥ 0): a fit of a few peaks that says
 * otherwise would call the next one impossible.
 */
import type { HeldState, Snapshot } from '../component/state.ts';
import { fitGeneralizedPareto, tailQuantile } from '../numerics/generalized-pareto.ts';
import { type OnsetDetector, type OnsetVerdict, quietVerdict } from './onset.ts';

export interface ExtremesOptions {
  /** Points before there is a verdict. */
  readonly calibration: number;
  /** Quantile that peaks stand over. */
  readonly level: number;
  /** Chance that a point of a series that goes on as ever is called extreme. */
  readonly q: number;
  /** Peaks that are kept. */
  readonly peaksMax: number;
  /** The least way from the median that matters, as a part of it. */
  readonly effectMin: number;
  /** Extremes in a row after which they are taken as peaks. */
  readonly adoptAfter: number;
}

interface TailState {
  readonly peaks: Float64Array;
  count: number;
  next: number;
  /** Points and peaks since the start. */
  points: number;
  passed: number;
  threshold: number;
  limit: number;
  shape: number;
  scale: number;
}

/** The upper tail of a series. */
class Tail implements HeldState {
  private readonly options: ExtremesOptions;
  private state: TailState;

  constructor(options: ExtremesOptions) {
    this.options = options;
    this.state = {
      peaks: new Float64Array(options.peaksMax),
      ...{ count: 0, next: 0, points: 0, passed: 0 },
      ...{ threshold: 0, limit: 0, shape: 0, scale: 0 },
    };
  }

  calibrate(sorted: Float64Array): void {
    const { state, options } = this;
    state.threshold = sorted[Math.floor(options.level * (sorted.length - 1))] as number;
    state.points = sorted.length;
    for (const value of sorted) if (value > state.threshold) this.addPeak(value);
    this.fit();
  }

  isBeyond(value: number): boolean {
    return this.state.scale > 0 && value > this.state.limit;
  }

  /** A value that is not extreme, or is taken as usual. */
  learn(value: number): void {
    this.state.points++;
    if (value <= this.state.threshold) return;
    this.addPeak(value);
    this.fit();
  }

  private addPeak(value: number): void {
    const { state } = this;
    state.peaks[state.next] = value - state.threshold;
    state.next = (state.next + 1) % state.peaks.length;
    state.count = Math.min(state.count + 1, state.peaks.length);
    state.passed++;
  }

  private fit(): void {
    const { state, options } = this;
    const tail = fitGeneralizedPareto(state.peaks.subarray(0, state.count), true);
    if (tail === undefined) return;
    state.shape = tail.shape;
    state.scale = tail.scale;
    state.limit = tailQuantile(tail, state.threshold, state.passed / state.points, options.q);
  }

  /** Chance of a value so far out, or further. */
  pValue(value: number): number {
    const { threshold, shape, scale, passed, points } = this.state;
    if (value <= threshold || scale <= 0) return 1;
    const x = (value - threshold) / scale;
    const tail = shape > 1e-9 ? (1 + shape * x) ** (-1 / shape) : Math.exp(-x);
    return (passed / points) * tail;
  }

  snapshot(): Snapshot {
    return structuredClone(this.state) as unknown as Snapshot;
  }

  restore(snapshot: Snapshot): void {
    this.state = structuredClone(snapshot) as unknown as TailState;
  }
}

export class Extremes implements OnsetDetector {
  private readonly options: ExtremesOptions;
  private readonly upper: Tail;
  private readonly lower: Tail;
  private readonly verdict = quietVerdict();
  private first: Float64Array;
  private points = 0;
  private median = 0;
  private inRow = 0;
  private lastTUs = 0;
  private onsetUs = 0;

  constructor(options: ExtremesOptions) {
    this.options = options;
    this.upper = new Tail(options);
    this.lower = new Tail(options);
    this.first = new Float64Array(options.calibration);
  }

  next(tUs: number, value: number): OnsetVerdict {
    const { verdict } = this;
    const isReady = this.points >= this.options.calibration;
    const isExtreme = isReady && this.isExtreme(value);
    if (isExtreme && this.inRow === 0) this.onsetUs = this.lastTUs;
    this.inRow = isExtreme ? this.inRow + 1 : 0;
    verdict.isAnomalous = isExtreme;
    verdict.pValue = isReady
      ? Math.min(1, 2 * Math.min(this.upper.pValue(value), this.lower.pValue(-value)))
      : Number.NaN;
    const scale = 2 * Math.log(this.options.q);
    verdict.score = isReady ? Math.min(1, Math.log(Math.max(1e-300, verdict.pValue)) / scale) : 0;
    verdict.expected = isReady ? this.median : Number.NaN;
    verdict.onsetUs = isExtreme ? this.onsetUs : this.lastTUs;
    if (isExtreme) verdict.lastUs = tUs;
    verdict.observed = value;
    this.lastTUs = tUs;
    if (!isReady) this.calibrate(value);
    else if (!isExtreme || this.inRow >= this.options.adoptAfter) this.learn(value);
    return verdict;
  }

  find(tUs: number, value: number): OnsetVerdict | undefined {
    const verdict = this.next(tUs, value);
    return verdict.isAnomalous ? verdict : undefined;
  }

  private isExtreme(value: number): boolean {
    if (!this.upper.isBeyond(value) && !this.lower.isBeyond(-value)) return false;
    return Math.abs(value - this.median) >= this.options.effectMin * Math.abs(this.median);
  }

  private calibrate(value: number): void {
    this.first[this.points++] = value;
    if (this.points < this.options.calibration) return;
    const sorted = this.first.slice().sort();
    this.median = sorted[sorted.length >> 1] as number;
    this.upper.calibrate(sorted);
    this.lower.calibrate(sorted.map((each) => -each).sort());
    this.first = new Float64Array(0);
  }

  private learn(value: number): void {
    this.upper.learn(value);
    this.lower.learn(-value);
  }

  snapshot(): Snapshot {
    return {
      upper: this.upper.snapshot(),
      lower: this.lower.snapshot(),
      first: this.first.slice(),
      numbers: [this.points, this.median, this.inRow, this.lastTUs, this.onsetUs],
      lastUs: this.verdict.lastUs,
    };
  }

  restore(snapshot: Snapshot): void {
    const kept = snapshot as {
      upper: Snapshot;
      lower: Snapshot;
      first: Float64Array;
      numbers: number[];
      lastUs: number;
    };
    this.upper.restore(kept.upper);
    this.lower.restore(kept.lower);
    this.first = kept.first.slice();
    const [points, median, inRow, lastTUs, onsetUs] = kept.numbers as [number, ...number[]];
    Object.assign(this, { points, median, inRow, lastTUs, onsetUs });
    this.verdict.lastUs = kept.lastUs;
  }
}
