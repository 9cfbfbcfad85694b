import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Float32Quantiles } from '../../src/numerics/float32-quantiles.ts';
import { quantileOfSorted } from '../../src/numerics/quantile.ts';
import { RateBuckets } from '../../src/numerics/rate-buckets.ts';
import { SampleMoments } from '../../src/numerics/sample-moments.ts';

describe('quantileOfSorted', () => {
  // numpy.quantile([3, 1, 4, 1, 5, 9, 2.5, 6], q), NumPy 2.3.5
  it.each([
    [0, 1],
    [0.01, 1],
    [0.05, 1],
    [0.5, 3.5],
    [0.95, 7.949999999999998],
    [0.99, 8.79],
    [1, 9],
  ])('at %d is that of numpy.quantile', (q, wanted) => {
    expect(quantileOfSorted([1, 1, 2.5, 3, 4, 5, 6, 9], q)).toBeCloseTo(wanted, 12);
  });

  it('is undefined for nothing, and the value itself for one', () => {
    expect(quantileOfSorted([], 0.5)).toBeUndefined();
    expect(quantileOfSorted([7], 0.99)).toBe(7);
  });
});

describe('Float32Quantiles', () => {
  const QS = [0, 0.01, 0.05, 0.5, 0.95, 0.99, 1];
  const sketchOf = (values: Iterable<number>, exactMax: number): Float32Quantiles => {
    const sketch = new Float32Quantiles(exactMax);
    for (const value of values) sketch.add(value);
    return sketch;
  };
  const anySample = fc.float({ noNaN: true, noDefaultInfinity: true });

  it('is exact up to its limit', () => {
    fc.assert(
      fc.property(fc.array(anySample, { minLength: 1, maxLength: 3000 }), (values) => {
        const sketch = sketchOf(values, 3000);
        const sorted = Float32Array.from(values).sort();
        for (const q of QS) expect(sketch.quantile(q)).toBe(quantileOfSorted(sorted, q));
      }),
    );
  });

  it('is within 1 % of a neighbouring sample above it, of either sign and any size', () => {
    fc.assert(
      fc.property(fc.array(anySample, { minLength: 3, maxLength: 200 }), (values) => {
        const sketch = sketchOf(values, 2);
        const sorted = Float32Array.from(values).sort();
        for (const q of QS) {
          const rank = (sorted.length - 1) * q;
          const below = sorted[Math.floor(rank)] as number;
          const above = sorted[Math.ceil(rank)] as number;
          const got = sketch.quantile(q) as number;
          // 1e-38: below it, float32 itself has fewer digits.
          expect(got).toBeGreaterThanOrEqual(below - Math.abs(below) * 0.01 - 1e-40);
          expect(got).toBeLessThanOrEqual(above + Math.abs(above) * 0.01 + 1e-40);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('goes from exact to sketched with the sample after the limit', () => {
    const values = Array.from({ length: 2001 }, (_, i) => -70 + i * 0.01);
    const exact = sketchOf(values.slice(0, 2000), 2000).quantile(0.5) as number;
    const sketched = sketchOf(values, 2000).quantile(0.5) as number;
    expect(exact).toBeCloseTo(-60.005, 4);
    expect(Math.abs(sketched + 60)).toBeLessThan(0.6);
  });

  it('has none without samples', () => {
    expect(new Float32Quantiles(10).quantile(0.5)).toBeUndefined();
  });
});

describe('SampleMoments', () => {
  it('has the values of NumPy, and the Fano factor of Elephant', () => {
    const moments = new SampleMoments();
    for (const value of [3, 1, 4, 1, 5, 9, 2.5, 6]) moments.add(value);
    expect(moments.sd()).toBeCloseTo(2.530285309999645, 12);
    expect(moments.fano()).toBeCloseTo(1.6259920634920635, 12);
    expect([moments.min, moments.max, moments.mean]).toEqual([1, 9, 3.9375]);
    // elephant.statistics.fanofactor of trains with 3, 0, 7, 1 and 4 spikes
    const trains = new SampleMoments();
    for (const spikes of [3, 0, 7, 1, 4]) trains.add(spikes);
    expect(trains.fano()).toBeCloseTo(2, 12);
  });

  it('keeps its digits far from 0', () => {
    const moments = new SampleMoments();
    for (const value of [1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16]) moments.add(value);
    expect(moments.variance()).toBe(22.5);
  });

  it('has no Fano factor for silence', () => {
    const moments = new SampleMoments();
    moments.add(0);
    expect(moments.fano()).toBeUndefined();
    expect(new SampleMoments().sd()).toBeUndefined();
  });
});

describe('RateBuckets', () => {
  it('puts a rate that is exactly a bound into its bucket, at any length', () => {
    for (const [windowUs, count, bucket] of [
      // 9 / 0.018 is more than 500 in float64.
      [18_000, 9, 10],
      [22_000, 11, 10],
      [86_000, 43, 10],
      [4_900_000, 49, 5],
      [10_000_000, 1, 0],
    ] as const) {
      const histogram = new RateBuckets(windowUs).histogram(Uint32Array.of(count));
      expect(histogram.indexOf(1), `${count} in ${windowUs} µs`).toBe(bucket);
    }
  });
});
