import { quantileByRank, quantileOfSorted } from './quantile.ts';

const BUCKETS = 1 << 16;
const SIGN = 0x8000_0000;
const GROWTH_MIN = 1024;

/**
 * Quantiles of f32 samples in bounded memory. Up to `exactMax` samples are kept as they are; with
 * the next one they go into a sketch of 65,536 counters (512 KiB).
 *
 * The sketch's buckets are the upper 16 bits of a float32: sign, exponent and 7 bits of the
 * significand, which ascend with the value (turned around for negative ones). A bucket is 1/128 of
 * its lower end wide, so its middle is within 0.4 % of every sample in it: a logarithmic histogram
 * as in DDSketch (Masson, Rim, Lee 2019), the logarithm being that of the number format. Both
 * signs, 0 and everything down to 1e-38 have buckets; smaller ones are off by 5e-41 at most.
 */
export class Float32Quantiles {
  private readonly exactMax: number;
  private exact = new Float64Array(GROWTH_MIN);
  private buckets: Float64Array | undefined;
  private count = 0;
  private min = Number.POSITIVE_INFINITY;
  private max = Number.NEGATIVE_INFINITY;
  private readonly value = new Float32Array(1);
  private readonly bits = new Uint32Array(this.value.buffer);

  constructor(exactMax: number) {
    this.exactMax = exactMax;
  }

  /** A finite value of a float32. */
  add(value: number): void {
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
    if (this.buckets === undefined && this.count < this.exactMax) {
      if (this.count === this.exact.length) this.grow();
      this.exact[this.count++] = value;
      return;
    }
    this.buckets ??= this.sketch();
    this.count++;
    this.addTo(this.buckets, value);
  }

  /**
   * The quantile q (0 … 1): exact by linear interpolation, or within 0.4 % of a neighbouring
   * sample. Undefined for no samples.
   */
  quantile(q: number): number | undefined {
    const { buckets, count } = this;
    if (buckets === undefined) return quantileOfSorted(this.exact.subarray(0, count).sort(), q);
    return quantileByRank(count, q, (rank) => this.valueAt(buckets, rank));
  }

  private grow(): void {
    const larger = new Float64Array(Math.min(this.exactMax, this.count * 2));
    larger.set(this.exact);
    this.exact = larger;
  }

  private sketch(): Float64Array {
    const buckets = new Float64Array(BUCKETS);
    for (let i = 0; i < this.count; i++) this.addTo(buckets, this.exact[i] as number);
    this.exact = new Float64Array(0);
    return buckets;
  }

  private addTo(buckets: Float64Array, value: number): void {
    this.value[0] = value;
    const bits = this.bits[0] as number;
    const ascending = bits >= SIGN ? ~bits >>> 16 : (bits | SIGN) >>> 16;
    buckets[ascending] = (buckets[ascending] as number) + 1;
  }

  private valueAt(buckets: Float64Array, rank: number): number {
    let below = 0;
    let bucket = 0;
    while (bucket < BUCKETS - 1) {
      below += buckets[bucket] as number;
      if (below > rank) break;
      bucket++;
    }
    const middle = (this.bound(bucket, 0) + this.bound(bucket, 0xffff)) / 2;
    return Math.min(this.max, Math.max(this.min, middle));
  }

  /** The value whose upper bits are the bucket's and whose lower bits are these. */
  private bound(bucket: number, low: number): number {
    const upper = bucket >= 0x8000 ? bucket & 0x7fff : ~bucket & 0xffff;
    this.bits[0] = ((upper << 16) | low) >>> 0;
    return this.value[0] as number;
  }
}
