import type { z } from 'zod';
import type { Detector } from '../component/detector.ts';
import { NearestDetector, nearestOptions } from './nearest.ts';

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

export const DETECTORS: Readonly<Record<string, NamedDetector>> = {
  nearest: named(
    'any series: nothing in its past looks like its newest points',
    nearestOptions,
    (options) => new NearestDetector(options),
  ),
};
