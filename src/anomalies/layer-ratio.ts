import type { HeldState, Snapshot } from '../component/state.ts';
import { noiseFloor } from '../detectors/baseline.ts';
import { countRatio, RateRatio } from '../detectors/rate-ratio.ts';
import type { DetectorSet } from './defaults.ts';
import type { SeriesAbout } from './finding.ts';
import { WatchedGroup } from './watched-series.ts';

/** Windows of the one that wait for the same ones of the other. */
const WAITING_MAX = 32;
/** Spikes of both layers in a window, below which their ratio says little. */
const SPIKES_MIN = 20;

/** What a layer fires for each spike of the layer that came before it. */
export class LayerRatio implements HeldState {
  private readonly about: SeriesAbout;
  private readonly group: WatchedGroup;
  /** Of the layer before, and of the layer: ends of windows and their spikes, the oldest first. */
  private waiting: readonly [[number, number][], [number, number][]] = [[], []];

  constructor(about: SeriesAbout, windowUs: number, set: DetectorSet) {
    this.about = { ...about, series: 'rate_ratio', unit: '' };
    const level = set.level(windowUs, 0, noiseFloor(0, 0, 0.05), {
      effectMinAbsolute: Math.log(2),
      zMax: 5,
    });
    this.group = new WatchedGroup([set.watched('rate-ratio', 'rate_ratio', new RateRatio(level))]);
  }

  /** A window of one of the two; `side` 0 for the layer before. */
  next(side: 0 | 1, endUs: number, spikes: number): void {
    const own = this.waiting[side];
    const others = this.waiting[1 - side] as [number, number][];
    while (others.length > 0 && (others[0] as [number, number])[0] < endUs) others.shift();
    const [first] = others;
    if (first?.[0] !== endUs) {
      own.push([endUs, spikes]);
      if (own.length > WAITING_MAX) own.shift();
      return;
    }
    others.shift();
    const [before, after] = side === 0 ? [spikes, first[1]] : [first[1], spikes];
    if (before + after < SPIKES_MIN) return;
    this.group.next(this.about, endUs, countRatio(after, before));
  }

  /** One of the two starts anew. */
  clear(tUs: number): void {
    this.group.clear(tUs);
    this.waiting = [[], []];
  }

  snapshot(): Snapshot {
    return [this.group.snapshot(), structuredClone(this.waiting) as unknown as Snapshot];
  }

  restore(snapshot: Snapshot): void {
    const [group, waiting] = snapshot as readonly [Snapshot, Snapshot];
    this.group.restore(group);
    this.waiting = structuredClone(waiting) as unknown as [[number, number][], [number, number][]];
  }
}
