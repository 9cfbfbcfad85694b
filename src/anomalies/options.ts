import { z } from 'zod';
import { duration } from '../component/duration.ts';
import { DETECTORS } from './finding.ts';

const threshold = (value: number, what: string) =>
  z.number().min(1).max(1000).default(value).describe(what);

const effect = (value: number, what: string) =>
  z.number().min(0).max(100).default(value).describe(what);

/** What the series are, as they are named in findings. */
export const SERIES = [
  'rate',
  'rate_ratio',
  'synchrony',
  'membrane',
  'power',
  'rail',
  'step',
  'core',
  'frames',
] as const;
export type SeriesName = (typeof SERIES)[number];

/** The section `pipelines.anomalies` of the configuration. */
export const anomalyOptions = z.strictObject({
  off: z.array(z.enum(DETECTORS)).default([]).describe('Detectors that are switched off.'),
  series_off: z.array(z.enum(SERIES)).default([]).describe('Series that nothing is looked for in.'),
  lateness: duration(0, 500_000)
    .prefault('200ms')
    .describe('How far frames may lag behind the newest of their layer and chip.'),
  baseline: duration(100_000, 60_000_000)
    .prefault('300ms')
    .describe('Time of a series that is taken as normal before there are verdicts.'),
  memory: duration(1_000_000, 3_600_000_000)
    .prefault('30s')
    .describe('How far back what is normal reaches.'),
  adopt: duration(1_000_000, 24 * 3_600_000_000)
    .prefault('10m')
    .describe('A new level that has stayed so long is normal: its incident closes.'),
  gather: duration(0, 10_000_000)
    .prefault('250ms')
    .describe('Time for all signs of a fault to come before its incident opens.'),
  hold: duration(10_000, 60_000_000)
    .prefault('500ms')
    .describe('Time without a sign before an incident closes.'),
  merge: duration(0, 60_000_000)
    .prefault('1s')
    .describe('Signs that began within this time of each other are of one fault.'),
  level_shift_threshold: threshold(10, 'Of the level shift, in deviations: larger is calmer.'),
  level_shift_effect: effect(0.3, 'Least change of a rate that matters, as a part of it.'),
  power_effect: effect(0.08, 'Least change of a power that matters, as a part of it.'),
  step_effect: effect(0.3, 'Least change of the length of a step that matters.'),
  drift_effect: effect(0.03, 'Least change by drift of a power that matters, in the mean.'),
  spike_threshold: threshold(12, 'Of spikes and bursts, in robust deviations.'),
  core_threshold: threshold(6, 'Of a core out of line, in deviations.'),
  core_factor: z
    .number()
    .min(1.1)
    .max(1000)
    .default(2.5)
    .describe('Least factor between a core and its neighbours that matters.'),
  silence_p_value: z
    .number()
    .min(1e-30)
    .max(0.01)
    .default(1e-10)
    .describe('Chance at which a layer without spikes is called silent.'),
  extreme_q: z
    .number()
    .min(1e-30)
    .max(0.01)
    .default(1e-9)
    .describe('Chance of a false extreme, a point.'),
  parts_max: z
    .int()
    .min(1)
    .max(100_000)
    .default(1024)
    .describe('Layers on chips that are watched; of the rest nothing is found.'),
  chips_max: z
    .int()
    .min(1)
    .max(100_000)
    .default(1024)
    .describe('Series of chips (rails, counters, potentials) that are watched; likewise.'),
  cores_max: z
    .int()
    .min(1)
    .max(100_000)
    .default(4096)
    .describe('Cores of a chip that are watched; likewise.'),
  incidents_max: z
    .int()
    .min(1)
    .max(10_000)
    .default(64)
    .describe('Incidents that are open at once; further faults join none, and are counted.'),
  mutes_max: z
    .int()
    .min(1)
    .max(10_000)
    .default(256)
    .describe('Chips and layers that are muted at once; further mutes are refused, and counted.'),
});

export type AnomalyOptions = z.infer<typeof anomalyOptions>;
