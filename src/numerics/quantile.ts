/**
 * Quantile q (0 … 1) of ascending values by linear interpolation between order statistics: R-7, the
 * default of numpy.quantile. Undefined for no values.
 */
export function quantileOfSorted(sorted: ArrayLike<number>, q: number): number | undefined {
  return quantileByRank(sorted.length, q, (rank) => sorted[rank] as number);
}

/**
 * The same where values are looked up by rank, the lowest of `count` values being rank 0.
 */
export function quantileByRank(
  count: number,
  q: number,
  valueAt: (rank: number) => number,
): number | undefined {
  if (count === 0) return undefined;
  const position = (count - 1) * q;
  const rank = Math.floor(position);
  const low = valueAt(rank);
  if (rank === position) return low;
  return low + (valueAt(rank + 1) - low) * (position - rank);
}
