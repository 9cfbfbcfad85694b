/** Numbers and times as people read them; the exact ones are in titles and in the API. */

const NONE = '–';

const PREFIXES: readonly (readonly [number, string])[] = [
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
  [1, ''],
  [1e-3, 'm'],
  [1e-6, 'µ'],
  [1e-9, 'n'],
  [1e-12, 'p'],
];

/** Three or four digits with a prefix of the unit: `12.4 mW`. */
export function si(value: number | null | undefined, unit: string): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NONE;
  if (value === 0) return `0 ${unit}`;
  const size = Math.abs(value);
  const found = PREFIXES.find(([factor]) => size >= factor) ?? [1e-12, 'p'];
  return `${Number((value / found[0]).toPrecision(4))} ${found[1]}${unit}`;
}

/** A count in full, with separators. */
export function whole(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NONE;
  return Math.round(value).toLocaleString('en');
}

export function decimal(value: number | null | undefined, digits = 4): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NONE;
  return Number(value.toPrecision(digits)).toLocaleString('en', { maximumFractionDigits: 6 });
}

/** Before this, a time is that of a simulation which started at 0, not a date. */
const DATE_FROM_US = 365.25 * 86_400 * 1e6;

/** An event time in the local zone; of a simulation, the seconds since it began. */
export function timeOf(us: number): string {
  if (us < DATE_FROM_US) return `${(us / 1e6).toFixed(3)} s`;
  const date = new Date(us / 1000);
  const clock = date.toLocaleTimeString(undefined, { hour12: false });
  return `${clock}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

/** The event time in full, for titles. */
export function fullTime(us: number): string {
  if (us < DATE_FROM_US) return `event time ${us} µs`;
  return `event time ${new Date(us / 1000).toISOString()} (${us} µs)`;
}

export function duration(us: number | null | undefined): string {
  if (us === null || us === undefined || !Number.isFinite(us)) return NONE;
  const seconds = us / 1e6;
  if (seconds < 1) return si(seconds, 's');
  if (seconds < 120) return `${decimal(seconds, 3)} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
}
