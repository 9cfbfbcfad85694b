/** A generalized Pareto distribution of excesses over a threshold. */
export interface GeneralizedPareto {
  /** γ: above 0 a heavy tail, 0 exponential, below 0 one that ends. */
  readonly shape: number;
  readonly scale: number;
}

const GRID = 40;
/** Golden sections: each leaves 0.618 of the way, so that these leave a millionth of a step. */
const REFINE = 30;
const GOLDEN = (Math.sqrt(5) - 1) / 2;
/** Factors of which one logarithm is taken: none is so large or small that they leave the range. */
const FACTORS = 8;

/**
 * Maximum likelihood for positive excesses by Grimshaw's reduction to one unknown ("Computing
 * maximum likelihood estimates for the generalized Pareto distribution", Technometrics 1993): for
 * θ = shape / scale the best shape is the mean of ln(1 + θ·x). Undefined for less than two values. With
 * `endsNowhere` only shapes of 0 and above are looked at.
 */
export function fitGeneralizedPareto(
  excesses: Float64Array,
  endsNowhere = false,
): GeneralizedPareto | undefined {
  const n = excesses.length;
  if (n < 2) return undefined;
  let mean = 0;
  let highest = 0;
  for (const x of excesses) {
    mean += x / n;
    highest = Math.max(highest, x);
  }
  if (!(mean > 0)) return undefined;
  const exponential = { shape: 0, scale: mean };
  let best: GeneralizedPareto = exponential;
  let bestLog = -n * (Math.log(mean) + 1);
  const consider = (theta: number): number => {
    const fit = profile(excesses, theta);
    if (fit === undefined) return Number.NEGATIVE_INFINITY;
    if (fit.log > bestLog && fit.shape > -1) {
      bestLog = fit.log;
      best = { shape: fit.shape, scale: fit.scale };
    }
    return fit.shape > -1 ? fit.log : Number.NEGATIVE_INFINITY;
  };
  // θ > -1 / highest keeps every excess inside; beyond 20 / mean no real tail lies.
  if (!endsNowhere) search(consider, -(1 - 1e-9) / highest, -1e-9 / mean);
  search(consider, 1e-9 / mean, 20 / mean);
  return best;
}

function profile(
  excesses: Float64Array,
  theta: number,
): (GeneralizedPareto & { readonly log: number }) | undefined {
  const n = excesses.length;
  let sum = 0;
  for (let i = 0; i < n; ) {
    const end = Math.min(n, i + FACTORS);
    let product = 1;
    for (; i < end; i++) product *= 1 + theta * (excesses[i] as number);
    sum += Math.log(product);
  }
  const shape = sum / n;
  const scale = shape / theta;
  if (!(scale > 0) || !Number.isFinite(scale)) return undefined;
  return { shape, scale, log: -n * (Math.log(scale) + 1 + shape) };
}

/** Looks over (from, to) evenly, and around the best point by golden sections. */
function search(value: (x: number) => number, from: number, to: number): void {
  const step = (to - from) / GRID;
  let best = from;
  let bestValue = Number.NEGATIVE_INFINITY;
  for (let i = 0; i <= GRID; i++) {
    const at = value(from + i * step);
    if (at > bestValue) {
      bestValue = at;
      best = from + i * step;
    }
  }
  let low = Math.max(from, best - step);
  let high = Math.min(to, best + step);
  let a = high - GOLDEN * (high - low);
  let b = low + GOLDEN * (high - low);
  let [valueA, valueB] = [value(a), value(b)];
  for (let i = 0; i < REFINE; i++) {
    if (valueA > valueB) {
      [high, b, valueB] = [b, a, valueA];
      a = high - GOLDEN * (high - low);
      valueA = value(a);
    } else {
      [low, a, valueA] = [a, b, valueB];
      b = low + GOLDEN * (high - low);
      valueB = value(b);
    }
  }
}

/** The level that is passed with chance `q`, given that `share` of all values pass `threshold`. */
export function tailQuantile(
  { shape, scale }: GeneralizedPareto,
  threshold: number,
  share: number,
  q: number,
): number {
  const ratio = q / share;
  if (Math.abs(shape) < 1e-9) return threshold - scale * Math.log(ratio);
  return threshold + (scale / shape) * (ratio ** -shape - 1);
}
