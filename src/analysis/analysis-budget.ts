/** Neurons whose intervals are followed, 101 bytes each. */
const FOLLOWED_MAX = 1 << 20;
/** Neurons whose spikes are counted, 4 bytes for each one up to the last that fires. */
const COUNTED_MAX = 1 << 26;

/** Windows that a result lists, over all layers: each is a row of 12 buckets. */
export const WINDOWS_MAX = 200_000;

/** What a population may remember of its neurons, by those that came before it. */
export type NeuronDetail = 'intervals' | 'counts' | 'nothing';

/** Shares out what an analysis may hold, in the order in which layers are met. */
export class AnalysisBudget {
  private followed = 0;
  private counted = 0;
  private windows = 0;

  /** False when no more windows may be listed. */
  takeWindow(): boolean {
    return this.windows++ < WINDOWS_MAX;
  }

  takeNeurons(neurons: number): NeuronDetail {
    if (this.counted + neurons > COUNTED_MAX) return 'nothing';
    this.counted += neurons;
    if (this.followed + neurons > FOLLOWED_MAX) return 'counts';
    this.followed += neurons;
    return 'intervals';
  }
}
