import fc from 'fast-check';
import { expect, it } from 'vitest';
import { BucketFinder } from '../../src/numerics/bucket-finder.ts';
import { bucketOf } from '../../src/numerics/bucket-of.ts';
import { membraneBoundsOf } from '../../src/numerics/membrane-buckets.ts';

it.each(['mV', '1'])('finds the bucket that a search finds, of bounds of %s', (unit) => {
  const le = membraneBoundsOf(unit);
  const finder = new BucketFinder(le);
  const value = fc.oneof(
    fc.double({ noNaN: true }),
    fc.double({ min: -100, max: 40, noNaN: true }),
    fc.constantFrom(...le),
    fc.tuple(fc.constantFrom(...le), fc.constantFrom(-1, 1)).map(([bound, sign]) => {
      return bound + sign * Math.max(Math.abs(bound), 1e-300) * Number.EPSILON;
    }),
  );
  fc.assert(
    fc.property(value, (each) => {
      expect(finder.find(each)).toBe(bucketOf(le, each));
    }),
    { numRuns: 3000 },
  );
});

it('knows any bounds, even one and none', () => {
  const bounds = fc.uniqueArray(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), { maxLength: 9 });
  fc.assert(
    fc.property(bounds, fc.double({ noNaN: true }), (list, value) => {
      const le = Float64Array.from(list).sort();
      expect(new BucketFinder(le).find(value)).toBe(bucketOf(le, value));
    }),
  );
});
