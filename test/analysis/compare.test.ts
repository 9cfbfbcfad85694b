import { describe, expect, it } from 'vitest';
import { compare, type Subject, unusedPatterns } from '../../src/analysis/compare/comparison.ts';
import { comparisonSchema } from '../../src/analysis/compare/result.ts';
import {
  NO_THRESHOLDS,
  patternMatcher,
  thresholdsSchema,
} from '../../src/analysis/compare/thresholds.ts';
import { kolmogorovSmirnov } from '../../src/numerics/kolmogorov-smirnov.ts';
import { mannWhitney } from '../../src/numerics/mann-whitney.ts';
import { seededSubject } from './seeded-subjects.ts';

/** Neurons with rates in steps of 0.1 Hz around 10, in an order that says nothing. */
function rates(count: number, add = 0, factor = 1, turn = 7): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => {
    return (5 + ((i * turn * 61) % count) / (count / 10) + add) * factor;
  });
}

function subject(rate_hz: Float64Array, numbers: Record<string, number | null> = {}): Subject {
  return {
    side: { name: 'x', kind: 'recording' },
    numbers: new Map(Object.entries({ duration_us: 1_000_000, ...numbers })),
    samples: new Map([['E', { rate_hz, isi_cv: rate_hz.map((rate) => 1 / rate) }]]),
    remarks: [],
  };
}

describe('tests of layers', () => {
  it('tell p as SciPy does, p of fewer neurons, and that of all tests together', () => {
    const a = subject(rates(400));
    const b = subject(rates(400, 0.5, 1, 11));
    const { tests } = compare(a, b, { ...NO_THRESHOLDS, design_effect: 4 });
    const sorted = [a, b].map((side) => side.samples.get('E')?.rate_hz?.slice().sort());
    const plain = mannWhitney(sorted[0] as Float64Array, sorted[1] as Float64Array);
    expect(tests.map(({ test }) => test)).toEqual(['mann_whitney', 'kolmogorov_smirnov']);
    expect(tests[0]).toMatchObject({
      p_value: plain.p,
      statistic: plain.u,
      effect_size: plain.delta,
    });
    expect(tests[0]?.p_effective).toBeGreaterThan(plain.p * 2);
    for (const { p_value, p_effective, p_adjusted } of tests) {
      expect(p_effective).toBeGreaterThan(p_value);
      expect(p_adjusted).toBeGreaterThanOrEqual(p_effective);
    }
    const cv = kolmogorovSmirnov(
      (sorted[0] as Float64Array).map((rate) => 1 / rate).sort(),
      (sorted[1] as Float64Array).map((rate) => 1 / rate).sort(),
    );
    expect(tests[1]).toMatchObject({ statistic: cv.d, p_value: cv.p });
  });

  it('are the plain ones for a design effect of 1', () => {
    const { tests } = compare(subject(rates(50)), subject(rates(60, 1, 1, 11)), {
      ...NO_THRESHOLDS,
      design_effect: 1,
    });
    for (const { p_value, p_effective } of tests) expect(p_effective).toBe(p_value);
  });

  it('compare a neuron with itself where neurons do the same in both', () => {
    const a = subject(rates(300));
    const { tests, different } = compare(a, subject(rates(300, 0, 1.1)), NO_THRESHOLDS);
    expect(tests[0]).toMatchObject({ test: 'wilcoxon_signed_rank', effect_size: -1 });
    expect(different).toBe(true);
    expect(compare(a, a, NO_THRESHOLDS).different).toBe(false);
  });

  it('call no effect below effect_min a difference', () => {
    const [a, b] = [subject(rates(300)), subject(rates(300, 0.2, 1, 11))];
    const sure = { ...NO_THRESHOLDS, design_effect: 1, alpha: 0.9 };
    expect(compare(a, b, sure).different).toBe(true);
    expect(compare(a, b, { ...sure, effect_min: 0.5 }).different).toBe(false);
  });
});

describe('limits of numbers', () => {
  const a = subject(rates(30), {
    'layers.E.mean_rate_hz': 10,
    'power.c.energy_joules': 0,
    gone: 1,
  });
  const b = subject(rates(30), { 'layers.E.mean_rate_hz': 10.6, 'power.c.energy_joules': 0.5 });

  it.each([
    [{ 'layers.*.mean_rate_hz': { relative: 0.05 } }, 1],
    [{ 'layers.*.mean_rate_hz': { relative: 0.07 } }, 0],
    [{ 'layers.*.mean_rate_hz': { absolute: 0.5 } }, 1],
    [{ '*energy_joules': { relative: 10 } }, 1],
    [{ '*energy_joules': { absolute: 0.5 } }, 0],
    [{ gone: { relative: 1 } }, 1],
    // The first key that means a number is the one that counts.
    [{ 'layers.*': { relative: 1 }, 'layers.E.mean_rate_hz': { relative: 0.01 } }, 0],
  ])('%j give %i failures', (numbers, failures) => {
    const comparison = compare(a, b, thresholdsSchema.parse({ numbers }));
    expect(comparison.failures).toHaveLength(failures);
    expect(comparison.passed).toBe(failures === 0);
    expect(comparisonSchema.parse(comparison)).toEqual(comparison);
  });

  it('say what became of what, and what was allowed', () => {
    const numbers = { 'layers.*.mean_rate_hz': { relative: 0.05 } };
    const { failures } = compare(a, b, thresholdsSchema.parse({ numbers }));
    expect(failures).toEqual(['layers.E.mean_rate_hz: 10 became 10.6, at most 5 % apart']);
  });

  it('are refused where they mean nothing, or say nothing', () => {
    const numbers = { 'layer.*.rate': { relative: 1 } };
    expect(unusedPatterns(a, b, thresholdsSchema.parse({ numbers }))).toEqual(['layer.*.rate']);
    expect(thresholdsSchema.safeParse({ numbers: { gone: {} } }).success).toBe(false);
    expect(thresholdsSchema.safeParse({ numbres: {} }).success).toBe(false);
    expect(patternMatcher('layers.a+b (1).*')('layers.a+b (1).spikes')).toBe(true);
    expect(patternMatcher('layers.a.b')('layers.aXb')).toBe(false);
  });
});

/** scripts/compare-seeds.ts does this with 200 pairs of 10 s: docs/compare.md says what came. */
describe('two seeds of the same network', () => {
  const pairs = Array.from({ length: 20 }, (_, pair) => {
    const seed = 5001 + 2 * pair;
    return [seededSubject(seed, 4), seededSubject(seed + 1, 4), seededSubject(seed + 1, 4, 1.1)];
  }) as [Subject, Subject, Subject][];
  const called = (other: 1 | 2, design_effect: number) =>
    pairs.filter((trio) => {
      const thresholds = thresholdsSchema.parse({ design_effect });
      return compare(trio[0], trio[other], thresholds).different;
    }).length;

  it('are called different in at most 5 % of pairs, and with every rate × 1.1 always', () => {
    expect(called(1, NO_THRESHOLDS.design_effect)).toBeLessThanOrEqual(1);
    expect(called(2, NO_THRESHOLDS.design_effect)).toBe(pairs.length);
  });

  it('would be called so much too often if their neurons were taken for independent', () => {
    expect(called(1, 1)).toBeGreaterThan(2);
  });
});
