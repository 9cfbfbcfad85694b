import type { Series } from './corpus.ts';

/** What a false alarm and a missed window cost; a window found early is worth 1. */
export interface Profile {
  readonly falseAlarm: number;
  readonly missed: number;
}

export const PROFILES = {
  standard: { falseAlarm: 0.11, missed: 1 },
  'few false alarms': { falseAlarm: 0.22, missed: 1 },
  'few missed': { falseAlarm: 0.11, missed: 2 },
} as const satisfies Record<string, Profile>;

/** The rows of one series with a score above zero, after probation. */
export interface Alarms {
  readonly scores: Float64Array;
  readonly position: Float64Array;
  readonly window: Int32Array;
  /** Windows that can be found: those with a row after probation. */
  readonly windows: number;
}

/** Keeps the rows that can be an alarm at all; zeros never are. */
export function alarmsOf(series: Series, scores: Float64Array): Alarms {
  const rows: number[] = [];
  const found = new Set<number>();
  for (let row = Math.ceil(series.probation); row < scores.length; row++) {
    const window = series.window[row] as number;
    if (window >= 0) found.add(window);
    if ((scores[row] as number) > 0) rows.push(row);
  }
  return {
    scores: Float64Array.from(rows, (row) => scores[row] as number),
    position: Float64Array.from(rows, (row) => series.position[row] as number),
    window: Int32Array.from(rows, (row) => series.window[row] as number),
    windows: found.size,
  };
}

export interface Scored {
  /** From 0 for silence to 100 for an alarm at the begin of each window and no other. */
  readonly score: number;
  readonly threshold: number;
}

/** The rows of several series from the largest score down, each with what it adds. */
interface Sweep {
  readonly scores: Float64Array;
  readonly gains: Float64Array;
  readonly windows: number;
}

function sweep(all: readonly Alarms[], { falseAlarm, missed }: Profile): Sweep {
  const rows: { score: number; position: number; window: number }[] = [];
  let windows = 0;
  for (const { scores, position, window, windows: own } of all) {
    for (let i = 0; i < scores.length; i++) {
      const at = window[i] as number;
      rows.push({
        score: scores[i] as number,
        position: position[i] as number,
        window: at < 0 ? -1 : windows + at,
      });
    }
    // Numbers of windows are only told apart here, so gaps between them do no harm.
    windows += Math.max(own, ...window) + 1;
  }
  rows.sort((a, b) => b.score - a.score);
  const best = new Float64Array(windows).fill(-missed);
  const gains = new Float64Array(rows.length);
  for (const [i, { position, window }] of rows.entries()) {
    if (window < 0) gains[i] = position * falseAlarm;
    else if (position > (best[window] as number)) {
      gains[i] = position - (best[window] as number);
      best[window] = position;
    }
  }
  const findable = all.reduce((sum, each) => sum + each.windows, 0);
  return { scores: Float64Array.from(rows, (row) => row.score), gains, windows: findable };
}

/** The best score that one threshold over all the series gives, and that threshold. */
export function bestScore(all: readonly Alarms[], profile: Profile): Scored {
  const { scores, gains, windows } = sweep(all, profile);
  let [sum, best, threshold] = [0, 0, Number.POSITIVE_INFINITY];
  for (let i = 0; i < gains.length; i++) {
    sum += gains[i] as number;
    if (sum > best && scores[i] !== scores[i + 1]) {
      best = sum;
      threshold = scores[i] as number;
    }
  }
  return { score: (100 * best) / ((1 + profile.missed) * windows), threshold };
}

/** The score of a threshold that was chosen elsewhere. */
export function scoreAt(all: readonly Alarms[], threshold: number, profile: Profile): number {
  const { scores, gains, windows } = sweep(all, profile);
  let sum = 0;
  for (let i = 0; i < gains.length && (scores[i] as number) >= threshold; i++) {
    sum += gains[i] as number;
  }
  return (100 * sum) / ((1 + profile.missed) * windows);
}
