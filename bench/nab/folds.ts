/** Which series are chosen on, and which are scored. */
export interface Fold {
  readonly chosenOn: readonly number[];
  readonly scoredOn: readonly number[];
}

/** Halves at random, each once for the choice and once for the score; the same at every run. */
export function halves(count: number, times: number): Fold[] {
  const folds: Fold[] = [];
  for (let seed = 1; seed <= times; seed++) {
    const order = shuffled(count, seed);
    const [a, b] = [order.slice(0, count >> 1), order.slice(count >> 1)];
    folds.push({ chosenOn: a, scoredOn: b }, { chosenOn: b, scoredOn: a });
  }
  return folds;
}

function shuffled(count: number, seed: number): number[] {
  const list = Array.from({ length: count }, (_, i) => i);
  let state = seed;
  for (let i = count - 1; i > 0; i--) {
    // A linear congruential generator (Numerical Recipes) is plenty for a shuffle.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const j = Math.floor((state / 2 ** 32) * (i + 1));
    [list[i], list[j]] = [list[j] as number, list[i] as number];
  }
  return list;
}
