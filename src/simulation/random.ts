// xoshiro128** 1.1 by D. Blackman and S. Vigna (public domain, prng.di.unimi.it), its state filled
// by splitmix32 (the finaliser of MurmurHash3, A. Appleby). Integers only, so that every machine
// draws the same numbers.

/** A seeded generator. Each use takes one of its own name, so that none shifts another's draws. */
export class Random {
  private readonly state = new Int32Array(4);

  constructor(seed: number, name: string) {
    let state = (seed ^ hashOf(name)) >>> 0;
    for (let i = 0; i < 4; i++) {
      state = (state + 0x9e3779b9) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
      mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
      this.state[i] = mixed ^ (mixed >>> 16);
    }
  }

  /** 0 … 2^32 - 1. */
  u32(): number {
    const { state } = this;
    let a = state[0] as number;
    let b = state[1] as number;
    let c = state[2] as number;
    let d = state[3] as number;
    const fived = Math.imul(b, 5);
    const result = Math.imul((fived << 7) | (fived >>> 25), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    state[0] = a;
    state[1] = b;
    state[2] = c ^ shifted;
    state[3] = (d << 11) | (d >>> 21);
    return result;
  }

  /** Within [0, 1). */
  unit(): number {
    return this.u32() / 4294967296;
  }

  /** A whole number below `count`; its bias, count / 2^32, is far below what a network shows. */
  below(count: number): number {
    return Math.floor((this.u32() / 4294967296) * count);
  }

  /**
   * Nearly normal, mean 0 and standard deviation 1: the sum of twelve uniform numbers (Irwin and
   * Hall), which needs no logarithm that machines might round differently.
   */
  normal(): number {
    let sum = -6;
    for (let i = 0; i < 12; i++) sum += this.unit();
    return sum;
  }
}

/** FNV-1a, 32 bit. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return hash >>> 0;
}
