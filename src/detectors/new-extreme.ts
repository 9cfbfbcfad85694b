import type { HeldState, Snapshot } from '../component/state.ts';
import { TailSurprise } from './tail-surprise.ts';

/** Points over which being out of the range is averaged. */
const SHORT_POINTS = 10;
/** Points after which the long average means something. */
const WARM_POINTS = 30;
/** Keeps the first step out of the range from counting as infinitely many deviations. */
const MEAN_SHARE = 0.02;

/**
 * How far a series left the range of all it has been, in ranges; the mean of the last ten points in
 * standard deviations of its past, as the surprise of that among earlier ones.
 *
 * The short mean against the long one: A. Lavin, S. Ahmad, Evaluating real-time anomaly detection
 * algorithms, ICMLA 2015 (the anomaly likelihood).
 */
export class NewExtreme implements HeldState {
  private readonly surprise: TailSurprise;
  private readonly newest: Float64Array;
  private points = 0;
  private sum = 0;
  private squares = 0;
  private low = Number.POSITIVE_INFINITY;
  private high = Number.NEGATIVE_INFINITY;

  constructor(pointsMax: number) {
    this.surprise = new TailSurprise(pointsMax);
    this.newest = new Float64Array(Math.max(pointsMax, SHORT_POINTS));
  }

  next(value: number): number {
    const beyond = this.beyond(value);
    const { newest } = this;
    const place = this.points % newest.length;
    if (this.points >= newest.length) {
      const gone = newest[place] as number;
      this.sum -= gone;
      this.squares -= gone * gone;
    }
    newest[place] = beyond;
    this.sum += beyond;
    this.squares += beyond * beyond;
    this.points++;
    if (this.points <= WARM_POINTS) return 0;
    const count = Math.min(this.points, newest.length);
    const mean = this.sum / count;
    const deviation = Math.sqrt(Math.max(this.squares / count - mean * mean, 0));
    const over = (this.shortMean() - mean) / (deviation + 1e-9 + MEAN_SHARE * Math.abs(mean));
    return this.surprise.next(over);
  }

  private beyond(value: number): number {
    const range = this.high - this.low;
    const beyond =
      range > 0 ? Math.max(0, (value - this.high) / range, (this.low - value) / range) : 0;
    if (value < this.low) this.low = value;
    if (value > this.high) this.high = value;
    return Number.isFinite(beyond) ? beyond : 0;
  }

  private shortMean(): number {
    const { newest } = this;
    let sum = 0;
    for (let i = this.points - SHORT_POINTS; i < this.points; i++) {
      sum += newest[i % newest.length] as number;
    }
    return sum / SHORT_POINTS;
  }

  snapshot(): Snapshot {
    const { points, sum, squares, low, high } = this;
    const numbers = Float64Array.of(points, sum, squares, low, high);
    return { numbers, newest: this.newest.slice(), surprise: this.surprise.snapshot() };
  }

  restore(snapshot: Snapshot): void {
    const held = snapshot as { numbers: Float64Array; newest: Float64Array; surprise: Snapshot };
    const [points, sum, squares, low, high] = held.numbers as unknown as number[];
    this.points = points as number;
    this.sum = sum as number;
    this.squares = squares as number;
    this.low = low as number;
    this.high = high as number;
    this.newest.set(held.newest);
    this.surprise.restore(held.surprise);
  }
}
