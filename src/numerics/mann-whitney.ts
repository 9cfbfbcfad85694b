import { normalTail } from './normal-tail.ts';

/** How one sample lies to another: what a rank test says of them. */
export interface RankTest {
  /** Mann and Whitney's U of the first sample: pairs where it is the greater, ties counted half. */
  readonly u: number;
  /** Two-sided. */
  readonly p: number;
  /** How many standard deviations the greater U is off half the pairs; for large samples. */
  readonly z: number;
  /** Cliff's delta, the rank-biserial correlation: P(a > b) - P(a < b), from -1 to 1. */
  readonly delta: number;
}

/** A sample of at most so many, without ties, has its exact p value (as SciPy's `auto`). */
const EXACT_MAX = 8;

/**
 * The Mann–Whitney U test of two samples, in ascending order and without NaN, each of one or more.
 * Exact without ties where one sample has at most 8; else by the normal approximation with
 * correction for ties and continuity (H. B. Mann, D. R. Whitney, Annals of Mathematical Statistics
 * 18, 1947). The same as `scipy.stats.mannwhitneyu`. Delta: N. Cliff, Psychological Bulletin 114,
 * 1993.
 */
export function mannWhitney(a: Float64Array, b: Float64Array): RankTest {
  const { u, tieTerm } = ranked(a, b);
  const pairs = a.length * b.length;
  const greater = Math.max(u, pairs - u);
  const isExact = tieTerm === 0 && Math.min(a.length, b.length) <= EXACT_MAX;
  const z = deviation(greater, a.length, b.length, tieTerm);
  const tail = isExact ? exactTail(greater, a.length, b.length) : normalTail(z);
  return { u, p: Math.min(1, 2 * tail), z, delta: (2 * u) / pairs - 1 };
}

/** U of the first sample, and Σ (t³ - t) over the groups of t values that are the same. */
function ranked(a: Float64Array, b: Float64Array): { u: number; tieTerm: number } {
  let u = 0;
  let tieTerm = 0;
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const value = Math.min(a[i] ?? Number.POSITIVE_INFINITY, b[j] ?? Number.POSITIVE_INFINITY);
    const below = j;
    let ofA = 0;
    while (a[i] === value) {
      i++;
      ofA++;
    }
    while (b[j] === value) j++;
    const ties = ofA + j - below;
    u += ofA * (below + (j - below) / 2);
    tieTerm += ties ** 3 - ties;
  }
  return { u, tieTerm };
}

/** With correction for ties and continuity. */
function deviation(u: number, n1: number, n2: number, tieTerm: number): number {
  const n = n1 + n2;
  const variance = ((n1 * n2) / 12) * (n + 1 - tieTerm / (n * (n - 1)));
  return (u - (n1 * n2) / 2 - 0.5) / Math.sqrt(Math.max(0, variance));
}

/**
 * P(U ≥ u) for u of half the pairs or more. Arrangements with each U are the coefficients of the
 * Gaussian binomial, Π (1 - q^(n2+i)) / (1 - q^i), i = 1 … n1; here of their chances.
 */
function exactTail(u: number, n1: number, n2: number): number {
  const few = Math.min(n1, n2);
  const many = Math.max(n1, n2);
  // Symmetric: as likely as U ≤ pairs - u.
  const last = n1 * n2 - u;
  const chance = new Float64Array(last + 1);
  chance[0] = 1;
  for (let i = 1; i <= few; i++) {
    for (let k = last; k >= many + i; k--) {
      chance[k] = (chance[k] as number) - (chance[k - many - i] as number);
    }
    for (let k = i; k <= last; k++) chance[k] = (chance[k] as number) + (chance[k - i] as number);
    for (let k = 0; k <= last; k++) chance[k] = ((chance[k] as number) * i) / (many + i);
  }
  return chance.reduce((sum, each) => sum + each, 0);
}
