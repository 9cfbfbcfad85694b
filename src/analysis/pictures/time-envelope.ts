import type { PicturePlan } from './picture-plan.ts';

/** What is drawn of samples over time. */
export interface Envelope {
  /** [points] NaN where there is no sample. */
  readonly mean: Float64Array;
  readonly low: Float64Array;
  readonly high: Float64Array;
  readonly samples: number;
}

/** Mean, least and greatest of the samples in each point of time. */
export class TimeEnvelope {
  private readonly plan: PicturePlan;
  private readonly sum: Float64Array;
  private readonly count: Float64Array;
  private readonly low: Float64Array;
  private readonly high: Float64Array;
  private samples = 0;

  constructor(plan: PicturePlan) {
    this.plan = plan;
    this.sum = new Float64Array(plan.points);
    this.count = new Float64Array(plan.points);
    this.low = new Float64Array(plan.points).fill(Number.POSITIVE_INFINITY);
    this.high = new Float64Array(plan.points).fill(Number.NEGATIVE_INFINITY);
  }

  /** Point of a time of the recording; undefined outside of it. The very end is in the last. */
  pointOf(timeUs: number): number | undefined {
    const { startUs, lengthUs, pointUs, points } = this.plan;
    const at = timeUs - startUs;
    if (at < 0 || at > lengthUs) return undefined;
    return Math.min(points - 1, Math.floor(at / pointUs));
  }

  /** Values [from, end) at one point; NaN and infinities are no samples. */
  add(point: number, values: Float32Array | Float64Array, from: number, end: number): void {
    let sum = 0;
    let count = 0;
    let low = this.low[point] as number;
    let high = this.high[point] as number;
    for (let i = from; i < end; i++) {
      const value = values[i] as number;
      if (!Number.isFinite(value)) continue;
      sum += value;
      count++;
      if (value < low) low = value;
      if (value > high) high = value;
    }
    this.sum[point] = (this.sum[point] as number) + sum;
    this.count[point] = (this.count[point] as number) + count;
    this.low[point] = low;
    this.high[point] = high;
    this.samples += count;
  }

  result(): Envelope {
    const orNone = (column: Float64Array) =>
      column.map((value) => (Number.isFinite(value) ? value : Number.NaN));
    const mean = this.sum.map((sum, i) => sum / (this.count[i] as number));
    return { mean, low: orNone(this.low), high: orNone(this.high), samples: this.samples };
  }
}
