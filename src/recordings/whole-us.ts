/** Adding and taking away 2^52 rounds a positive double to a whole number, half to even. */
const ROUNDER = 2 ** 52;

/** Whole µs; whatever lies before 0 is before every recording, and just that is kept of it. */
export function wholeUs(timeUs: number): number {
  return timeUs < 0 ? -1 : timeUs + ROUNDER - ROUNDER;
}
