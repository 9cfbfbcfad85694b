import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { kolmogorovTail } from '../../src/numerics/kolmogorov.ts';
import { kolmogorovSmirnov } from '../../src/numerics/kolmogorov-smirnov.ts';
import { mannWhitney } from '../../src/numerics/mann-whitney.ts';
import { signedRank } from '../../src/numerics/signed-rank.ts';

/** seed, n1, n2, levels, scale, shift; then SciPy's U, p, D, p (fixtures/statistics/make.py). */
type Pair = readonly [
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
];

const { pairs, tails, paired } = JSON.parse(
  readFileSync('fixtures/statistics/scipy.json', 'utf8'),
) as {
  readonly pairs: readonly Pair[];
  /** seed, n, levels, shift; SciPy's W, p. */
  readonly paired: readonly (readonly [number, number, number, number, number, number])[];
  readonly tails: readonly (readonly [n: number, d: number, p: number])[];
};

/** The same numbers as the fixture's script draws. */
function drawer(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(1_664_525, state) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function drawn(unit: () => number, n: number, levels: number, scale: number, shift: number) {
  return Float64Array.from({ length: n }, () => {
    const u = unit();
    return (levels > 0 ? Math.floor(u * levels) : u) * scale + shift;
  });
}

function samplesOf([seed, n1, n2, levels, scale, shift]: Pair): [Float64Array, Float64Array] {
  const unit = drawer(seed);
  return [drawn(unit, n1, levels, 1, 0).sort(), drawn(unit, n2, levels, scale, shift).sort()];
}

it('has 1,000 pairs from SciPy, with ties and without, small and beyond 10,000 values', () => {
  expect(pairs).toHaveLength(1000);
  const of = (is: (pair: Pair) => boolean) => pairs.filter(is).length;
  expect(of(([, n1, n2]) => Math.min(n1, n2) <= 8)).toBeGreaterThan(200);
  expect(of(([, n1, n2]) => Math.max(n1, n2) > 10_000)).toBe(40);
  expect(of(([, , , levels]) => levels > 0)).toBeGreaterThan(500);
  expect(of((pair) => pair[9] < 0.05)).toBeGreaterThan(100);
});

it("says what SciPy's mannwhitneyu says, to 1e-9", () => {
  const off = pairs.filter((pair) => {
    const { u, p, delta } = mannWhitney(...samplesOf(pair));
    const said = (2 * pair[6]) / (pair[1] * pair[2]) - 1;
    return u !== pair[6] || Math.abs(p - pair[7]) > 1e-9 || Math.abs(delta - said) > 1e-12;
  });
  expect(off).toEqual([]);
});

it("says what SciPy's ks_2samp says, to 1e-9", () => {
  const off = pairs.filter((pair) => {
    const { d, p } = kolmogorovSmirnov(...samplesOf(pair));
    return Math.abs(d - pair[8]) > 1e-12 || Math.abs(p - pair[9]) > 1e-9;
  });
  expect(off).toEqual([]);
});

it('has small p values right in their own digits, not only absolutely', () => {
  const off = pairs.filter((pair) => {
    const [a, b] = samplesOf(pair);
    const found = [mannWhitney(a, b).p, kolmogorovSmirnov(a, b).p];
    return [pair[7], pair[9]].some((said, i) => {
      if (said < 1e-200 || said > 1e-3) return false;
      return Math.abs((found[i] as number) / said - 1) > 1e-7;
    });
  });
  expect(off).toEqual([]);
});

it("has SciPy's kstwo.sf, by every formula for it, to 1e-9", () => {
  expect(tails.length).toBeGreaterThan(150);
  const off = tails.filter(([n, d, p]) => Math.abs(kolmogorovTail(n, d) - p) > 1e-9);
  expect(off).toEqual([]);
});

it("says what SciPy's wilcoxon says of 200 sets of differences, to 1e-9", () => {
  expect(paired).toHaveLength(200);
  const off = paired.filter(([seed, n, levels, shift, w, p]) => {
    const values = drawn(drawer(seed), n, levels, 1, 0);
    const found = signedRank(values.map((v) => v - Math.max(levels - 1, 1) / 2 + shift));
    return Math.abs(found.w - w) > 1e-9 || Math.abs(found.p - p) > 1e-9;
  });
  expect(off).toEqual([]);
});
