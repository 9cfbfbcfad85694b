/** An interval up to this long begins a burst. */
export const BEGIN_US = 10_000;
/** An interval longer than this ends it. */
const END_US = 20_000;
const DURATION_MIN_MS = 5;
const SPIKES_MIN = 3;

/**
 * Bursts of each neuron by the MaxInterval method (NeuroExplorer; Cotterill et al. 2016,
 * J. Neurophysiol. 116:306): an interval ≤ 10 ms begins a burst, one > 20 ms ends it, bursts less
 * than 20 ms apart are one, and what is shorter than 5 ms or has less than 3 spikes is none. The
 * third step never has anything to do here: two bursts are always more than the 20 ms apart that
 * ended the first.
 *
 * Intervals and durations are compared as differences of times in float64 ms, as NumPy has them:
 * on a grid of 0.1 ms many intervals are exactly at a limit, and rounding decides.
 */
export class MaxIntervalBursts {
  bursts = 0;
  /** Spikes in bursts. */
  spikes = 0;
  neurons = 0;
  /** [neurons] spikes of the burst that is open; 0 for none. */
  readonly length: Uint32Array;
  /** [neurons] µs of the first spike of that burst. */
  private readonly startUs: Float64Array;
  /** [neurons] 1 where a burst was found. */
  private readonly has: Uint8Array;

  constructor(neuronCount: number) {
    this.length = new Uint32Array(neuronCount);
    this.startUs = new Float64Array(neuronCount);
    this.has = new Uint8Array(neuronCount);
  }

  /**
   * A spike and the one before it of the same neuron. Most spikes are in no burst and begin none:
   * only those need to be told here whose `length` is not 0, or whose interval is at most 10 ms.
   */
  follow(neuron: number, lastUs: number, timeUs: number): void {
    const length = this.length[neuron] as number;
    if (length === 0) {
      if (!isWithin(lastUs, timeUs, BEGIN_US)) return;
      this.startUs[neuron] = lastUs;
      this.length[neuron] = 2;
    } else if (isWithin(lastUs, timeUs, END_US)) {
      this.length[neuron] = length + 1;
    } else {
      this.close(neuron, lastUs);
    }
  }

  /** All trains have ended, each with the spike at `lastUs`. */
  finish(lastUs: (neuron: number) => number): void {
    for (let neuron = 0; neuron < this.length.length; neuron++) {
      if ((this.length[neuron] as number) > 0) this.close(neuron, lastUs(neuron));
    }
  }

  private close(neuron: number, endUs: number): void {
    const length = this.length[neuron] as number;
    this.length[neuron] = 0;
    const tookMs = endUs / 1000 - (this.startUs[neuron] as number) / 1000;
    if (tookMs < DURATION_MIN_MS || length < SPIKES_MIN) return;
    this.bursts++;
    this.spikes += length;
    if (this.has[neuron] === 1) return;
    this.has[neuron] = 1;
    this.neurons++;
  }
}

function isWithin(lastUs: number, timeUs: number, limitUs: number): boolean {
  const tookUs = timeUs - lastUs;
  if (tookUs !== limitUs) return tookUs < limitUs;
  return timeUs / 1000 - lastUs / 1000 <= limitUs / 1000;
}
