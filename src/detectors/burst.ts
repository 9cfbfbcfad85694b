/**
 * Population bursts: a short pane with far more spikes than any before it, as the median and its
 * absolute deviation tell (robust-spike.ts). They stay one finding until none came for a while.
 * What a network burst is, and that a threshold on the population's rate finds it: Chiappalone et
 * al., "Burst detection algorithms for the analysis of spatio-temporal patterns in cortical
 * networks of neurons", Neurocomputing 2005.
 */
import type { Snapshot } from '../component/state.ts';
import type { OnsetDetector, OnsetVerdict } from './onset.ts';
import { RobustSpike, type RobustSpikeOptions } from './robust-spike.ts';

export interface BurstOptions {
  readonly spike: RobustSpikeOptions;
  /** Without a burst for so long, they are over. */
  readonly quietUs: number;
  /** One that lasted for so many points is no train of bursts: over as soon as it is. */
  readonly longPoints: number;
}

export class Burst implements OnsetDetector {
  private readonly spike: RobustSpike;
  private readonly options: BurstOptions;
  private inRow = 0;
  private firstUs = 0;
  private lastUs = 0;
  private peak = 0;
  private isOpen = false;

  constructor(options: BurstOptions) {
    this.spike = new RobustSpike(options.spike);
    this.options = options;
  }

  next(tUs: number, value: number): OnsetVerdict {
    return this.judge(tUs, value, this.spike.next(tUs, value));
  }

  find(tUs: number, value: number): OnsetVerdict | undefined {
    if (this.isOpen) {
      const verdict = this.next(tUs, value);
      return verdict.isAnomalous ? verdict : undefined;
    }
    const spike = this.spike.find(tUs, value);
    return spike === undefined ? undefined : this.judge(tUs, value, spike);
  }

  private judge(tUs: number, value: number, verdict: OnsetVerdict): OnsetVerdict {
    if (verdict.isAnomalous) {
      if (!this.isOpen) this.firstUs = verdict.onsetUs;
      this.peak = this.isOpen ? Math.max(this.peak, value) : value;
      this.inRow = this.isOpen && tUs - this.lastUs < this.options.quietUs / 4 ? this.inRow + 1 : 1;
      this.isOpen = true;
      this.lastUs = tUs;
    } else if (this.isOpen && this.isOver(tUs)) {
      this.isOpen = false;
    }
    if (!this.isOpen) return verdict;
    verdict.isAnomalous = true;
    verdict.onsetUs = this.firstUs;
    verdict.lastUs = this.lastUs;
    verdict.observed = this.peak;
    return verdict;
  }

  private isOver(tUs: number): boolean {
    const { quietUs, longPoints } = this.options;
    return tUs - this.lastUs > (this.inRow >= longPoints ? quietUs / 4 : quietUs);
  }

  snapshot(): Snapshot {
    return [this.spike.snapshot(), this.firstUs, this.lastUs, this.peak, this.isOpen, this.inRow];
  }

  restore(snapshot: Snapshot): void {
    const [spike, firstUs, lastUs, peak, isOpen, inRow] = snapshot as [
      Snapshot,
      ...[number, number, number],
      boolean,
      number,
    ];
    this.spike.restore(spike);
    Object.assign(this, { firstUs, lastUs, peak, isOpen, inRow });
  }
}
