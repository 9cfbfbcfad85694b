import type { SpikeLists } from './spike-lists.ts';

/**
 * Attention of spikes, without softmax: q · (kᵀ · v) by heads, in sums of coincidences (Z. Zhou et
 * al., Spikformer, 2023). That product can be taken from the right, which costs less as long as a
 * head is narrower than the tokens are many, and only where spikes meet.
 */
export class Attention {
  private readonly dim: number;
  private readonly headDim: number;
  /** [dim · headDim] how often a key and a value of one head fired for the same token. */
  private readonly together: Int32Array;
  /** [heads + 1] where the spikes of each head begin, of the token at hand. */
  private readonly keysFrom: Uint32Array;
  private readonly valuesFrom: Uint32Array;

  constructor(dim: number, heads: number) {
    this.dim = dim;
    this.headDim = dim / heads;
    this.together = new Int32Array(dim * this.headDim);
    this.keysFrom = new Uint32Array(heads + 1);
    this.valuesFrom = new Uint32Array(heads + 1);
  }

  /**
   * Adds the attention of each token to its currents.
   * @param currents [tokens · dim]
   * @returns synaptic operations: additions that spikes caused
   */
  deliver(
    query: SpikeLists,
    key: SpikeLists,
    value: SpikeLists,
    currents: Int32Array,
    tokens: number,
  ): number {
    this.together.fill(0);
    let operations = 0;
    for (let token = 0; token < tokens; token++) operations += this.meet(key, value, token);
    for (let token = 0; token < tokens; token++) operations += this.ask(query, currents, token);
    return operations;
  }

  private meet(key: SpikeLists, value: SpikeLists, token: number): number {
    const { headDim, together, keysFrom, valuesFrom } = this;
    split(key, token, headDim, keysFrom);
    split(value, token, headDim, valuesFrom);
    const base = token * this.dim;
    let operations = 0;
    for (let head = 0; head + 1 < keysFrom.length; head++) {
      const [keys, keysEnd] = [keysFrom[head] as number, keysFrom[head + 1] as number];
      const [values, valuesEnd] = [valuesFrom[head] as number, valuesFrom[head + 1] as number];
      operations += (keysEnd - keys) * (valuesEnd - values);
      for (let k = keys; k < keysEnd; k++) {
        // A value's place is its id within the head.
        const row = (key.ids[base + k] as number) * headDim - head * headDim;
        for (let v = values; v < valuesEnd; v++) {
          const at = row + (value.ids[base + v] as number);
          together[at] = ((together[at] as number) + 1) | 0;
        }
      }
    }
    return operations;
  }

  private ask(query: SpikeLists, currents: Int32Array, token: number): number {
    const { headDim, together } = this;
    const base = token * this.dim;
    const count = query.counts[token] as number;
    for (let q = 0; q < count; q++) {
      const id = query.ids[base + q] as number;
      const row = id * headDim;
      const to = base + id - (id % headDim);
      for (let j = 0; j < headDim; j++) {
        currents[to + j] = ((currents[to + j] as number) + (together[row + j] as number)) | 0;
      }
    }
    return count * headDim;
  }
}

/** Where the spikes of each head begin among those of a token; ids are in order. */
function split(spikes: SpikeLists, token: number, headDim: number, from: Uint32Array): void {
  const base = token * spikes.width;
  const count = spikes.counts[token] as number;
  let at = 0;
  for (let head = 0; head < from.length; head++) {
    while (at < count && (spikes.ids[base + at] as number) < head * headDim) at++;
    from[head] = at;
  }
}
