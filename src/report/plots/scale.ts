import { si } from '../values.ts';

/** From values to places on an axis. */
export interface Scale {
  readonly from: number;
  readonly to: number;
  readonly isLog: boolean;
}

/** Where a value stands: 0 at the start of the axis, 1 at its end; NaN where it can't stand. */
export function placeOn({ from, to, isLog }: Scale, value: number): number {
  if (isLog) return value > 0 ? Math.log(value / from) / Math.log(to / from) : Number.NaN;
  return (value - from) / (to - from);
}

/** A linear axis over a range, with room where all values are the same. */
export function linearScale(from: number, to: number): Scale {
  if (!Number.isFinite(from) || !Number.isFinite(to)) return { from: 0, to: 1, isLog: false };
  if (to > from) return { from, to, isLog: false };
  const room = from === 0 ? 1 : Math.abs(from) / 2;
  return { from: from - (from > 0 || from < 0 ? room : 0), to: from + room, isLog: false };
}

/** An axis from 0 to the next round number above. */
export function fromZeroScale(max: number): Scale {
  if (!Number.isFinite(max) || max <= 0) return { from: 0, to: 1, isLog: false };
  const step = roundStep(max / 4);
  return { from: 0, to: Math.ceil(max / step - 1e-9) * step, isLog: false };
}

/** A logarithmic axis; undefined where there is nothing above 0. */
export function logScale(min: number, max: number): Scale | undefined {
  if (!(min > 0) || !Number.isFinite(max)) return undefined;
  return { from: min, to: max > min * 1.01 ? max : min * 10, isLog: true };
}

/** Round values on the axis, about `wanted` of them. */
export function ticksOf(scale: Scale, wanted: number): number[] {
  return scale.isLog ? logTicks(scale, wanted) : linearTicks(scale, wanted);
}

function linearTicks({ from, to }: Scale, wanted: number): number[] {
  const step = roundStep((to - from) / wanted);
  const first = Math.ceil(from / step - 1e-9);
  const last = Math.floor(to / step + 1e-9);
  // Multiplied, so that errors do not add up; rounded, so that 0.30000000000000004 is 0.3.
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) =>
    Number(((first + i) * step).toPrecision(12)),
  );
}

function logTicks({ from, to }: Scale, wanted: number): number[] {
  const first = Math.ceil(Math.log10(from) - 1e-9);
  const last = Math.floor(Math.log10(to) + 1e-9);
  const decades = last - first + 1;
  const every = Math.max(1, Math.ceil(decades / wanted));
  const tens = Array.from({ length: Math.max(0, decades) }, (_, i) => first + i)
    .filter((power) => (power - first) % every === 0)
    .map((power) => Number(`1e${power}`));
  if (decades > 2) return tens;
  const between = [1, 2, 5].flatMap((digit) =>
    Array.from({ length: decades + 2 }, (_, i) => Number(`${digit}e${first - 1 + i}`)),
  );
  return between.filter((value) => value >= from * 0.999 && value <= to * 1.001).sort(ascending);
}

const ascending = (a: number, b: number): number => a - b;

/** The next of 1, 2 and 5 with zeros. */
export function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  const digit = [1, 2, 5, 10].find((value) => value * power >= least * (1 - 1e-9)) ?? 10;
  return digit * power;
}

/** A number beside an axis: short. */
export function tickText(value: number): string {
  const size = Math.abs(value);
  if (value === 0) return '0';
  if (size >= 10_000 || size < 0.001) return si(value, '').trimEnd();
  return String(Number(value.toPrecision(6)));
}
