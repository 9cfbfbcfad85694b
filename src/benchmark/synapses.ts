import type { Random } from '../simulation/random.ts';
import type { SpikeLists } from './spike-lists.ts';

/**
 * All-to-all synapses of 8 bits between two layers, the same for every token. Only neurons that
 * fired cost anything: each adds its row of weights to the currents of all its targets.
 */
export class Synapses {
  readonly inputs: number;
  readonly outputs: number;
  /** [inputs · outputs] odd numbers from -127 to 127, evenly spread: their mean is 0. */
  private readonly weights: Int8Array;

  constructor(inputs: number, outputs: number, random: Random) {
    this.inputs = inputs;
    this.outputs = outputs;
    const weights = new Int8Array(inputs * outputs);
    // Byte by byte, so that the order of bytes in a word plays no part. Widths are of 2 at least.
    for (let i = 0; i < weights.length; i += 2) {
      const drawn = random.u32();
      weights[i] = drawn | 1;
      weights[i + 1] = (drawn >>> 8) | 1;
    }
    this.weights = weights;
  }

  /**
   * Adds what the spikes of each token bring to its currents.
   * @param currents [tokens · outputs]
   * @returns synaptic operations: spikes times fan-out
   */
  deliver(spikes: SpikeLists, currents: Int32Array, tokens: number): number {
    let operations = 0;
    for (let token = 0; token < tokens; token++) {
      const count = spikes.counts[token] as number;
      this.deliverToken(spikes.ids, token * spikes.width, count, currents, token * this.outputs);
      operations += count * this.outputs;
    }
    return operations;
  }

  /** Four rows at a time: a current is read and written once for all of them. */
  private deliverToken(
    ids: Uint16Array,
    from: number,
    count: number,
    currents: Int32Array,
    to: number,
  ): void {
    const { weights, outputs } = this;
    let i = 0;
    for (; i + 4 <= count; i += 4) {
      const a = (ids[from + i] as number) * outputs;
      const b = (ids[from + i + 1] as number) * outputs;
      const c = (ids[from + i + 2] as number) * outputs;
      const d = (ids[from + i + 3] as number) * outputs;
      for (let j = 0; j < outputs; j++) {
        currents[to + j] =
          ((currents[to + j] as number) +
            (weights[a + j] as number) +
            (weights[b + j] as number) +
            (weights[c + j] as number) +
            (weights[d + j] as number)) |
          0;
      }
    }
    for (; i < count; i++) {
      const a = (ids[from + i] as number) * outputs;
      for (let j = 0; j < outputs; j++) {
        currents[to + j] = ((currents[to + j] as number) + (weights[a + j] as number)) | 0;
      }
    }
  }
}
