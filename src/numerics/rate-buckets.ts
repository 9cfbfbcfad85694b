/** Upper bounds in Hz of `rate_histogram` and `spike_rate_hz` (DESIGN §4, §5). */
export const RATE_LE_HZ = [0.1, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500] as const;

const TABLE_COUNTS = 1024;

/**
 * Sorts spike counts of one window into rate buckets. The bucket of a count never changes for a
 * window length, so small counts are looked up.
 */
export class RateBuckets {
  private readonly windowUs: number;
  private readonly table: Uint8Array;

  constructor(windowUs: number) {
    this.windowUs = windowUs;
    this.table = Uint8Array.from({ length: TABLE_COUNTS }, (_, count) => this.search(count));
  }

  private search(count: number): number {
    // One rounding, of the quotient of integers: a rate that is exactly a bound is in its bucket.
    const rateHz = (count * 1e6) / this.windowUs;
    const index = RATE_LE_HZ.findIndex((le) => rateHz <= le);
    return index < 0 ? RATE_LE_HZ.length : index;
  }

  /**
   * @param counts [neurons] spikes of each neuron in the window
   * @returns [12] neurons by bucket, not cumulative, the last is above 500 Hz
   */
  histogram(counts: Uint32Array): number[] {
    const { table } = this;
    const buckets = new Array<number>(RATE_LE_HZ.length + 1).fill(0);
    for (let i = 0; i < counts.length; i++) {
      const count = counts[i] as number;
      const bucket = count < TABLE_COUNTS ? (table[count] as number) : this.search(count);
      buckets[bucket] = (buckets[bucket] as number) + 1;
    }
    return buckets;
  }
}

/** Counts by bucket, each with those of the buckets before it. */
export function cumulated(counts: ArrayLike<number>): number[] {
  let below = 0;
  return Array.from(counts, (count) => {
    below += count;
    return below;
  });
}
