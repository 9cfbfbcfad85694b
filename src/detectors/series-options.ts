import { z } from 'zod';
import { noiseFloor } from './baseline.ts';

/**
 * Options of the classic detectors as a user sets them for one series of a file, in points: what
 * is known of a series of a chip (its unit, its chance variation) is not known here.
 */
const points = (value: number, what: string) =>
  z.int().min(3).max(1_000_000).default(value).describe(what);
const threshold = (value: number, what: string) =>
  z.number().min(1).max(1000).default(value).describe(what);
const effect = z
  .number()
  .min(0)
  .max(1000)
  .default(0.05)
  .describe('Least change that matters, as a part of what is expected.');

/** No number of a file is known better than this. */
export const sdFloor = noiseFloor(0, 1e-3, 1e-9);

export const levelOptions = z.strictObject({
  baseline: points(150, 'Points taken as normal before there are verdicts.'),
  memory: points(5000, 'Points after which an old one weighs a third.'),
  threshold: threshold(10, 'Of the sum, in deviations.'),
  allowance: z.number().min(0.1).max(10).default(1).describe('Half the shift looked for.'),
  effect,
  adopt: points(1000, 'Points of a new level before it is normal.'),
});

export const driftOptions = z.strictObject({
  ...levelOptions.shape,
  block: points(12, 'Points that are averaged.'),
  baseline: points(20, 'Blocks taken as normal before there are verdicts.'),
  threshold: threshold(20, 'Of the sum, in deviations of a block.'),
  allowance: z.number().min(0.1).max(10).default(0.5).describe('Half the drift looked for.'),
});

export const spikeOptions = z.strictObject({
  window: points(200, 'Points that are looked back on.'),
  threshold: threshold(10, 'Distance from the median, in robust deviations.'),
  beyond: z.number().min(1).max(100).default(1.5).describe('How far past all recent points.'),
  adopt: points(100, 'Points in a row that are usual after all.'),
});

export const flatLineOptions = z.strictObject({
  changes: points(20, 'Changes that a series has had before it may be flat.'),
  points: points(30, 'The least run that counts.'),
  beyond: z.number().min(1).max(100).default(8).describe('How much longer than the longest run.'),
});

export const extremeOptions = z.strictObject({
  calibration: points(500, 'Points before there are verdicts.'),
  q: z.number().min(1e-30).max(0.1).default(1e-4).describe('Chance of a false extreme, a point.'),
  effect,
});
