import { kolmogorovTail } from './kolmogorov.ts';

/** How far apart the distributions of two samples are. */
export interface DistributionTest {
  /** The greatest distance of the two empirical distribution functions, 0 to 1. */
  readonly d: number;
  /** Two-sided. */
  readonly p: number;
}

/** Samples of at most so many have their exact p value (as SciPy's `auto`). */
const EXACT_MAX = 10_000;

/**
 * The two-sample Kolmogorov–Smirnov test of two samples, in ascending order and without NaN, each
 * of one or more. Exact for up to 10,000 values; beyond that from the distribution of one sample of
 * n1 n2 / (n1 + n2). The same as `scipy.stats.ks_2samp`.
 */
export function kolmogorovSmirnov(a: Float64Array, b: Float64Array): DistributionTest {
  const distance = Math.max(lead(a, b), lead(b, a));
  const n1 = a.length;
  const n2 = b.length;
  if (Math.max(n1, n2) > EXACT_MAX) {
    return { d: distance, p: distancePValue(distance, (n1 * n2) / (n1 + n2)) };
  }
  const divisor = commonDivisor(n1, n2);
  const multiple = (n1 / divisor) * n2;
  const steps = Math.round(distance * multiple);
  const d = steps / multiple;
  if (steps === 0) return { d, p: 1 };
  const p = n1 === n2 ? outsideSquare(n1, steps) : outside(n1, n2, divisor, steps);
  return { d, p: Math.min(1, Math.max(0, p)) };
}

/** The p value of a distance of two samples that are worth one of n1 n2 / (n1 + n2). */
export function distancePValue(distance: number, effective: number): number {
  return kolmogorovTail(Math.max(1, halfToEven(effective)), distance);
}

/** max over x of P(first ≤ x) - P(second ≤ x), 0 or more. */
function lead(first: Float64Array, second: Float64Array): number {
  let most = 0;
  let j = 0;
  for (let i = 0; i < first.length; i++) {
    const value = first[i] as number;
    // Only the last of equal values: the function has its whole step there.
    if (first[i + 1] === value) continue;
    while (j < second.length && (second[j] as number) <= value) j++;
    most = Math.max(most, (i + 1) / first.length - j / second.length);
  }
  return most;
}

/**
 * The share of paths of n steps up and n to the side that leave a band of ± h around the diagonal:
 * 2 Σ (-1)^(k+1) C(2n, n - kh) / C(2n, n), nested (B. V. Gnedenko, V. S. Korolyuk, 1951).
 */
function outsideSquare(n: number, h: number): number {
  let p = 0;
  for (let k = Math.floor(n / h); k >= 0; k--) {
    let ratio = 1;
    for (let j = 0; j < h; j++) ratio *= (n - k * h - j) / (n + k * h + j + 1);
    p = ratio * (1 - p);
  }
  return 2 * p;
}

/**
 * The share of paths from (0, 0) to (m, n) that leave |n x - m y| < h · gcd, column by column: each
 * point's share is that of the two points before it, weighted by how many paths come from there
 * (J. L. Hodges, The Significance Probability of the Smirnov Two-Sample Test, Arkiv för Matematik
 * 3, 1958).
 */
function outside(n1: number, n2: number, divisor: number, h: number): number {
  const m = Math.max(n1, n2);
  const n = Math.min(n1, n2);
  const across = m / divisor;
  const up = n / divisor;
  // [n+1] shares of the last column; outside the band every path has left it.
  const share = new Float64Array(n + 1).fill(1);
  let from = 0;
  let to = Math.min(Math.ceil(h / across), n + 1);
  share.fill(0, from, to);
  for (let x = 1; x <= m; x++) {
    const lastTo = to;
    from = Math.min(Math.max(Math.floor((up * x - h) / across) + 1, 0), n);
    to = Math.min(Math.ceil((up * x + h) / across), n + 1);
    if (to <= from) return 1;
    let below = from === 0 ? 0 : 1;
    for (let y = from; y < to; y++) {
      below = ((share[y] as number) * x + below * y) / (x + y);
      share[y] = below;
    }
    if (lastTo > to) share.fill(1, to, lastTo);
  }
  return share[n] as number;
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}

/** Whole, and of two that are as near the even one: numpy.round. */
function halfToEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
