import type { Burst } from '../detectors/burst.ts';
import type { LevelShift } from '../detectors/level-shift.ts';
import type { Silence } from '../detectors/silence.ts';
import type { SeriesAbout } from './finding.ts';
import { WatchedGroup, type WatchedSeries } from './watched-series.ts';

/** Of those that are on. */
export interface RateDetectors {
  readonly silence: WatchedSeries<Silence> | undefined;
  readonly level: WatchedSeries<LevelShift> | undefined;
  readonly burst: WatchedSeries<Burst> | undefined;
}

/**
 * The three that see every pane of every layer. Each is called where no other is, by which the
 * compiler puts it in its place; a group that calls whatever it holds takes half as long again.
 */
export class RateGroup extends WatchedGroup {
  private readonly rate: RateDetectors;

  constructor(rate: RateDetectors) {
    super([rate.silence, rate.level, rate.burst]);
    this.rate = rate;
  }

  override next(about: SeriesAbout, tUs: number, value: number): void {
    const { silence, level, burst } = this.rate;
    if (silence !== undefined) silence.maker.heed(about, tUs, silence.detector.find(tUs, value));
    if (level !== undefined) level.maker.heed(about, tUs, level.detector.find(tUs, value));
    if (burst !== undefined) burst.maker.heed(about, tUs, burst.detector.find(tUs, value));
  }
}
