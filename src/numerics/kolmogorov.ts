/**
 * The distribution of Kolmogorov's statistic of one sample of n, which that of two samples tends
 * to. Which formula holds where, and how exactly: R. Simard, P. L'Ecuyer, Computing the Two-Sided
 * Kolmogorov-Smirnov Distribution, Journal of Statistical Software 39(11), 2011.
 */

/** Beyond it Smirnov's sum is replaced by its limit, as in SciPy. */
const SUMMED_MAX = 1_000_000;

/** P(D_n ≥ d), two-sided: as `scipy.stats.kstwo.sf(d, n)`. */
export function kolmogorovTail(n: number, d: number): number {
  const nd = n * d;
  if (nd <= 0.5) return 1;
  if (d >= 1) return 0;
  // Both sides cannot be reached by the same sample, or hardly: twice the one side's.
  if (d >= 0.5 || nd >= n - 1) return Math.min(1, 2 * smirnovTail(n, d));
  const ndd = nd * d;
  if (n <= 140) {
    return ndd <= 4 ? clipped(1 - durbin(n, d)) : Math.min(1, 2 * smirnovTail(n, d));
  }
  if (ndd >= 370) return 0;
  if (ndd >= 2.2) return 2 * smirnovTail(n, d);
  return clipped(1 - (n <= 100_000 && n * d ** 1.5 <= 1.4 ? durbin(n, d) : pelzGood(n, d)));
}

function clipped(p: number): number {
  return Math.min(1, Math.max(0, p));
}

/**
 * P(D_n⁺ ≥ d), one-sided: Σ_j C(n, j) d (d + j/n)^(j-1) (1 - d - j/n)^(n-j) over j ≤ n (1 - d)
 * (N. V. Smirnov, 1944; Z. W. Birnbaum, F. H. Tingey, 1951). Each term by its distance from the
 * binomial distribution's peak, so that no digits go with large factorials.
 */
export function smirnovTail(n: number, d: number): number {
  if (n > SUMMED_MAX) return Math.exp(-((6 * n * d + 1) ** 2) / (18 * n));
  const nd = n * d;
  let sum = (1 - d) ** n;
  const last = Math.floor(n * (1 - d));
  for (let j = 1; j <= last && j < n; j++) {
    const rest = n - j;
    if (rest - nd <= 0) break;
    const log =
      stirlingRest(n) -
      stirlingRest(j) -
      stirlingRest(rest) +
      j * Math.log1p(nd / j) +
      rest * Math.log1p(-nd / rest);
    sum += (Math.exp(log) * Math.sqrt(n / (2 * Math.PI * j * rest)) * nd) / (nd + j);
  }
  return Math.min(1, sum);
}

const RESTS: number[] = [0];
for (let k = 1, ln = 0; k < 32; k++) {
  ln += Math.log(k);
  RESTS.push(ln - (k + 0.5) * Math.log(k) + k - Math.log(2 * Math.PI) / 2);
}

/** ln k! less Stirling's formula. */
function stirlingRest(k: number): number {
  const known = RESTS[k];
  if (known !== undefined) return known;
  const square = k * k;
  return (1 / 12 - (1 / 360 - (1 / 1260 - 1 / (1680 * square)) / square) / square) / k;
}

/** A power of two that keeps entries in range; they are scaled back with it. */
const SCALE = 2 ** 128;

/**
 * P(D_n < d): a power of a matrix (J. Durbin, 1968; G. Marsaglia, W. W. Tsang, J. Wang, Evaluating
 * Kolmogorov's Distribution, Journal of Statistical Software 8(18), 2003).
 */
function durbin(n: number, d: number): number {
  const k = Math.ceil(n * d);
  const size = 2 * k - 1;
  let base = durbinMatrix(k, k - n * d);
  let baseScales = 0;
  let power: Float64Array | undefined;
  let scales = 0;
  const middle = (k - 1) * size + k - 1;
  for (let left = n; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) {
      power = power === undefined ? base : product(power, base, size);
      scales += baseScales;
    }
    if (left === 1) break;
    base = product(base, base, size);
    baseScales *= 2;
    if ((base[middle] as number) > SCALE) {
      base = base.map((entry) => entry / SCALE);
      baseScales++;
    }
  }
  let p = (power as Float64Array)[middle] as number;
  for (let i = 1; i <= n; i++) {
    p *= i / n;
    if (p < 1 / SCALE) {
      p *= SCALE;
      scales--;
    }
  }
  return p * SCALE ** scales;
}

