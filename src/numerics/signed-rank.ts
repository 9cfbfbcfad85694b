import { normalTail } from './normal-tail.ts';

/** How pairs of values differ: what a rank test of their differences says. */
export interface SignedRankTest {
  /** The lesser of the sums of the ranks of positive and of negative differences. */
  readonly w: number;
  /** Two-sided. */
  readonly p: number;
  /** Standard deviations that w is off its mean, 0 or more. */
  readonly z: number;
  /** The matched-pairs rank-biserial correlation, from -1 (every difference below 0) to 1. */
  readonly rankBiserial: number;
}

/**
 * Wilcoxon's signed-rank test of differences, without NaN; those of 0 are left out. By the normal
 * approximation with correction for ties, which needs some ten differences (F. Wilcoxon, Biometrics
 * Bulletin 1, 1945). The same as `scipy.stats.wilcoxon(differences, method='asymptotic')`. The
 * correlation: D. S. Kerby, Comprehensive Psychology 3, 2014.
 */
export function signedRank(differences: Float64Array): SignedRankTest {
  const kept = differences.filter((each) => each !== 0);
  kept.sort((a, b) => Math.abs(a) - Math.abs(b));
  const n = kept.length;
  let positive = 0;
  let tieTerm = 0;
  for (let from = 0; from < n; ) {
    const size = Math.abs(kept[from] as number);
    let to = from;
    let above = 0;
    for (; to < n && Math.abs(kept[to] as number) === size; to++)
      if ((kept[to] as number) > 0) above++;
    positive += (above * (from + 1 + to)) / 2;
    tieTerm += (to - from) ** 3 - (to - from);
    from = to;
  }
  const all = (n * (n + 1)) / 2;
  const w = Math.min(positive, all - positive);
  const variance = (n * (n + 1) * (2 * n + 1) - tieTerm / 2) / 24;
  const z = variance === 0 ? 0 : (all / 2 - w) / Math.sqrt(variance);
  return {
    w,
    p: Math.min(1, 2 * normalTail(z)),
    z,
    rankBiserial: n === 0 ? 0 : (2 * positive) / all - 1,
  };
}
