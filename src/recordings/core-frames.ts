import { basename } from 'node:path';
import type { ActivityFrame } from '../frames/activity.ts';
import type { CoresFrame } from '../frames/cores.ts';
import { FRAME_LIMITS } from '../frames/limits.ts';
import { recordedHeader } from './frame-layer.ts';
import { numberRows } from './number-rows.ts';
import type { ReadingNotes } from './reading-notes.ts';
import { RecordingError } from './recording-error.ts';

/** Cores at most in a frame. */
const CORES_MAX = 4096;
const COUNTERS = ['spikes_in', 'axon_out', 'syn_ops'] as const;
const PLACE = ['first_timestep', 'last_timestep', 'chip_idx', 'core_idx'] as const;
const CORE_COLUMNS = [...PLACE, 'hw_time_s', 'utilization', ...COUNTERS] as const;

/** Column names by which a table of core activity is recognised. */
export function isCoreTable(header: readonly string[]): boolean {
  return CORE_COLUMNS.every((name) => header.includes(name));
}

export interface CoreFile {
  readonly path: string;
  readonly deviceType: string;
  readonly chipId: string;
  readonly dtUs: number;
  /** Layer by core id; undefined where nobody says. */
  readonly layerOfCore: ReadonlyMap<number, string> | undefined;
}

interface CoreWindow {
  readonly first: number;
  readonly last: number;
  readonly chip: number;
  readonly hardwareS: number;
  readonly cores: number[];
  readonly utilization: number[];
  readonly counters: readonly number[][];
}

/**
 * Activity of cores over windows of timesteps: for each window and chip a snapshot of utilization
 * and a frame of counters, both over the window's model time.
 */
export async function* coreFrames(
  file: CoreFile,
  range: { readonly startUs: number; readonly endUs: number },
  notes: ReadingNotes,
): AsyncGenerator<CoresFrame | ActivityFrame, void, void> {
  let window: CoreWindow | undefined;
  let clipped = 0;
  for await (const { count, columns } of numberRows(file.path, CORE_COLUMNS, notes)) {
    for (let i = 0; i < count; i++) {
      const row = columns.map((column) => column[i] as number);
      const [first, last, chip, core, hardwareS, utilization] = row as [
        number,
        number,
        number,
        number,
        number,
        number,
      ];
      if (window?.first !== first || window.last !== last || window.chip !== chip) {
        if (window !== undefined) yield* framesOf(window, file, range);
        requireNext(file, window, first, last);
        window = {
          first,
          last,
          chip,
          hardwareS,
          cores: [],
          utilization: [],
          counters: COUNTERS.map(() => []),
        };
      }
      const percent = utilization * 100;
      if (!(percent >= 0 && percent <= 100)) clipped++;
      window.cores.push(core);
      window.utilization.push(Math.min(100, Math.max(0, percent)));
      for (const [k, values] of window.counters.entries()) values.push(row[6 + k] as number);
      if (window.cores.length === CORES_MAX) {
        yield* framesOf(window, file, range);
        window = undefined;
      }
    }
  }
  if (window !== undefined) yield* framesOf(window, file, range);
  if (clipped > 0) {
    notes.remark(`${basename(file.path)}: ${clipped} utilizations are not within 0 … 1 and were \
brought to the nearer end.`);
  }
}

function requireNext(
  file: CoreFile,
  before: CoreWindow | undefined,
  first: number,
  last: number,
): void {
  const name = basename(file.path);
  if (first < 1 || last < first) {
    throw new RecordingError(
      'table',
      `${name}: a window from timestep ${first} to ${last}; \
timesteps count from 1 and windows do not end before they begin.`,
    );
  }
  if (before !== undefined && first < before.first) {
    throw new RecordingError(
      'unsorted',
      `${name}: a window from timestep ${first} comes after one \
from ${before.first}; sort its rows by first_timestep.`,
    );
  }
}

/** Nothing for a window outside the recording's time. */
function* framesOf(
  window: CoreWindow,
  file: CoreFile,
  range: { readonly startUs: number; readonly endUs: number },
): Generator<CoresFrame | ActivityFrame> {
  const { first, last, cores, hardwareS } = window;
  const { layerOfCore } = file;
  const startUs = Math.round((first - 1) * file.dtUs);
  const endUs = Math.min(Math.round(last * file.dtUs), range.endUs);
  if (startUs < range.startUs || startUs >= endUs) return;
  const spanUs = Math.min(endUs - startUs, FRAME_LIMITS.spanUsMax);
  const header = recordedHeader(
    { ...file, chipId: chipOf(file.chipId, window.chip) },
    startUs,
    spanUs,
  );
  const coreId = Uint32Array.from(cores);
  yield {
    kind: 'cores',
    ...header,
    coreId,
    utilizationPercent: Float32Array.from(window.utilization),
    layerNames: layerOfCore && cores.map((core) => layerOfCore.get(core) ?? ''),
  };
  yield {
    kind: 'activity',
    ...header,
    scope: 'core',
    coreId,
    counters: new Map(
      COUNTERS.map((name, k) => [name, Float64Array.from(window.counters[k] as number[])]),
    ),
    cumulative: false,
    stepUs: (hardwareS * 1e6) / (last - first + 1),
  };
}

/** The first chip is the recording's; others are told apart by their number. */
function chipOf(chipId: string, index: number): string {
  if (chipId === '0') return String(index);
  return index === 0 ? chipId : `${chipId}-${index}`;
}
