import type { z } from 'zod';
import type { Detector } from '../component/detector.ts';
import { Drift } from './drift.ts';
import { Extremes } from './extremes.ts';
import { FlatLine } from './flat-line.ts';
import { LevelShift, type LevelShiftOptions } from './level-shift.ts';
import { NearestDetector, nearestOptions } from './nearest.ts';
import { RobustSpike } from './robust-spike.ts';
import {
  driftOptions,
  extremeOptions,
  flatLineOptions,
  levelOptions,
  sdFloor,
  spikeOptions,
} from './series-options.ts';

/** A detector as a command or a configuration names it. */
export interface NamedDetector {
  readonly summary: string;
  /** What can be set; all of it has defaults. */
  readonly options: z.ZodType;
  /** A detector of one series; `values` are options as a user wrote them. */
  create(values: unknown): Detector;
}

function named<T extends z.ZodType>(
  summary: string,
  options: T,
  make: (values: z.output<T>) => Detector,
): NamedDetector {
  return { summary, options, create: (values) => make(options.parse(values)) };
}

function levelShift(
  { baseline, memory, threshold, allowance, effect, adopt }: z.output<typeof levelOptions>,
  startShare: number,
): LevelShiftOptions {
  return {
    baseline: { pointsMin: baseline, memory, startShare, lag: 5, sdFloor },
    ...{ allowance, threshold, zMax: 4 },
    effectMin: effect,
    effectMinAbsolute: 0,
    learnsSmall: startShare < 1,
    adoptAfter: adopt,
  };
}

export const DETECTORS: Readonly<Record<string, NamedDetector>> = {
  nearest: named(
    'any series: nothing in its past looks like its newest points',
    nearestOptions,
    (options) => new NearestDetector(options),
  ),
  'level-shift': named(
    'a level that has changed (CUSUM)',
    levelOptions,
    (options) => new LevelShift(levelShift(options, 0.5)),
  ),
  drift: named(
    'a slow way off from a long past (Page-Hinkley)',
    driftOptions,
    ({ block, ...options }) => new Drift({ block, level: levelShift(options, 1) }),
  ),
  spike: named(
    'single points far from the median (MAD)',
    spikeOptions,
    ({ window, threshold, beyond, adopt }) =>
      new RobustSpike({
        ...{ window, threshold, beyond, sdFloor },
        pointsMin: Math.min(window, 50),
        direction: 'both',
        adoptAfter: adopt,
      }),
  ),
  'flat-line': named(
    'a series that used to change says the same again and again',
    flatLineOptions,
    ({ changes, points, beyond }) =>
      new FlatLine({ changesMin: changes, pointsMin: points, beyond, durationMinUs: 0 }),
  ),
  extreme: named(
    'values beyond the tail of what came before (SPOT)',
    extremeOptions,
    ({ calibration, q, effect }) =>
      new Extremes({
        ...{ calibration, q },
        level: 0.98,
        peaksMax: 200,
        effectMin: effect,
        adoptAfter: 200,
      }),
  ),
};
