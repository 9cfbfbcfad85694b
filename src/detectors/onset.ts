import type { Detector, Verdict } from '../component/detector.ts';
import type { Snapshot } from '../component/state.ts';

/** A verdict that says as well since when the series is as it is, and what came since. */
export interface OnsetVerdict extends Verdict {
  /** Start of what is anomalous, by event time in µs; that of the point where it can't be told. */
  onsetUs: number;
  /** End of the last point that was anomalous by itself. */
  lastUs: number;
  /** What came since the onset, in the unit of the series. */
  observed: number;
}

/**
 * A detector of something that lasts: points at `tUs` cover the time since the point before, up to
 * `tUs`; its verdict stays anomalous until the series is back.
 */
export interface OnsetDetector extends Detector {
  next(tUs: number, value: number): OnsetVerdict;
  /** The same for who hears of what is anomalous only: undefined where all is as ever. */
  find(tUs: number, value: number): OnsetVerdict | undefined;
}

/** A verdict of a series that goes on as ever; filled again at each point. */
export function quietVerdict(): OnsetVerdict {
  return {
    score: 0,
    pValue: Number.NaN,
    isAnomalous: false,
    expected: Number.NaN,
    onsetUs: 0,
    lastUs: 0,
    observed: 0,
  };
}

/** A verdict for a snapshot; NaN is kept as null. */
export function keepVerdict(verdict: OnsetVerdict): Snapshot {
  const { score, pValue, isAnomalous, expected, onsetUs, lastUs, observed } = verdict;
  return [score, orNull(pValue), isAnomalous, orNull(expected), onsetUs, lastUs, orNull(observed)];
}

function orNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}

export function restoreVerdict(verdict: OnsetVerdict, kept: Snapshot): void {
  const values = kept as readonly (number | boolean | null)[];
  const number = (i: number) => (values[i] as number | null) ?? Number.NaN;
  verdict.score = number(0);
  verdict.pValue = number(1);
  verdict.isAnomalous = values[2] as boolean;
  verdict.expected = number(3);
  verdict.onsetUs = number(4);
  verdict.lastUs = number(5);
  verdict.observed = number(6);
}
