import { element, type Markup } from './markup.ts';

/** Numbers as people read them; the exact one stands in `value`, for programs. */

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
export function si(value: number | null, unit: string): string {
  if (value === null || !Number.isFinite(value)) return NONE;
  if (value === 0) return `0 ${unit}`;
  const size = Math.abs(value);
  const [factor, prefix] = PREFIXES.find(([least]) => size >= least) ?? [1e-12, 'p'];
  return `${Number((value / factor).toPrecision(4))} ${prefix}${unit}`;
}

/** A count in full with separators, a real number with four digits. */
export function shown(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return NONE;
  if (Number.isInteger(value)) return value.toLocaleString('en');
  const rounded = Number(value.toPrecision(4));
  const size = Math.abs(rounded);
  if (size >= 1e-4 && size < 1e9) return rounded.toLocaleString('en', { maximumFractionDigits: 8 });
  return String(rounded);
}

/** A number with its exact value beside what is read. */
export function exact(value: number | null, text = shown(value)): Markup | string {
  return value === null ? text : element('data', { value: String(value) }, text);
}

/** Before this, a time is that of a simulation which started at 0, not a date. */
const DATE_FROM_US = 365.25 * 86_400 * 1e6;

/** A time of the recording, in words that do not depend on who reads them. */
export function timeText(us: number): string {
  if (us < DATE_FROM_US) return `${shown(us / 1e6)} s`;
  return new Date(us / 1000).toISOString().replace('T', ' ');
}

export function durationText(us: number | null): string {
  if (us === null) return NONE;
  const seconds = us / 1e6;
  if (seconds < 1) return si(seconds, 's');
  if (seconds < 120) return `${shown(seconds)} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
}
