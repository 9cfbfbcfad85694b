import type { HeldState, Snapshot } from '../component/state.ts';
import { quietVerdict } from '../detectors/onset.ts';
import type { FrameHeader } from '../frames/header.ts';
import { OWN_EMITTER } from '../frames/header.ts';
import type { DetectorSet } from './defaults.ts';
import type { SeriesAbout } from './finding.ts';
import { FindingMaker } from './watched-series.ts';

/**
 * Frames of one layer or chip that stopped coming: the service says so by arrival, as a log line of
 * its own; the next frame tells that they come again.
 */
export class Stopped implements HeldState {
  private readonly about: SeriesAbout;
  private readonly maker: FindingMaker;
  private readonly verdict = quietVerdict();
  /** End of its last frame. */
  private endUs: number;

  constructor(about: SeriesAbout, set: DetectorSet) {
    this.about = { ...about, series: 'frames', unit: 's' };
    this.maker = new FindingMaker('silence', set.takeFinding);
    this.endUs = -1;
  }

  get knownUs(): number {
    return this.isRaised ? Math.max(this.endUs, this.verdict.lastUs) : this.endUs;
  }

  get isRaised(): boolean {
    return this.maker.isRaised;
  }

  goOn({ t0Us, spanUs, emitter }: FrameHeader): void {
    if (emitter === OWN_EMITTER) return;
    if (this.maker.isRaised) {
      this.say(t0Us);
      this.maker.clear(t0Us);
    }
    this.endUs = t0Us + spanUs;
  }

  /** Nothing came until `tUs`. */
  say(tUs: number): void {
    const { verdict, endUs } = this;
    if (endUs < 0 || tUs <= endUs) return;
    verdict.isAnomalous = true;
    verdict.score = 1;
    verdict.onsetUs = endUs;
    verdict.lastUs = tUs;
    verdict.observed = (tUs - endUs) / 1e6;
    this.maker.hear(this.about, tUs, verdict);
  }

  /** It is not expected to come again. */
  giveUp(tUs: number): void {
    this.maker.clear(tUs);
  }

  snapshot(): Snapshot {
    return [this.maker.snapshot(), this.endUs, this.verdict.lastUs];
  }

  restore(snapshot: Snapshot): void {
    const [maker, endUs, lastUs] = snapshot as readonly [Snapshot, number, number];
    this.maker.restore(maker);
    this.verdict.lastUs = lastUs;
    this.endUs = endUs;
  }
}
