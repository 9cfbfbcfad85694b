/**
 * Quantile q (0 … 1) of values of which only the counts by bounds are known: linear within a
 * bucket, the first from 0 on, as Prometheus does it
 * (https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile). Above the
 * last bound nothing is known, so it gives that bound. Undefined for no values.
 */
export function bucketQuantile(
  bounds: readonly number[],
  counts: readonly number[],
  q: number,
): number | undefined {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return undefined;
  const rank = q * total;
  let below = 0;
  for (const [i, bound] of bounds.entries()) {
    const count = counts[i] as number;
    if (below + count >= rank && count > 0) {
      if (i === 0 && bound <= 0) return bound;
      const start = i === 0 ? 0 : (bounds[i - 1] as number);
      return start + (bound - start) * Math.max(0, (rank - below) / count);
    }
    below += count;
  }
  return bounds.at(-1);
}
