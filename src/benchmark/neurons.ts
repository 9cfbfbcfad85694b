import type { SpikeLists } from './spike-lists.ts';

/** Potentials are sorted into so many bins where a threshold is looked for. */
const BINS = 4096;

/**
 * Leaky integrate-and-fire neurons in whole numbers, `width` of them for each token: u ← u/2 + what
 * arrived; at the threshold a neuron fires and the threshold is taken off.
 */
export class Neurons {
  readonly width: number;
  private readonly tokens: number;
  /** [tokens · width] */
  private readonly potentials: Int32Array;
  private threshold = 1;
  private thresholdSum = 0;
  private calibrated = 0;
  /** Since the last reset. */
  spikes = 0;
  steps = 0;

  constructor(tokens: number, width: number) {
    this.tokens = tokens;
    this.width = width;
    this.potentials = new Int32Array(tokens * width);
  }

  reset(): void {
    this.potentials.fill(0);
    this.spikes = 0;
    this.steps = 0;
  }

  /** Part of the neurons that fired in a step, on average since the last reset. */
  get rate(): number {
    return this.spikes / (this.steps * this.potentials.length);
  }

  /**
   * Takes one step.
   * @param currents [tokens · width]
   * @param spikes takes who fired
   */
  step(currents: Int32Array, spikes: SpikeLists): void {
    const { potentials, threshold, width } = this;
    for (let token = 0; token < this.tokens; token++) {
      const from = token * width;
      let fired = 0;
      for (let i = 0; i < width; i++) {
        const potential = ((potentials[from + i] as number) >> 1) + (currents[from + i] as number);
        const fires = potential >= threshold;
        potentials[from + i] = fires ? potential - threshold : potential;
        if (fires) spikes.ids[from + fired++] = i;
      }
      spikes.counts[token] = fired;
      this.spikes += fired;
    }
    this.steps++;
  }

  /**
   * Ahead of a step of the calibrating run: sets the threshold so that about a part `rate` of the
   * neurons fires in this step. After the run it is the mean over its steps.
   */
  calibrate(currents: Int32Array, rate: number): void {
    const found = this.thresholdFor(currents, rate);
    this.threshold = found;
    this.thresholdSum += found;
    this.calibrated++;
  }

  endCalibration(): void {
    this.threshold = Math.max(1, Math.round(this.thresholdSum / this.calibrated));
  }

  /** The bound above which the share `rate` of next potentials lies, to one bin. */
  private thresholdFor(currents: Int32Array, rate: number): number {
    const { potentials } = this;
    let highest = 1;
    for (let i = 0; i < potentials.length; i++) {
      highest = Math.max(highest, ((potentials[i] as number) >> 1) + (currents[i] as number));
    }
    const bins = new Uint32Array(BINS);
    const scale = BINS / (highest + 1);
    for (let i = 0; i < potentials.length; i++) {
      const next = ((potentials[i] as number) >> 1) + (currents[i] as number);
      if (next <= 0) continue;
      const bin = Math.floor(next * scale);
      bins[bin] = (bins[bin] as number) + 1;
    }
    const wanted = Math.floor(potentials.length * rate);
    let above = 0;
    for (let bin = BINS - 1; bin > 0; bin--) {
      above += bins[bin] as number;
      if (above >= wanted) return Math.max(1, Math.floor(bin / scale));
    }
    return 1;
  }
}
