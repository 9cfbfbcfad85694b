import type { HeldState } from './state.ts';

/** What a detector says of one point; the same object is filled again at the next point. */
export interface Verdict {
  /** How odd the point is: from 0, as ever, to 1. */
  score: number;
  /** Chance of such a score on a series that goes on as before; NaN until there is a baseline. */
  pValue: number;
  /** Whether the detector, by its own threshold, calls this point anomalous. */
  isAnomalous: boolean;
  /** What was expected here, in the unit of the series; NaN where nothing was. */
  expected: number;
}

/**
 * A streaming detector over one series: a pure state machine. Its verdict on a point follows from
 * that point and those before it; it holds bounded memory, reads no clock and no chance.
 */
export interface Detector extends HeldState {
  /** The next point: event time in µs, never before the last one's, and a finite value. */
  next(tUs: number, value: number): Verdict;
}
