import type { HeldState, Snapshot } from '../component/state.ts';
import { noiseFloor } from '../detectors/baseline.ts';
import type { LevelShift } from '../detectors/level-shift.ts';
import { indexOfDispersion, Synchrony } from '../detectors/synchrony.ts';
import type { SpikesFrame } from '../frames/spikes.ts';
import { changePoint } from '../numerics/change-point.ts';
import type { DetectorSet } from './defaults.ts';
import type { Finding, SeriesAbout } from './finding.ts';
import { type BinnedFrame, LayerPanes, PANE_US } from './layer-panes.ts';
import type { LayerRatio } from './layer-ratio.ts';
import type { RateGroup } from './rate-group.ts';
import type { Stopped } from './stopped.ts';
import type { WatchedSeries } from './watched-series.ts';

/** Panes of the slower series: 100 ms. */
const SLOW = 10;
export const SLOW_US = SLOW * PANE_US;
const BIN_US = 1000;
/** Spikes that an index of dispersion needs to say anything. */
const SYNCHRONY_SPIKES_MIN = 50;
/** How far around a found onset the 1 ms bins are looked at. */
const REFINE_BINS = 60;

/** Everything that is looked for in one layer on one chip. */
export class LayerWatch implements HeldState {
  readonly about: SeriesAbout;
  readonly stream: string;
  readonly panes: LayerPanes;
  private readonly fast: RateGroup;
  private readonly slow: WatchedSeries<LevelShift> | undefined;
  private readonly synchrony: WatchedSeries<Synchrony> | undefined;
  private readonly synchronyAbout: SeriesAbout;
  /** Whether its frames come, and those of its chip, kept at hand. */
  stopped: Stopped | undefined;
  chipStopped: Stopped | undefined;
  /** Against the layer before, and of the layer after against this one. */
  ratio: LayerRatio | undefined;
  ratioAfter: LayerRatio | undefined;
  /** Spikes of the 100 ms that are under way, and their panes so far. */
  private slowSpikes = 0;
  private slowPanes = 0;

  constructor(about: SeriesAbout, stream: string, set: DetectorSet, latenessUs: number) {
    this.about = about;
    this.stream = stream;
    this.panes = new LayerPanes(latenessUs);
    this.fast = set.rate(PANE_US);
    this.slow = set.countLevel(SLOW_US);
    this.synchronyAbout = { ...about, series: 'synchrony', unit: '' };
    const index = set.level(SLOW_US, 0, noiseFloor(0, 0, 0.1), {
      effectMinAbsolute: Math.log(3),
      zMax: 5,
    });
    this.synchrony = set.watched('synchrony', 'synchrony', new Synchrony(index));
  }

  next(frame: SpikesFrame, bins: BinnedFrame): void {
    if (this.panes.startsAnew(frame)) this.start(frame);
    this.panes.next(frame, bins, this.takePane);
  }

  private start(frame: SpikesFrame): void {
    const { doneUs } = this.panes;
    this.fast.clear(doneUs);
    for (const each of [this.slow, this.synchrony]) each?.maker.clear(doneUs);
    for (const ratio of [this.ratio, this.ratioAfter]) ratio?.clear(doneUs);
    this.panes.start(frame);
    const perNeuron = 1e6 / frame.neuronCount;
    this.fast.scaleTo(perNeuron / PANE_US);
    if (this.slow !== undefined) this.slow.maker.scale = perNeuron / SLOW_US;
    this.slowPanes = 0;
    this.slowSpikes = 0;
  }

  private readonly takePane = (endUs: number, spikes: number): void => {
    this.fast.next(this.about, endUs, spikes);
    // Panes of 100 ms begin at whole ones, and are whole or none.
    const at = (endUs / PANE_US - 1) % SLOW;
    if (at === 0) {
      this.slowPanes = 0;
      this.slowSpikes = 0;
    }
    this.slowPanes++;
    this.slowSpikes += spikes;
    if (at !== SLOW - 1 || this.slowPanes !== SLOW) return;
    this.takeSlow(endUs);
  };

  private takeSlow(endUs: number): void {
    this.slow?.next(this.about, endUs, this.slowSpikes);
    this.ratio?.next(1, endUs, this.slowSpikes);
    this.ratioAfter?.next(0, endUs, this.slowSpikes);
    if (this.synchrony === undefined || this.slowSpikes < SYNCHRONY_SPIKES_MIN) return;
    const bin = endUs / BIN_US;
    const index = indexOfDispersion(this.panes.ring, bin - SLOW_US / BIN_US, bin);
    if (index === undefined) return;
    this.synchrony.next(this.synchronyAbout, endUs, index);
  }

  /** The ms in which a change of the rate most likely began (maximum likelihood, Poisson). */
  refinedOnset({ onsetUs, tUs, expected, observed, about }: Finding): number {
    if (about.series !== 'rate' || expected === null || observed === null) return onsetUs;
    const perBin = this.panes.neurons / 1000;
    const onset = Math.floor(onsetUs / BIN_US);
    const from = onset - REFINE_BINS;
    const to = Math.min(onset + REFINE_BINS, Math.floor(tUs / BIN_US));
    const end = Math.floor(tUs / BIN_US);
    const { ring } = this.panes;
    return BIN_US * changePoint(ring, { from, to, end }, expected * perBin, observed * perBin);
  }

  finish(): void {
    this.panes.finish(this.takePane);
  }

  snapshot(): Snapshot {
    return {
      panes: this.panes.snapshot(),
      fast: this.fast.snapshot(),
      slow: this.slow?.snapshot() ?? null,
      synchrony: this.synchrony?.snapshot() ?? null,
      // Its other end does not hold it.
      ratio: this.ratio?.snapshot() ?? null,
      under: [this.slowSpikes, this.slowPanes],
    };
  }

  restore(snapshot: Snapshot): void {
    const kept = snapshot as Readonly<Record<string, Snapshot>>;
    this.panes.restore(kept['panes'] as Snapshot);
    this.fast.restore(kept['fast'] as Snapshot);
    if (kept['slow'] !== null) this.slow?.restore(kept['slow'] as Snapshot);
    if (kept['synchrony'] !== null) this.synchrony?.restore(kept['synchrony'] as Snapshot);
    if (kept['ratio'] !== null) this.ratio?.restore(kept['ratio'] as Snapshot);
    [this.slowSpikes, this.slowPanes] = kept['under'] as [number, number];
  }
}
