import { expect, test } from 'vitest';
import { Poisson } from '../../src/simulation/poisson.ts';
import { Random } from '../../src/simulation/random.ts';

// From a Python implementation of xoshiro128** and splitmix32 with unlimited integers, which gives
// the published first outputs 11520, 0, 5927040, 70819200 for the state 1, 2, 3, 4.
test.each([
  [1, 'input embed', [3401472666, 2753089853, 357190155, 1820131176, 211897768, 895383578]],
  [4294967295, 'x', [1731850049, 1734758932, 3108836171, 3485313350, 746985151, 3970090678]],
])('seed %i and name %s draw as another implementation does', (seed, name, expected) => {
  const random = new Random(seed, name);
  expect(expected.map(() => random.u32())).toEqual(expected);
});

test('numbers below a bound come evenly, and never reach it', () => {
  const random = new Random(5, 'below');
  const counts = new Array<number>(10).fill(0);
  for (let i = 0; i < 100_000; i++) {
    const drawn = random.below(10);
    counts[drawn] = (counts[drawn] as number) + 1;
  }
  expect(counts).toHaveLength(10);
  // 10,000 each, with a standard deviation of 95.
  for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
});

test('normal numbers have mean 0 and variance 1', () => {
  const random = new Random(5, 'normal');
  const drawn = Array.from({ length: 50_000 }, () => random.normal());
  expect(Math.abs(meanOf(drawn))).toBeLessThan(0.03);
  expect(Math.abs(varianceOf(drawn) - 1)).toBeLessThan(0.04);
});

test.each([0.05, 0.7, 3, 19.2, 76.8, 921.6])('Poisson numbers of mean %f', (mean) => {
  const random = new Random(9, 'poisson');
  const poisson = new Poisson(mean);
  const count = 100_000;
  const drawn = Array.from({ length: count }, () => poisson.draw(random));
  expect(drawn.every((each) => Number.isInteger(each) && each >= 0)).toBe(true);
  // Six standard errors: of the mean √(λ/n), of the variance about √((λ + 2λ²)/n).
  expect(Math.abs(meanOf(drawn) - mean)).toBeLessThan(6 * Math.sqrt(mean / count));
  const varianceError = Math.sqrt((mean + 2 * mean * mean) / count);
  expect(Math.abs(varianceOf(drawn) - mean)).toBeLessThan(6 * varianceError);
  if (mean > 100) return;
  const none = drawn.filter((each) => each === 0).length / count;
  expect(Math.abs(none - Math.exp(-mean))).toBeLessThan(0.01);
});

test('a mean of 0 draws nothing, a mean that is none is refused', () => {
  const random = new Random(9, 'poisson');
  const poisson = new Poisson(0);
  expect(Array.from({ length: 1000 }, () => poisson.draw(random)).every((n) => n === 0)).toBe(true);
  for (const mean of [-1, Number.NaN, 2e6]) expect(() => new Poisson(mean)).toThrow(/mean/);
});

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function varianceOf(values: readonly number[]): number {
  const mean = meanOf(values);
  return meanOf(values.map((value) => (value - mean) ** 2));
}
