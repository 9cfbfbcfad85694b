import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Extremes } from '../../src/detectors/extremes.ts';
import { fitGeneralizedPareto, tailQuantile } from '../../src/numerics/generalized-pareto.ts';

interface Fit {
  readonly excesses: readonly number[];
  readonly shape: number;
  readonly scale: number;
  readonly threshold: number;
  readonly share: number;
  readonly q: number;
  readonly level: number;
}

/** As SciPy has them; the file says how they were made. */
const { fits } = JSON.parse(
  readFileSync(join(import.meta.dirname, 'generalized-pareto.json'), 'utf8'),
) as { readonly fits: readonly Fit[] };

describe.each(fits)('a tail of shape $shape', (fit) => {
  const excesses = Float64Array.from(fit.excesses);

  test('shape and scale are those of SciPy', () => {
    const found = fitGeneralizedPareto(excesses);
    expect(found?.shape).toBeCloseTo(fit.shape, 4);
    expect(found?.scale).toBeCloseTo(fit.scale, 3);
  });

  test('the level that is passed with chance q is that of SciPy', () => {
    const { threshold, share, q, level } = fit;
    const own = tailQuantile({ shape: fit.shape, scale: fit.scale }, threshold, share, q);
    expect(own / level).toBeCloseTo(1, 6);
  });

  test('where it ends nowhere, it is as heavy or exponential', () => {
    const found = fitGeneralizedPareto(excesses, true);
    if (fit.shape > 0) {
      expect(found?.shape).toBeCloseTo(fit.shape, 4);
    } else {
      const mean = fit.excesses.reduce((sum, x) => sum + x, 0) / fit.excesses.length;
      expect(found?.shape).toBeCloseTo(0, 6);
      expect(found?.scale).toBeCloseTo(mean, 6);
    }
  });
});

test('SPOT calls no more extreme than its chance, and what lies far beyond', () => {
  const options = { calibration: 1000, level: 0.98, peaksMax: 200, effectMin: 0, adoptAfter: 200 };
  const extremes = new Extremes({ ...options, q: 1e-4 });
  let state = 12345;
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  let called = 0;
  for (let i = 0; i < 100_000; i++) {
    // Exponential values: half of the chance lies on the side where they end.
    if (extremes.next(i, -Math.log(random())).isAnomalous) called++;
  }
  // 10 are expected of the upper side; of a tail fitted to 200 peaks up to a few times as many.
  expect(called).toBeLessThan(50);
  const far = extremes.next(100_000, 60);
  expect(far.isAnomalous).toBe(true);
  expect(far.pValue).toBeLessThan(1e-8);
});
