/** Two groups, and how many of each have something. */
export interface FourFold {
  readonly having: number;
  readonly of: number;
  readonly otherHaving: number;
  readonly otherOf: number;
}

/** Tables as unlikely as the one seen, but for rounding, count as unlikely as it (as R's). */
const ALIKE = 1 + 1e-7;

/**
 * Fisher's exact test: how likely the first group's share would be so far from the other's by
 * chance alone, given how many have it in all. `greater`: so far above. Sums the hypergeometric
 * distribution (R. A. Fisher, The Design of Experiments, 1935, chapter 2); 1 for an empty group.
 */
export function fisherExact(table: FourFold, alternative: 'greater' | 'two-sided'): number {
  const { having, of, otherHaving, otherOf } = table;
  const all = of + otherOf;
  const allHaving = having + otherHaving;
  const low = Math.max(0, allHaving - otherOf);
  const high = Math.min(of, allHaving);
  const seen = logChance(having, of, allHaving, all);
  let p = 0;
  let log = logChance(low, of, allHaving, all);
  for (let k = low; k <= high; k++) {
    const counts = alternative === 'greater' ? k >= having : Math.exp(log - seen) <= ALIKE;
    if (counts) p += Math.exp(log);
    // The next table's chance from this one's: their factorials differ by these four.
    const up = (of - k) * (allHaving - k);
    const down = (k + 1) * (all - of - allHaving + k + 1);
    if (k < high) log += Math.log(up / down);
  }
  return Math.min(1, p);
}

/** ln of the chance that k of a group of `of` have it, when `allHaving` of `all` do. */
function logChance(k: number, of: number, allHaving: number, all: number): number {
  return lnChoose(of, k) + lnChoose(all - of, allHaving - k) - lnChoose(all, allHaving);
}

function lnChoose(n: number, k: number): number {
  return lnFactorial(n) - lnFactorial(k) - lnFactorial(n - k);
}

const SMALL: number[] = [0];
for (let n = 1; n < 256; n++) SMALL.push((SMALL[n - 1] as number) + Math.log(n));

/** ln n!: summed for small n, Stirling's series above. */
function lnFactorial(n: number): number {
  const small = SMALL[n];
  if (small !== undefined) return small;
  const x = n + 1;
  const series = 1 / (12 * x) - 1 / (360 * x ** 3) + 1 / (1260 * x ** 5);
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series;
}

/**
 * Holm's correction of p values for having asked several times: as many as given, in their order
 * (S. Holm, Scandinavian Journal of Statistics 6, 1979).
 */
export function holmAdjusted(pValues: readonly number[]): number[] {
  const ascending = [...pValues.keys()].sort(
    (a, b) => (pValues[a] as number) - (pValues[b] as number),
  );
  const adjusted = pValues.map(() => 1);
  let least = 0;
  for (const [rank, i] of ascending.entries()) {
    least = Math.max(least, Math.min(1, (pValues.length - rank) * (pValues[i] as number)));
    adjusted[i] = least;
  }
  return adjusted;
}
