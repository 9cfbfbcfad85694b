/**
 * Silence: no event where many are expected. The chance that a count process with the baseline's
 * rate and index of dispersion (Cox & Lewis, "The statistical analysis of series of events", 1966)
 * gives none for so long is exp(-expected / dispersion); a gap that a series has had before, or
 * one not much longer, is none.
 */
import type { Snapshot } from '../component/state.ts';
import { Baseline, type BaselineOptions } from './baseline.ts';
import { type OnsetDetector, type OnsetVerdict, quietVerdict } from './onset.ts';

export interface SilenceOptions {
  readonly baseline: BaselineOptions;
  /** Chance of a gap so long on a series that goes on as ever. */
  readonly pValueMax: number;
  /** The least gap that counts, in points. */
  readonly pointsMin: number;
  /** How much longer than the longest gap known. */
  readonly beyond: number;
  /** Part of the expected count from which on it is silent no more. */
  readonly backAt: number;
}

/** Where what is known lies in one column: a gap under way, and whether it is a silence. */
const [GAP_POINTS, GAP_FROM_US, LAST_T_US, IS_SILENT] = [0, 1, 2, 3] as const;
/** Weakens slowly: a gap of long ago says little. */
const LONGEST_GAP = 4;
const LENGTH = 5;

const LONGEST_KEPT = 0.9999;

export class Silence implements OnsetDetector {
  private readonly options: SilenceOptions;
  private readonly baseline: Baseline;
  private readonly verdict = quietVerdict();
  private state = new Float64Array(LENGTH);

  constructor(options: SilenceOptions) {
    this.options = options;
    this.baseline = new Baseline(options.baseline);
  }

  next(tUs: number, value: number): OnsetVerdict {
    this.take(tUs, value);
    return this.said(tUs);
  }

  find(tUs: number, value: number): OnsetVerdict | undefined {
    this.take(tUs, value);
    return this.state[IS_SILENT] === 1 ? this.said(tUs) : undefined;
  }

  private take(tUs: number, value: number): void {
    const { state } = this;
    if (state[IS_SILENT] === 1) this.listen(value);
    else if (value > 0) this.endGap();
    else this.lengthenGap();
    if (state[IS_SILENT] !== 1) this.baseline.offer(value);
    state[LAST_T_US] = tUs;
  }

  private listen(value: number): void {
    const { state, baseline, options } = this;
    if (value <= options.backAt * baseline.mean) return;
    state[IS_SILENT] = 0;
    state[GAP_POINTS] = 0;
  }

  private endGap(): void {
    const { state } = this;
    const longest = (state[LONGEST_GAP] as number) * LONGEST_KEPT;
    state[LONGEST_GAP] = Math.max(longest, state[GAP_POINTS] as number);
    state[GAP_POINTS] = 0;
  }

  private lengthenGap(): void {
    const { state, baseline, options } = this;
    const points = (state[GAP_POINTS] as number) + 1;
    if (points === 1) state[GAP_FROM_US] = state[LAST_T_US] as number;
    state[GAP_POINTS] = points;
    if (!baseline.isReady || points < options.pointsMin) return;
    if (points <= options.beyond * (state[LONGEST_GAP] as number)) return;
    if (this.logChance() > Math.log(options.pValueMax)) return;
    state[IS_SILENT] = 1;
    baseline.dropHeld();
  }

  /** Of the chance of such a gap, the natural logarithm. */
  private logChance(): number {
    const gapPoints = this.state[GAP_POINTS] as number;
    const { mean } = this.baseline;
    if (gapPoints === 0 || mean <= 0) return 0;
    const { sd } = this.baseline;
    const dispersion = Math.max(1, (sd * sd) / mean);
    return (-mean * gapPoints) / dispersion;
  }

  private said(tUs: number): OnsetVerdict {
    const { state, verdict, baseline, options } = this;
    const isSilent = state[IS_SILENT] === 1;
    const isReady = baseline.isReady;
    const chance = isReady && !isSilent ? this.logChance() : 0;
    verdict.isAnomalous = isSilent;
    verdict.pValue = isSilent ? options.pValueMax : isReady ? Math.exp(chance) : Number.NaN;
    verdict.score = isSilent ? 1 : Math.min(1, chance / (2 * Math.log(options.pValueMax)));
    verdict.expected = isReady ? baseline.mean : Number.NaN;
    verdict.onsetUs = state[GAP_POINTS] !== 0 || isSilent ? (state[GAP_FROM_US] as number) : tUs;
    if (isSilent) verdict.lastUs = tUs;
    verdict.observed = 0;
    return verdict;
  }

  snapshot(): Snapshot {
    return [this.state.slice(), this.baseline.snapshot(), this.verdict.lastUs];
  }

  restore(snapshot: Snapshot): void {
    const [state, baseline, lastUs] = snapshot as readonly [Float64Array, Snapshot, number];
    this.state = state.slice();
    this.baseline.restore(baseline);
    this.verdict.lastUs = lastUs;
  }
}
