import { describe, expect, test } from 'vitest';
import { fittedExponent } from '../../bench/parts/power-law.ts';
import { quantileOf } from '../../bench/parts/quantile.ts';
import type { Measured } from '../../bench/peers/measure.ts';
import { messagesFor } from '../../bench/peers/measure.ts';
import { bestOf, rowsOf, type Standing } from '../../bench/peers/standings.ts';

describe('the exponent of growth', () => {
  const sizes = [1, 10, 100, 1000];

  test.each([0, 0.5, 1, 2, -0.25])('of x to the power of %d is found', (exponent) => {
    const costs = sizes.map((size) => 7 * size ** exponent);
    expect(fittedExponent(sizes, costs)).toBeCloseTo(exponent, 10);
  });

  test('lies between where one size is off', () => {
    const exponent = fittedExponent(sizes, [1, 10, 100, 2000]);
    expect(exponent).toBeGreaterThan(1);
    expect(exponent).toBeLessThan(1.2);
  });
});

test('a quantile is a value of the list, by nearest rank', () => {
  const list = Array.from({ length: 200 }, (_, i) => 200 - i);
  expect(quantileOf(list, 0.5)).toBe(100);
  expect(quantileOf(list, 0.99)).toBe(198);
  expect(quantileOf(list, 1)).toBe(200);
  expect(quantileOf([], 0.5)).toBeNaN();
});

test('as many messages are sent as the first ones promise for the time', () => {
  expect(messagesFor(2, 1000, 0.5)).toBe(4000);
  expect(messagesFor(2, 10, 100)).toBeGreaterThan(1);
});

const run = (perCpuS: number): Measured => {
  return { events: perCpuS * 2, cpuS: 2, wallS: 4, peakMb: 10.4, bytesPerEvent: 8.04 };
};

const standing = (
  name: string,
  kind: Standing['kind'],
  perCpuS: readonly number[],
  failures: readonly string[] = [],
): Standing => ({ name, version: '', kind, runs: perCpuS.map(run), failures });

describe('standings', () => {
  const all = [
    standing('slow', 'product', [90, 100, 110]),
    standing('product', 'product', [1000, 3000, 2000]),
    standing('by hand', 'by hand', [4000]),
    standing('ours', 'own', [900_000, 1_000_000, 1_100_000]),
    standing('ill', 'product', [], ['it does not start']),
  ];

  test('tell medians, the spread, and multiples of the best of each kind', () => {
    const rows = rowsOf(all);
    expect(rows[3]).toEqual({
      who: 'ours',
      'events per CPU-s': '1,000,000 (900,000–1,100,000)',
      'of the best product': '500',
      'of the best by hand': '250',
      'events per s': '500,000',
      'memory at most, MB': 10,
      'bytes per event': '8.0',
      runs: 3,
    });
    expect(rows[0]?.['of the best product']).toBe('0.05');
  });

  test('name who gave nothing, with all columns', () => {
    const row = rowsOf(all).at(-1) ?? {};
    expect(row['events per CPU-s']).toBe('none: it does not start');
    expect(Object.keys(row)).toEqual(Object.keys(rowsOf(all)[0] ?? {}));
  });

  test('have no best where nobody of a kind has run', () => {
    expect(bestOf(all, 'product')).toBe(2000);
    expect(bestOf(all, 'bare')).toBeUndefined();
    expect(Object.keys(rowsOf([all[3] as Standing])[0] ?? {})).not.toContain('of the best product');
  });
});
