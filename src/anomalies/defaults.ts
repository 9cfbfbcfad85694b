import { type BaselineOptions, noiseFloor } from '../detectors/baseline.ts';
import { Burst } from '../detectors/burst.ts';
import { Drift } from '../detectors/drift.ts';
import { Extremes } from '../detectors/extremes.ts';
import { FlatLine } from '../detectors/flat-line.ts';
import { LevelShift, type LevelShiftOptions } from '../detectors/level-shift.ts';
import type { OnsetDetector } from '../detectors/onset.ts';
import { RobustSpike } from '../detectors/robust-spike.ts';
import { Silence } from '../detectors/silence.ts';
import type { DetectorName, TakeFinding } from './finding.ts';
import type { AnomalyOptions, SeriesName } from './options.ts';
import { RateGroup } from './rate-group.ts';
import { WatchedSeries } from './watched-series.ts';

/** Counts vary by chance alone as their root; some populations are more regular than chance. */
const countFloor = noiseFloor(0.7, 0, 0.3);
/** No meter is known better than this. */
const meterFloor = noiseFloor(0, 0.01, 1e-30);

/** Detectors of the default set, made for a series whose points are `pointUs` apart. */
export class DetectorSet {
  private readonly options: AnomalyOptions;
  private readonly take: TakeFinding;

  constructor(options: AnomalyOptions, take: TakeFinding) {
    this.options = options;
    this.take = take;
  }

  isOn(detector: DetectorName, series: SeriesName): boolean {
    return !this.options.off.includes(detector) && !this.options.series_off.includes(series);
  }

  baseline(pointUs: number, pointsMin: number, sdFloor: (mean: number) => number): BaselineOptions {
    const { baseline, memory } = this.options;
    const points = Math.max(pointsMin, Math.ceil(baseline / pointUs));
    return {
      pointsMin: points,
      memory: Math.max(4 * points, Math.ceil(memory / pointUs)),
      startShare: 0.5,
      lag: Math.max(2, Math.min(20, Math.ceil(200_000 / pointUs))),
      sdFloor,
    };
  }

  level(
    pointUs: number,
    effectMin: number,
    sdFloor: (mean: number) => number,
    more: Partial<LevelShiftOptions> = {},
  ): LevelShiftOptions {
    const { adopt, level_shift_threshold } = this.options;
    return {
      baseline: this.baseline(pointUs, 6, sdFloor),
      allowance: 1,
      threshold: level_shift_threshold,
      zMax: 4,
      effectMin,
      effectMinAbsolute: 0,
      learnsSmall: true,
      adoptAfter: Math.ceil(adopt / pointUs),
      ...more,
    };
  }

  rate(pointUs: number): RateGroup {
    return new RateGroup({
      silence: this.silence(pointUs),
      level: this.countLevel(pointUs),
      burst: this.burst(pointUs),
    });
  }

  countLevel(pointUs: number): WatchedSeries<LevelShift> | undefined {
    const options = this.level(pointUs, this.options.level_shift_effect, countFloor);
    return this.watched('level-shift', 'rate', new LevelShift(options));
  }

  private silence(pointUs: number): WatchedSeries<Silence> | undefined {
    const silence = new Silence({
      baseline: this.baseline(pointUs, 6, countFloor),
      pValueMax: this.options.silence_p_value,
      pointsMin: Math.ceil(50_000 / pointUs),
      beyond: 4,
      backAt: 0.1,
    });
    return this.watched('silence', 'rate', silence);
  }

  private burst(pointUs: number): WatchedSeries<Burst> | undefined {
    const burst = new Burst({
      spike: {
        window: 200,
        pointsMin: Math.ceil(this.options.baseline / pointUs),
        threshold: this.options.spike_threshold,
        beyond: 2.5,
        direction: 'up',
        sdFloor: (median) => Math.max(Math.sqrt(Math.max(0, median)), 1),
        adoptAfter: 100,
      },
      quietUs: 350_000,
      longPoints: 10,
    });
    return this.watched('burst', 'rate', burst);
  }

  /** For any number that a chip tells: level, single points out of line. */
  meter(series: SeriesName, pointUs: number, effectMin: number, isCount = false): WatchedSeries[] {
    const sdFloor = isCount ? countFloor : meterFloor;
    const more = isCount ? { effectMinAbsolute: 5 } : {};
    const options = this.level(pointUs, effectMin, sdFloor, more);
    // A climb that begins early must not be learned.
    const level = new LevelShift({ ...options, baseline: { ...options.baseline, startShare: 1 } });
    const spike = new RobustSpike({
      window: 200,
      pointsMin: 50,
      threshold: this.options.spike_threshold,
      beyond: 3,
      direction: 'both',
      sdFloor: (median) => Math.max(sdFloor(median), isCount ? 5 : 0.02 * Math.abs(median)),
      adoptAfter: 100,
    });
    return [...this.made('level-shift', series, level), ...this.made('spike', series, spike)];
  }

  drift(series: SeriesName, pointUs: number, block: number): WatchedSeries[] {
    const drift = new Drift({
      block,
      level: {
        ...this.level(pointUs * block, this.options.drift_effect, meterFloor),
        baseline: {
          ...this.baseline(pointUs * block, 10, meterFloor),
          // What climbs slowly must not be learned as it climbs.
          memory: 4000,
          startShare: 1,
          lag: 20,
        },
        allowance: 0.5,
        learnsSmall: false,
        threshold: 2 * this.options.level_shift_threshold,
        zMax: 6,
      },
    });
    return this.made('drift', series, drift);
  }

  extremes(series: SeriesName): WatchedSeries[] {
    const extremes = new Extremes({
      calibration: 500,
      level: 0.98,
      q: this.options.extreme_q,
      peaksMax: 200,
      effectMin: 0.25,
      adoptAfter: 200,
    });
    return this.made('extreme', series, extremes);
  }

  flatLine(series: SeriesName): WatchedSeries[] {
    const flat = new FlatLine({
      changesMin: 20,
      beyond: 8,
      pointsMin: 30,
      durationMinUs: 250_000,
    });
    return this.made('flat-line', series, flat);
  }

  private made(name: DetectorName, series: SeriesName, detector: OnsetDetector): WatchedSeries[] {
    const watched = this.watched(name, series, detector);
    return watched === undefined ? [] : [watched];
  }

  /** Undefined where it is switched off. */
  watched<D extends OnsetDetector>(
    name: DetectorName,
    series: SeriesName,
    detector: D,
  ): WatchedSeries<D> | undefined {
    return this.isOn(name, series) ? new WatchedSeries(name, detector, this.take) : undefined;
  }

  get takeFinding(): TakeFinding {
    return this.take;
  }
}
