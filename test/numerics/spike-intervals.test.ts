import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { noIntervals, SpikeIntervals } from '../../src/numerics/spike-intervals.ts';

/**
 * [train in µs, mean, min, max in ms, cv, cv2, lv, lvr] by Elephant 1.2.1: statistics.cv, cv2, lv,
 * and lvr with R = 5 ms, of the intervals in ms.
 */
const TRAINS: readonly (readonly [string, readonly number[], readonly number[]])[] = [
  ['three spikes', [1000, 3000, 9000], [4, 2, 6, 0.5, 1, 0.75, 2.625]],
  ['regular', [10000, 20000, 30000, 40000, 50000, 60000, 70000], [10, 10, 10, 0, 0, 0, 0]],
  [
    'nearly regular',
    [10000, 20000, 30001, 40001, 50000, 60002],
    [
      10.0004, 9.999, 10.002, 0.00010197631121946188, 0.00014999500037499316, 2.249812516874232e-8,
      4.499531272801245e-8,
    ],
  ],
  [
    'refractory',
    [0, 2100, 4300, 7000, 9900, 12100, 30000, 32000, 34500],
    [
      4.3125, 2, 17.9, 1.192763308464384, 0.5684189803725018, 0.5536778095539129,
      1.1652459032434954,
    ],
  ],
  [
    'irregular',
    [
      5265, 55531, 119082, 131440, 225207, 278425, 285067, 300166, 303032, 341603, 467934, 499786,
      578292, 625095, 684179, 719470, 775685, 797069, 816465, 821228, 833651, 873553, 897213,
      912623, 944904,
    ],
    [
      39.151625, 2.866, 126.331, 0.7553264484112341, 0.8556846042874817, 0.7027902673607639,
      1.015607389790645,
    ],
  ],
  [
    'two spikes at once',
    [5000, 5000, 9000, 20000],
    [5, 0, 11, 0.9092121131323904, 1.4666666666666668, 1.8266666666666667, 9.762222222222222],
  ],
];

/** One frame for each train, its times from 0 on. */
function intervalsOf(trains: readonly (readonly number[])[]): SpikeIntervals {
  const intervals = new SpikeIntervals(trains.length);
  for (const [id, train] of trains.entries()) {
    intervals.add(new Uint32Array(train.length).fill(id), Uint32Array.from(train), 0);
  }
  return intervals;
}

function valuesOf(intervals: SpikeIntervals): number[] {
  const sums = noIntervals();
  intervals.addTo(sums);
  const means = [sums.cv, sums.cv2, sums.lv, sums.lvr].map(({ sum, neurons }) => sum / neurons);
  return [sums.sumUs / sums.count / 1000, sums.minUs / 1000, sums.maxUs / 1000, ...means];
}

describe('SpikeIntervals', () => {
  it.each(TRAINS)('has the values of Elephant: %s', (_, train, wanted) => {
    for (const [i, value] of valuesOf(intervalsOf([train])).entries()) {
      const near = wanted[i] as number;
      // Elephant's LvR takes 1 - 4ab/(a+b)² and loses digits where intervals are alike.
      expect(Math.abs(value - near)).toBeLessThanOrEqual(1e-9 * near + 1e-15);
    }
  });

  it('means over neurons with three spikes or more, and counts intervals of all', () => {
    const sums = noIntervals();
    intervalsOf([[0, 2000, 8000], [0, 1_000_000], [77], [], [0, 4000, 8000]]).addTo(sums);
    expect(sums.count).toBe(5);
    expect(sums.maxUs).toBe(1_000_000);
    expect(sums.cv).toEqual({ sum: 0.5, neurons: 2 });
    expect(sums.lv).toEqual({ sum: 0.75, neurons: 2 });
  });

  it('leaves out what is undefined for three spikes at once, as nanmean does', () => {
    const sums = noIntervals();
    intervalsOf([
      [5, 5, 5],
      [1000, 3000, 9000],
    ]).addTo(sums);
    expect([sums.cv, sums.cv2].map(({ neurons }) => neurons)).toEqual([1, 1]);
    expect(sums.cv2.sum).toBe(1);
  });

  it('counts spikes that come too late, and makes no interval of them', () => {
    const intervals = intervalsOf([[5000, 3000, 9000]]);
    const sums = noIntervals();
    intervals.addTo(sums);
    expect([...intervals.counts()]).toEqual([3]);
    expect([intervals.unordered, sums.count, sums.minUs]).toEqual([1, 1, 4000]);
  });

  it('does not depend on where spikes are cut into frames', () => {
    const spikes = fc.array(fc.tuple(fc.nat(4), fc.nat(50_000)), { maxLength: 80 });
    fc.assert(
      fc.property(spikes, fc.nat(80), (given, cut) => {
        const sorted = given.sort((a, b) => a[1] - b[1]);
        const add = (intervals: SpikeIntervals, part: typeof given, t0Us: number): void => {
          const dts = Uint32Array.from(part, ([, time]) => time - t0Us);
          intervals.add(
            Uint32Array.from(part, ([id]) => id),
            dts,
            t0Us,
          );
        };
        const whole = new SpikeIntervals(5);
        const halves = new SpikeIntervals(5);
        add(whole, sorted, 0);
        add(halves, sorted.slice(0, cut), 0);
        add(halves, sorted.slice(cut), sorted[cut]?.[1] ?? 0);
        expect(valuesOf(halves)).toEqual(valuesOf(whole));
        expect(halves.counts()).toEqual(whole.counts());
      }),
    );
  });
});
