/**
 * Mean, variance, least and greatest of samples, one at a time in their order.
 * B. P. Welford, "Note on a method for calculating corrected sums of squares", 1962.
 */
export class SampleMoments {
  count = 0;
  mean = 0;
  min = Number.POSITIVE_INFINITY;
  max = Number.NEGATIVE_INFINITY;
  private squares = 0;

  add(value: number): void {
    const before = value - this.mean;
    this.mean += before / ++this.count;
    this.squares += before * (value - this.mean);
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
  }

  /** With ddof 0; undefined for no samples. */
  variance(): number | undefined {
    return this.count === 0 ? undefined : this.squares / this.count;
  }

  sd(): number | undefined {
    const variance = this.variance();
    return variance === undefined ? undefined : Math.sqrt(variance);
  }

  /**
   * Variance over mean: of counts, the Fano factor of elephant.statistics.fanofactor. Undefined for
   * no samples, and where the mean is 0.
   */
  fano(): number | undefined {
    const variance = this.variance();
    return variance === undefined || this.mean === 0 ? undefined : variance / this.mean;
  }
}
