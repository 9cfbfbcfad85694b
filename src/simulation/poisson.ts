import type { Random } from './random.ts';

/** Chances below this, next to the most likely count's, are left out. */
const TAIL = 1e-12;
const GUIDE = 256;

/**
 * Poisson numbers of one mean, by inversion: a table of the distribution, and a guide that says
 * where to begin in it (L. Devroye, Non-Uniform Random Variate Generation, 1986, III.2.4).
 */
export class Poisson {
  private readonly first: number;
  /** cumulative[i] is the chance of at most first + i; its last entry is 1. */
  private readonly cumulative: Float64Array;
  private readonly guide: Uint32Array;

  /** @param mean 0 … 10^6; the table has some 15·√mean entries */
  constructor(mean: number) {
    if (!(mean >= 0 && mean <= 1e6)) throw new RangeError(`mean ${mean} is not within 0 … 10^6`);
    const mode = Math.floor(mean);
    // Relative to the mode's chance, from it outwards: no exponential, no underflow.
    const above: number[] = [];
    for (let k = mode + 1, p = mean / k; p > TAIL; k++, p *= mean / k) above.push(p);
    const below: number[] = [];
    for (let k = mode, p = k / mean; k > 0 && p > TAIL; k--, p *= k / mean) below.push(p);
    const chances = [...below.reverse(), 1, ...above];
    this.first = mode - below.length;
    this.cumulative = cumulated(chances);
    this.guide = new Uint32Array(GUIDE);
    for (let slot = 0, i = 0; slot < GUIDE; slot++) {
      while ((this.cumulative[i] as number) <= slot / GUIDE) i++;
      this.guide[slot] = i;
    }
  }

  draw(random: Random): number {
    const unit = random.unit();
    let i = this.guide[Math.floor(unit * GUIDE)] as number;
    while ((this.cumulative[i] as number) <= unit) i++;
    return this.first + i;
  }
}

function cumulated(chances: readonly number[]): Float64Array {
  let whole = 0;
  for (const chance of chances) whole += chance;
  const cumulative = new Float64Array(chances.length);
  let sum = 0;
  for (const [i, chance] of chances.entries()) {
    sum += chance;
    cumulative[i] = sum / whole;
  }
  cumulative[chances.length - 1] = 1;
  return cumulative;
}
