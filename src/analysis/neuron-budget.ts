/** Neurons whose intervals are followed, 85 bytes each. */
const FOLLOWED_MAX = 1 << 20;
/** Neurons whose spikes are counted, 4 bytes each. */
const COUNTED_MAX = 1 << 24;

/** What a population may remember of its neurons, by those that came before it. */
export type NeuronDetail = 'intervals' | 'counts' | 'nothing';

/** Shares out the memory for state by neuron, in the order in which layers are met. */
export class NeuronBudget {
  private followed = 0;
  private counted = 0;

  take(neurons: number): NeuronDetail {
    if (this.counted + neurons > COUNTED_MAX) return 'nothing';
    this.counted += neurons;
    if (this.followed + neurons > FOLLOWED_MAX) return 'counts';
    this.followed += neurons;
    return 'intervals';
  }
}
