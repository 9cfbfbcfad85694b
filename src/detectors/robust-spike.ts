/**
 * Robust spike: a point far from the median of the last ones, in units of their median absolute
 * deviation (Hampel, "The influence curve and its role in robust estimation", JASA 1974; Leys et
 * al., J. Exp. Soc. Psychol. 2013), and well outside of all that these reached.
 */
import type { Snapshot } from '../component/state.ts';
import { type OnsetDetector, type OnsetVerdict, quietVerdict } from './onset.ts';
import { RecentMedian } from './recent-median.ts';

export interface RobustSpikeOptions {
  /** Points that are looked back on. */
  readonly window: number;
  readonly pointsMin: number;
  /** In deviations. */
  readonly threshold: number;
  /** How far past all recent points, as a multiple of their way from the median. */
  readonly beyond: number;
  readonly direction: 'up' | 'both';
  readonly sdFloor: (median: number) => number;
  /** Points in a row after which they are what is usual now. */
  readonly adoptAfter: number;
}

export class RobustSpike implements OnsetDetector {
  private readonly options: RobustSpikeOptions;
  private readonly recent: RecentMedian;
  private readonly verdict = quietVerdict();
  private lastTUs = 0;
  private onsetUs = 0;
  private inRow = 0;

  constructor(options: RobustSpikeOptions) {
    this.options = options;
    this.recent = new RecentMedian(options.window);
  }

  next(tUs: number, value: number): OnsetVerdict {
    const { verdict, recent, options } = this;
    const isReady = recent.count >= options.pointsMin;
    const { median } = recent;
    const deviation = Math.max(recent.deviation, options.sdFloor(median));
    const z = (value - median) / deviation;
    const isSpike = isReady && this.isFar(value, z);
    if (isSpike && this.inRow === 0) this.onsetUs = this.lastTUs;
    this.inRow = isSpike ? this.inRow + 1 : 0;
    verdict.score = isReady ? Math.min(1, Math.abs(z) / (2 * options.threshold)) : 0;
    verdict.pValue = isReady ? tailOf(Math.abs(z)) : Number.NaN;
    verdict.isAnomalous = isSpike;
    verdict.expected = isReady ? median : Number.NaN;
    verdict.onsetUs = isSpike ? this.onsetUs : this.lastTUs;
    if (isSpike) verdict.lastUs = tUs;
    verdict.observed = value;
    this.lastTUs = tUs;
    if (!isSpike || this.inRow >= options.adoptAfter) recent.add(value);
    return verdict;
  }

  find(tUs: number, value: number): OnsetVerdict | undefined {
    const { recent, options } = this;
    if (recent.count < options.pointsMin || this.isAmong(value)) {
      this.inRow = 0;
      this.lastTUs = tUs;
      recent.add(value);
      return undefined;
    }
    const verdict = this.next(tUs, value);
    return verdict.isAnomalous ? verdict : undefined;
  }

  /** What recent points reached is beyond none of them: no median is needed to say so. */
  private isAmong(value: number): boolean {
    const { recent, options } = this;
    if (options.beyond <= 1 || value > recent.highest) return false;
    return options.direction === 'up' || value >= recent.lowest;
  }

  private isFar(value: number, z: number): boolean {
    const { recent, options } = this;
    if (options.direction === 'up' ? z < options.threshold : Math.abs(z) < options.threshold) {
      return false;
    }
    const reached = z > 0 ? recent.highest - recent.median : recent.median - recent.lowest;
    return Math.abs(value - recent.median) >= options.beyond * reached;
  }

  snapshot(): Snapshot {
    return [this.recent.snapshot(), this.lastTUs, this.onsetUs, this.inRow, this.verdict.lastUs];
  }

  restore(snapshot: Snapshot): void {
    const [recent, lastTUs, onsetUs, inRow, lastUs] = snapshot as [Snapshot, ...number[]];
    this.recent.restore(recent as Snapshot);
    this.lastTUs = lastTUs as number;
    this.onsetUs = onsetUs as number;
    this.inRow = inRow as number;
    this.verdict.lastUs = lastUs as number;
  }
}

/** Chance of a normal value beyond z on either side (Mills' ratio, an upper bound). */
function tailOf(z: number): number {
  return Math.min(1, (Math.exp((-z * z) / 2) * 2) / (Math.max(z, 0.5) * Math.sqrt(2 * Math.PI)));
}
