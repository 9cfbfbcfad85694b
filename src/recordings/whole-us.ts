/** Adding and taking away 2^52 rounds a positive double to a whole number, half to even. */
const ROUNDER = 2 ** 52;
/** Below this, a product is off by far less than the µs that it is rounded to. */
const SMALL_US = 2 ** 43;

/**
 * A time in units of `unitUs` as whole µs; exact for what was whole µs before it became a double,
 * where a plain product is not. Before 0 it is -1 (before every recording), and NaN where it is no
 * time.
 */
export function wholeUs(value: number, unitUs: number): number {
  const product = value * unitUs;
  if (product < 0) return -1;
  if (product < SMALL_US) return product + ROUNDER - ROUNDER;
  const whole = Math.floor(value);
  const timeUs = Math.round(whole * unitUs) + Math.round((value - whole) * unitUs);
  return timeUs <= Number.MAX_SAFE_INTEGER ? timeUs : Number.NaN;
}
