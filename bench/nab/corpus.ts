import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fillPositions, type WindowRows } from './positions.ts';

/** One series of the Numenta Anomaly Benchmark, as it is scored. */
export interface Series {
  readonly name: string;
  readonly timesUs: Float64Array;
  readonly values: Float64Array;
  /** Rows at the begin that no detector is scored on. */
  readonly probation: number;
  /** Each row's worth: from 1 at the begin of a window to 0 at its end, down to -1 outside. */
  readonly position: Float64Array;
  /** The number of the window that a row is in; -1 outside. */
  readonly window: Int32Array;
  readonly windows: number;
}

const PROBATION_SHARE = 0.15;
const PROBATION_ROWS_MAX = 5000;

/** Reads the data and the labels of a folder as NAB's repository has them. */
export function readCorpus(folder: string): Series[] {
  const labels = join(folder, 'labels', 'combined_windows.json');
  if (!existsSync(labels)) throw new Error(`--nab: ${labels} is missing; name the folder of NAB`);
  const all = JSON.parse(readFileSync(labels, 'utf8')) as Record<string, [string, string][]>;
  return Object.keys(all)
    .sort()
    .map((name) => readSeries(folder, name, all[name] as [string, string][]));
}

function readSeries(folder: string, name: string, limits: readonly [string, string][]): Series {
  const lines = readFileSync(join(folder, 'data', name), 'utf8')
    .split(/\r?\n/)
    .slice(1);
  const rows = lines.filter((line) => line !== '').map((line) => line.split(','));
  const times = rows.map((row) => (row[0] as string).slice(0, 19));
  const windows = limits.map(([from, to]): WindowRows => {
    const [left, right] = [times.indexOf(from.slice(0, 19)), times.indexOf(to.slice(0, 19))];
    if (left < 0 || right < left) throw new Error(`${name}: no rows for the window from ${from}`);
    return { left, right };
  });
  const rowsMax = PROBATION_SHARE * PROBATION_ROWS_MAX;
  return {
    name,
    timesUs: Float64Array.from(times, (time) => Date.parse(`${time.replace(' ', 'T')}Z`) * 1000),
    values: Float64Array.from(rows, (row) => Number(row[1])),
    probation: Math.min(Math.floor(PROBATION_SHARE * rows.length), rowsMax),
    ...fillPositions(rows.length, windows),
  };
}
