import { Classifier } from '../kernels/classify.ts';

/** Upper bounds in Hz of `rate_histogram` and `spike_rate_hz` (DESIGN §4, §5). */
export const RATE_LE_HZ = [0.1, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500] as const;

const TABLE_COUNTS = 1024;

/**
 * Sorts spike counts of one window into rate buckets. The bucket of a count never changes for a
 * window length, so small counts are looked up.
 */
export class RateBuckets {
  private readonly classifier: Classifier;

  /** `isServing`: for many windows, by kernels, until `close`. */
  constructor(windowUs: number, isServing = false) {
    this.classifier = new Classifier(TABLE_COUNTS, (count) => bucketOf(count, windowUs), isServing);
  }

  /**
   * @param counts [neurons] spikes of each neuron in the window
   * @returns [12] neurons by bucket, not cumulative, the last is above 500 Hz
   */
  histogram(counts: Uint32Array): number[] {
    return this.classifier.count(counts, RATE_LE_HZ.length + 1);
  }

  close(): void {
    this.classifier.close();
  }
}

function bucketOf(count: number, windowUs: number): number {
  // One rounding, of the quotient of integers: a rate that is exactly a bound is in its bucket.
  const rateHz = (count * 1e6) / windowUs;
  const index = RATE_LE_HZ.findIndex((le) => rateHz <= le);
  return index < 0 ? RATE_LE_HZ.length : index;
}

/** Counts by bucket, each with those of the buckets before it. */
export function cumulated(counts: ArrayLike<number>): number[] {
  let below = 0;
  return Array.from(counts, (count) => {
    below += count;
    return below;
  });
}
