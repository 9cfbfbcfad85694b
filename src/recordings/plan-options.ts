import { isToken } from '../frames/subject.ts';
import { timeUnitUs } from './column-names.ts';

/** What whoever opens a recording knows better than the recording. */
export interface OpenOptions {
  /** Instead of what the recording says or its format means. */
  readonly deviceType?: string;
  readonly chipId?: string;
  /** Length of a timestep in ms, where times are steps. */
  readonly dtMs?: number;
  /** Unit of times in files that name none: `ns`, `us`, `ms` or `s`. */
  readonly timeUnit?: string;
  /** Sorts samples by time before they are read, however ordered the files look. */
  readonly sorts?: boolean;
}

export function requireOptions({ deviceType, chipId, dtMs, timeUnit }: OpenOptions): void {
  for (const token of [deviceType, chipId]) {
    if (token === undefined || isToken(token)) continue;
    throw new RangeError(`${JSON.stringify(token)} is not 1 to 64 of A-Z a-z 0-9 _ -`);
  }
  if (timeUnit !== undefined && timeUnitUs(timeUnit) === undefined) {
    throw new RangeError(`${JSON.stringify(timeUnit)} is no unit of time`);
  }
  if (dtMs !== undefined && !(dtMs > 0 && Number.isFinite(dtMs))) {
    throw new RangeError(`a timestep of ${dtMs} ms is no length`);
  }
}

/** µs of a timestep: as asked for, as meta.json says, or 1 ms. */
export function stepUs(dtMs: number | null | undefined): number {
  // 0.1 ms are 100 µs, not 100.00000000000001.
  return Math.round((dtMs ?? 1) * 1e9) / 1e6;
}
