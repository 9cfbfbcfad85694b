import { timeColumn } from './column-names.ts';
import type { CoreFile } from './core-frames.ts';
import { columnMax } from './number-rows.ts';
import type { PowerFile } from './power-frames.ts';
import type { SampleFile } from './samples.ts';
import type { Survey } from './survey.ts';

/** Whether a length of a timestep that no file states decides where samples lie. */
export function countsSteps(files: {
  readonly samples: readonly SampleFile[];
  readonly power: readonly PowerFile[];
  readonly cores: readonly CoreFile[];
}): boolean {
  if (files.cores.length > 0) return true;
  if (files.samples.some((file) => file.timestepUs !== undefined && !file.statesTimestep))
    return true;
  return files.power.some((file) => timeColumn(file.timeColumn)?.isStep);
}

/** From 2000 on, µs since the epoch: no run of a simulator counts so far. */
const EPOCH_US_MIN = 946_684_800_000_000;

/**
 * Where a recording begins: as its files say, else at 0, or with the first sample of a live one.
 */
export function planStartUs(survey: Survey, samples: readonly SampleFile[]): number {
  const stated = samples.map((file) => file.startUs).filter((startUs) => startUs !== undefined);
  const first = survey.samples > 0 ? [survey.minUs] : [];
  if (stated.length > 0) return Math.min(...first, ...stated);
  return survey.minUs >= EPOCH_US_MIN ? survey.minUs : 0;
}

/** End of the data, where no meta.json states a duration: the latest of all files. */
export async function planEndUs(
  survey: Survey,
  samples: readonly SampleFile[],
  power: readonly PowerFile[],
  cores: readonly CoreFile[],
): Promise<number> {
  let endUs = Math.max(survey.maxUs, ...samples.map((file) => file.endUs ?? 0));
  for (const { path, timeColumn, timeUnitUs } of power) {
    endUs = Math.max(endUs, Math.round((await columnMax(path, timeColumn)) * timeUnitUs));
  }
  for (const { path, dtUs } of cores) {
    endUs = Math.max(endUs, Math.round((await columnMax(path, 'last_timestep')) * dtUs));
  }
  return endUs;
}
