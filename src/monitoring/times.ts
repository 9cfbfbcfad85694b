/** Writes a time in seconds as Prometheus and Alertmanager read it, times a factor. */
export type WriteTime = (seconds: number) => string;

const UNITS_MS: readonly (readonly [string, number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
];

/** Whole milliseconds, the least there is; never 0, which would mean something else. */
export function timesBy(factor: number): WriteTime {
  return (seconds) => {
    const ms = Math.max(1, Math.round(seconds * factor * 1000));
    const [unit, unitMs] = UNITS_MS.find(([, each]) => ms % each === 0) ?? ['ms', 1];
    return `${ms / unitMs}${unit}`;
  };
}
