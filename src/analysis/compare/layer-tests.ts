import { distancePValue, kolmogorovSmirnov } from '../../numerics/kolmogorov-smirnov.ts';
import { mannWhitney } from '../../numerics/mann-whitney.ts';
import { normalTail } from '../../numerics/normal-tail.ts';
import { quantileOfSorted } from '../../numerics/quantile.ts';
import { signedRank } from '../../numerics/signed-rank.ts';
import type { TestResult } from './result.ts';
import type { Thresholds } from './thresholds.ts';

type DesignEffects = Pick<Thresholds, 'design_effect' | 'design_effect_matched'>;

/** A test before it is known how many there are. */
export type OpenTest = Omit<TestResult, 'p_adjusted' | 'different'>;

/** What is tested: one value for each neuron that has it, one or more on each side. */
export interface Samples {
  readonly layer: string;
  readonly quantity: TestResult['quantity'];
  readonly a: Float64Array;
  readonly b: Float64Array;
}

/** Pairs below which the signed-rank test's approximation is none. */
const PAIRS_MIN = 20;
/** Of the values of the same neurons; those of two wirings correlate by chance alone. */
const CORRELATION_MIN = 0.5;

/**
 * Whether one side's values are the greater. Neurons that do the same in both, by their
 * correlation, are compared each with itself; else all with all, by Mann and Whitney.
 */
export function rankTest(samples: Samples, effects: DesignEffects): OpenTest {
  return areMatched(samples)
    ? pairedTest(samples, effects.design_effect_matched)
    : unpairedTest(samples, effects.design_effect);
}

function unpairedTest(samples: Samples, designEffect: number): OpenTest {
  const a = samples.a.slice().sort();
  const b = samples.b.slice().sort();
  const found = mannWhitney(a, b);
  return {
    ...described(samples, a, b),
    test: 'mann_whitney',
    statistic: found.u,
    p_value: found.p,
    effect: 'cliffs_delta',
    effect_size: found.delta,
    design_effect: designEffect,
    p_effective: effective(found, designEffect),
  };
}

function pairedTest(samples: Samples, designEffect: number): OpenTest {
  const { a, b } = samples;
  const found = signedRank(a.map((value, i) => value - (b[i] as number)));
  return {
    ...described(samples, a.slice().sort(), b.slice().sort()),
    test: 'wilcoxon_signed_rank',
    statistic: found.w,
    p_value: found.p,
    effect: 'rank_biserial',
    effect_size: found.rankBiserial,
    design_effect: designEffect,
    p_effective: effective(found, designEffect),
  };
}

/** As if there were fewer units by the design effect: its root is what a deviation shrinks by. */
function effective({ p, z }: { readonly p: number; readonly z: number }, designEffect: number) {
  return designEffect === 1 ? p : Math.min(1, 2 * normalTail(z / Math.sqrt(designEffect)));
}

function areMatched({ quantity, a, b }: Samples): boolean {
  // Buckets are in order of the rate: every two lists of them correlate.
  if (quantity !== 'rate_hz' || a.length !== b.length || a.length < PAIRS_MIN) return false;
  return correlation(a, b) >= CORRELATION_MIN;
}

/** Pearson's; 0 where one side is all the same. */
function correlation(a: Float64Array, b: Float64Array): number {
  const meanA = meanOf(a);
  const meanB = meanOf(b);
  let both = 0;
  let ofA = 0;
  let ofB = 0;
  for (let i = 0; i < a.length; i++) {
    const x = (a[i] as number) - meanA;
    const y = (b[i] as number) - meanB;
    both += x * y;
    ofA += x * x;
    ofB += y * y;
  }
  return ofA === 0 || ofB === 0 ? 0 : both / Math.sqrt(ofA * ofB);
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Whether the values are distributed otherwise: Kolmogorov and Smirnov's test. */
export function distributionTest(samples: Samples, designEffect: number): OpenTest {
  const a = samples.a.slice().sort();
  const b = samples.b.slice().sort();
  const found = kolmogorovSmirnov(a, b);
  const worth = (a.length * b.length) / (a.length + b.length) / designEffect;
  const p = designEffect === 1 ? found.p : distancePValue(found.d, worth);
  return {
    ...described(samples, a, b),
    test: 'kolmogorov_smirnov',
    statistic: found.d,
    p_value: found.p,
    effect: 'ks_distance',
    effect_size: found.d,
    design_effect: designEffect,
    p_effective: p,
  };
}

function described(samples: Samples, a: Float64Array, b: Float64Array) {
  const { layer, quantity } = samples;
  return {
    ...{ layer, quantity },
    n_a: a.length,
    n_b: b.length,
    median_a: quantileOfSorted(a, 0.5) as number,
    median_b: quantileOfSorted(b, 0.5) as number,
  };
}
