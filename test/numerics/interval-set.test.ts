import fc from 'fast-check';
import { expect, it } from 'vitest';
import { IntervalSet } from '../../src/numerics/interval-set.ts';

it('covers what a bitmap covers, in any order of adding and forgetting', () => {
  const interval = fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 15 }));
  fc.assert(
    fc.property(
      fc.array(interval),
      fc.integer({ min: 0, max: 70 }),
      interval,
      (added, cut, asked) => {
        const set = new IntervalSet();
        const bitmap = new Array<boolean>(100).fill(false);
        for (const [start, length] of added) {
          set.add(start, start + length);
          bitmap.fill(true, start, start + length);
        }
        set.forgetBefore(cut);
        bitmap.fill(false, 0, cut);
        const [from, length] = asked;
        const slow = bitmap.slice(from, from + length).filter(Boolean).length;
        expect(set.covered(from, from + length)).toBe(slow);
        const edges = bitmap.filter((bit, i) => bit && bitmap[i - 1] !== true).length;
        expect(set.size).toBe(edges);
      },
    ),
  );
});

it('comes back from its array', () => {
  const set = new IntervalSet();
  set.add(5, 9);
  set.add(1, 3);
  const copy = IntervalSet.fromArray(set.toArray());
  set.add(3, 5);
  expect(copy.toArray()).toEqual([1, 3, 5, 9]);
  expect(set.toArray()).toEqual([1, 9]);
});
