/** Who of `width` neurons fired in a step, for each token. */
export class SpikeLists {
  readonly width: number;
  /** [tokens · width] ids from token · width on, in order; the rest is stale. */
  readonly ids: Uint16Array;
  /** [tokens] how many fired. */
  readonly counts: Uint32Array;

  constructor(tokens: number, width: number) {
    this.width = width;
    this.ids = new Uint16Array(tokens * width);
    this.counts = new Uint32Array(tokens);
  }

  total(): number {
    let total = 0;
    for (let token = 0; token < this.counts.length; token++) total += this.counts[token] as number;
    return total;
  }
}
