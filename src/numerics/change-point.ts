/**
 * Where counts most likely changed their mean, of the bins in [from, to), with all of [from, end)
 * looked at (Hinkley, Biometrika 1970, for Poisson counts): the bin after which the sum of their
 * log-likelihood ratios is the largest. `ring` has a power of two of bins.
 */
export function changePoint(
  ring: Uint32Array,
  { from, to, end }: { readonly from: number; readonly to: number; readonly end: number },
  meanBefore: number,
  meanAfter: number,
): number {
  const before = Math.max(meanBefore, 1e-6);
  const after = Math.max(meanAfter, 1e-6);
  const perCount = Math.log(after / before);
  const perBin = before - after;
  const mask = ring.length - 1;
  let sum = 0;
  let best = Number.NEGATIVE_INFINITY;
  let bestBin = to;
  for (let bin = end - 1; bin >= from; bin--) {
    sum += (ring[bin & mask] as number) * perCount + perBin;
    if (bin < to && sum > best) {
      best = sum;
      bestBin = bin;
    }
  }
  return bestBin;
}