/** [(2k-1)²] by rows, for d = (k - h) / n. */
function durbinMatrix(k: number, h: number): Float64Array {
  const size = 2 * k - 1;
  const matrix = new Float64Array(size * size);
  const factorials = [1];
  for (let i = 1; i <= size; i++) factorials.push((factorials[i - 1] as number) * i);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column <= Math.min(size - 1, row + 1); column++) {
      matrix[row * size + column] = 1 / (factorials[row - column + 1] as number);
    }
  }
  for (let i = 0; i < size; i++) {
    const edge = (1 - h ** (i + 1)) / (factorials[i + 1] as number);
    matrix[i * size] = edge;
    matrix[(size - 1) * size + size - 1 - i] = edge;
  }
  const corner = 1 - 2 * h ** size + Math.max(0, 2 * h - 1) ** size;
  matrix[(size - 1) * size] = corner / (factorials[size] as number);
  return matrix;
}

function product(a: Float64Array, b: Float64Array, size: number): Float64Array {
  const out = new Float64Array(size * size);
  for (let row = 0; row < size; row++) {
    for (let i = 0; i < size; i++) {
      const factor = a[row * size + i] as number;
      if (factor === 0) continue;
      for (let column = 0; column < size; column++) {
        const at = row * size + column;
        out[at] = (out[at] as number) + factor * (b[i * size + column] as number);
      }
    }
  }
  return out;
}

const ROOT_2PI = Math.sqrt(2 * Math.PI);
const PI2 = Math.PI ** 2;
const PI4 = Math.PI ** 4;
const PI6 = Math.PI ** 6;

/**
 * P(D_n < d) by an expansion in 1/√n to the third power (W. Pelz, I. J. Good, Approximating the
 * Lower Tail-areas of the Kolmogorov-Smirnov One-sample Statistic, Journal of the Royal Statistical
 * Society B 38, 1976).
 */
function pelzGood(n: number, d: number): number {
  const z = Math.sqrt(n) * d;
  const z2 = z * z;
  const z4 = z2 * z2;
  const z6 = z4 * z2;
  if (PI2 / 8 / z2 > 708) return 0;
  let k0 = 0;
  let k1 = 0;
  let k2 = 0;
  let k3 = 0;
  let k2More = 0;
  let k3More = 0;
  // Terms beyond are below the last digit.
  for (let k = Math.ceil((16 * z) / Math.PI); k > 0; k--) {
    const m2 = (2 * k - 1) ** 2;
    const m4 = m2 * m2;
    const odd = Math.exp((-PI2 * m2) / (8 * z2));
    k0 += odd;
    k1 += odd * ((PI2 / 4) * m2 - z2);
    k2 +=
      odd *
      (6 * z6 + 2 * z4 + ((PI2 * (2 * z4 - 5 * z2)) / 4) * m2 + ((PI4 * (1 - 2 * z2)) / 16) * m4);
    k3 +=
      odd *
      (-30 * z6 -
        90 * z6 * z2 +
        ((PI2 * (135 * z4 - 96 * z6)) / 4) * m2 +
        ((PI4 * (212 * z4 - 60 * z2)) / 16) * m4 +
        ((PI6 * (5 - 30 * z2)) / 64) * m4 * m2);
    const all = Math.exp((-PI2 * k * k) / (2 * z2)) * k * k;
    k2More += all;
    k3More += all * (3 * z2 - PI2 * k * k);
  }
  const rootN = Math.sqrt(n);
  const second = k2 / (72 * z6 * z) - (PI2 * k2More) / (36 * z2 * z);
  const third = k3 / (6480 * z6 * z4) + (PI2 * k3More) / (216 * z6);
  return ROOT_2PI * (k0 / z + k1 / (6 * z4 * rootN) + second / n + third / (n * rootN));
}
