import { holmAdjusted } from '../../numerics/fisher-exact.ts';
import { distributionTest, type OpenTest, rankTest, type Samples } from './layer-tests.ts';
import { compareNumbers, type Numbers } from './numbers.ts';
import type { Comparison, NumberResult, Side, TestResult } from './result.ts';
import { patternMatcher, type Thresholds } from './thresholds.ts';

type Quantity = TestResult['quantity'];

/** One side: all that is compared. */
export interface Subject {
  readonly side: Side;
  readonly numbers: Numbers;
  /** By layer, what has one value a neuron. */
  readonly samples: ReadonlyMap<string, LayerSamples>;
  /** What to know of these numbers. */
  readonly remarks: readonly string[];
}

export type LayerSamples = Partial<Readonly<Record<Quantity, Float64Array>>>;

/** Of those both sides have, the first is tested; the others say the same less exactly. */
const RATES: readonly Quantity[] = ['rate_hz', 'window_rate_bucket'];
const DISTRIBUTIONS: readonly Quantity[] = ['isi_mean_ms', 'isi_cv'];

/** Failures that are told one by one. */
const FAILURES_MAX = 100;

export function compare(a: Subject, b: Subject, thresholds: Thresholds): Comparison {
  const tests = adjusted(layerTests(a, b, thresholds), thresholds);
  const numbers = compareNumbers(a.numbers, b.numbers, thresholds.numbers);
  const failures = [
    ...(thresholds.fail_when_different ? tests.filter((test) => test.different) : []).map(testText),
    ...numbers.filter(({ exceeds }) => exceeds).map(numberText),
  ];
  const told = failures.slice(0, FAILURES_MAX);
  if (failures.length > told.length) told.push(`and ${failures.length - told.length} more`);
  return {
    a: a.side,
    b: b.side,
    alpha: thresholds.alpha,
    different: tests.some((test) => test.different),
    tests,
    numbers,
    remarks: remarksOf(a, b),
    failures: told,
    passed: failures.length === 0,
  };
}

/** Keys of the thresholds that no number of either side is meant by. */
export function unusedPatterns(a: Subject, b: Subject, { numbers }: Thresholds): string[] {
  const paths = [...a.numbers.keys(), ...b.numbers.keys()];
  return Object.keys(numbers).filter((pattern) => !paths.some(patternMatcher(pattern)));
}

function layerTests(a: Subject, b: Subject, thresholds: Thresholds): OpenTest[] {
  const tests: OpenTest[] = [];
  for (const [layer, ofA] of a.samples) {
    const ofB = b.samples.get(layer);
    if (ofB === undefined) continue;
    const samples = (quantity: Quantity): Samples | undefined => {
      const [x, y] = [ofA[quantity], ofB[quantity]];
      return x && y && x.length > 0 && y.length > 0 ? { layer, quantity, a: x, b: y } : undefined;
    };
    const rates = RATES.map(samples).find((found) => found !== undefined);
    if (rates !== undefined) tests.push(rankTest(rates, thresholds));
    for (const quantity of DISTRIBUTIONS) {
      const found = samples(quantity);
      if (found !== undefined) tests.push(distributionTest(found, thresholds.design_effect));
    }
  }
  return tests;
}

function adjusted(tests: readonly OpenTest[], { alpha, effect_min }: Thresholds): TestResult[] {
  const pValues = holmAdjusted(tests.map(({ p_effective }) => p_effective));
  return tests.map((test, i) => {
    const p = pValues[i] as number;
    const different = p < alpha && Math.abs(test.effect_size) >= effect_min;
    return { ...test, p_adjusted: p, different };
  });
}

/** Changes of what should be the same, or one of a time that is not: a length, a layer. */
function remarksOf(a: Subject, b: Subject): string[] {
  const remarks = [
    ...a.remarks.map((text) => `a: ${text}`),
    ...b.remarks.map((text) => `b: ${text}`),
  ];
  for (const name of new Set([...a.samples.keys(), ...b.samples.keys()])) {
    const missing = a.samples.has(name) ? (b.samples.has(name) ? undefined : 'b') : 'a';
    if (missing !== undefined) remarks.push(`Layer ${name}: ${missing} has no spikes of it.`);
    const [x, y] = [a, b].map(({ numbers }) => numbers.get(`layers.${name}.neuron_count`));
    if (missing === undefined && x !== y) {
      remarks.push(`Layer ${name} has ${x} neurons in a, ${y} in b.`);
    }
  }
  const [lengthA, lengthB] = [a, b].map(({ numbers }) => numbers.get('duration_us') ?? 0);
  if (Math.abs((lengthA as number) - (lengthB as number)) > 0.01 * (lengthA as number)) {
    remarks.push(
      `They last ${(lengthA as number) / 1e6} s and ${(lengthB as number) / 1e6} s: counts \
differ by that alone, and rates and intervals of the shorter spread wider.`,
    );
  }
  return remarks;
}

function testText({ layer, quantity, effect, effect_size, p_adjusted }: TestResult): string {
  const size = effect_size.toPrecision(3);
  return `${layer}: ${quantity} differs (${effect} ${size}, p ${p_adjusted.toPrecision(2)})`;
}

function numberText({ path, a, b, limit }: NumberResult): string {
  const { relative, absolute } = limit ?? {};
  const allowed = [
    relative === undefined ? [] : [`${relative * 100} %`],
    absolute === undefined ? [] : [`${absolute}`],
  ].flat();
  const of = (value: number | null) => (value === null ? 'absent' : String(value));
  return `${path}: ${of(a)} became ${of(b)}, at most ${allowed.join(' and ')} apart`;
}
