import fc from 'fast-check';
import { expect, it } from 'vitest';
import { bucketOf } from '../../src/numerics/bucket-of.ts';
import { bucketQuantile } from '../../src/numerics/bucket-quantile.ts';

const LE = [0.1, 0.5, 1, 5];

/** By hand: the bucket that the rank q · total falls into, and how far into it. */
it.each<[number, number[], number]>([
  [0.5, [0, 0, 10, 0, 0], 0.75],
  [0.5, [10, 0, 0, 0, 0], 0.05],
  [0.9, [5, 5, 0, 0, 0], 0.42],
  [0.99, [1, 1, 1, 1, 0], 4.84],
  [0.5, [0, 0, 0, 0, 3], 5],
  [0.75, [2, 0, 2, 0, 0], 0.75],
  [0.5, [2, 0, 2, 0, 0], 0.1],
  [0, [0, 4, 0, 0, 0], 0.1],
  [1, [0, 4, 0, 0, 0], 0.5],
])('the quantile %f of %j is %f', (q, counts, expected) => {
  expect(bucketQuantile(LE, counts, q)).toBeCloseTo(expected, 12);
});

it('is undefined without values', () => {
  expect(bucketQuantile(LE, [0, 0, 0, 0, 0], 0.5)).toBeUndefined();
});

it('is in the bucket of the value that it stands for', () => {
  const values = fc.array(fc.double({ min: 0, max: 4.9, noNaN: true }), { minLength: 1 });
  fc.assert(
    fc.property(values, fc.double({ min: 0.01, max: 1, noNaN: true }), (list, q) => {
      const counts = [0, 0, 0, 0, 0];
      for (const value of list) {
        const at = bucketOf(LE, value);
        counts[at] = (counts[at] as number) + 1;
      }
      const sorted = list.sort((a, b) => a - b);
      const true_ = sorted[Math.ceil(q * sorted.length - 1e-9) - 1] as number;
      const found = bucketQuantile(LE, counts, q) as number;
      const at = bucketOf(LE, true_);
      expect(found).toBeLessThanOrEqual((LE[at] as number) + 1e-9);
      expect(found).toBeGreaterThanOrEqual((LE[at - 1] ?? 0) - 1e-9);
    }),
  );
});
