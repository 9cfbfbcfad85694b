import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fisherExact, holmAdjusted } from '../../src/numerics/fisher-exact.ts';

/**
 * [a, b, c, d] with the p values from exact fractions (Python: Fraction over math.comb); the first
 * is Fisher's own tea tasting, the second R's help page of fisher.test.
 */
const TABLES: readonly (readonly [number, number, number, number, number, number])[] = [
  [3, 1, 1, 3, 0.24285714285714285, 0.4857142857142857],
  [10, 2, 3, 15, 0.00046518094336290503, 0.0005367241191434358],
  [0, 5, 5, 0, 1, 0.007936507936507936],
  [5, 0, 0, 5, 0.003968253968253968, 0.007936507936507936],
  [0, 10, 0, 10, 1, 1],
  [120, 880, 400, 8600, 2.051907576212366e-19, 2.187495337983456e-19],
  [30, 970, 310, 8690, 0.7940746933187268, 0.5198444736884847],
  [1, 9, 11, 3, 0.9999663480953022, 0.0027594561852200836],
  [8, 2, 1, 5, 0.024475524475524476, 0.03496503496503497],
  [7, 93, 2000, 38_000, 0.23453269206467778, 0.35207086604752136],
];

it.each(TABLES)('gives the exact p of %i %i %i %i', (a, b, c, d, greater, twoSided) => {
  const table = { having: a, of: a + b, otherHaving: c, otherOf: c + d };
  expect(fisherExact(table, 'greater') / greater).toBeCloseTo(1, 9);
  expect(fisherExact(table, 'two-sided') / twoSided).toBeCloseTo(1, 9);
});

it('is a probability for any table, and says 1 where there is nothing to compare', () => {
  const cell = fc.integer({ min: 0, max: 3000 });
  fc.assert(
    fc.property(cell, cell, cell, cell, (a, b, c, d) => {
      const table = { having: a, of: a + b, otherHaving: c, otherOf: c + d };
      for (const alternative of ['greater', 'two-sided'] as const) {
        const p = fisherExact(table, alternative);
        expect(p).toBeGreaterThanOrEqual(0);
        expect(p).toBeLessThanOrEqual(1);
        if (a + b === 0 || c + d === 0) expect(p).toBeCloseTo(1, 9);
      }
    }),
    { numRuns: 200 },
  );
});

it("corrects as R's p.adjust(method = 'holm')", () => {
  expect(holmAdjusted([0.01, 0.04, 0.03, 0.005])).toEqual([0.03, 0.06, 0.06, 0.02]);
  expect(holmAdjusted([0.5])).toEqual([0.5]);
  expect(holmAdjusted([0.9, 0.8])).toEqual([1, 1]);
  expect(holmAdjusted([])).toEqual([]);
});
