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

interface State {
  gapPoints: number;
  gapFromUs: number;
  /** Weakens slowly: a gap of long ago says little. */
  longestGap: number;
  lastTUs: number;
  isSilent: boolean;
}

const LONGEST_KEPT = 0.9999;

export class Silence implements OnsetDetector {
  private readonly options: SilenceOptions;
  private readonly baseline: Baseline;
  private readonly verdict = quietVerdict();
  private state: State = {
    ...{ gapPoints: 0, gapFromUs: 0, longestGap: 0, lastTUs: 0, isSilent: false },
  };

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
    return this.state.isSilent ? this.said(tUs) : undefined;
  }

  private take(tUs: number, value: number): void {
    const { state, baseline } = this;
    if (state.isSilent) this.listen(value);
    else if (value > 0) this.endGap();
    else this.lengthenGap();
    if (!state.isSilent) baseline.offer(value);
    state.lastTUs = tUs;
  }

  private listen(value: number): void {
    const { state, baseline, options } = this;
    if (value <= options.backAt * baseline.mean) return;
    state.isSilent = false;
    state.gapPoints = 0;
  }

  private endGap(): void {
    const { state } = this;
    state.longestGap = Math.max(state.longestGap * LONGEST_KEPT, state.gapPoints);
    state.gapPoints = 0;
  }

  private lengthenGap(): void {
    const { state, baseline, options } = this;
    if (state.gapPoints === 0) state.gapFromUs = state.lastTUs;
    state.gapPoints++;
    if (!baseline.isReady || state.gapPoints < options.pointsMin) return;
    if (state.gapPoints <= options.beyond * state.longestGap) return;
    if (this.logChance() > Math.log(options.pValueMax)) return;
    state.isSilent = true;
    baseline.dropHeld();
  }

  /** Of the chance of such a gap, the natural logarithm. */
  private logChance(): number {
    const { gapPoints } = this.state;
    const { mean } = this.baseline;
    if (gapPoints === 0 || mean <= 0) return 0;
    const { sd } = this.baseline;
    const dispersion = Math.max(1, (sd * sd) / mean);
    return (-mean * gapPoints) / dispersion;
  }

  private said(tUs: number): OnsetVerdict {
    const { state, verdict, baseline, options } = this;
    const { isSilent } = state;
    const isReady = baseline.isReady;
    const chance = isReady && !isSilent ? this.logChance() : 0;
    verdict.isAnomalous = isSilent;
    verdict.pValue = isSilent ? options.pValueMax : isReady ? Math.exp(chance) : Number.NaN;
    verdict.score = isSilent ? 1 : Math.min(1, chance / (2 * Math.log(options.pValueMax)));
    verdict.expected = isReady ? baseline.mean : Number.NaN;
    verdict.onsetUs = state.gapPoints > 0 || isSilent ? state.gapFromUs : tUs;
    if (isSilent) verdict.lastUs = tUs;
    verdict.observed = 0;
    return verdict;
  }

  snapshot(): Snapshot {
    return [{ ...this.state }, this.baseline.snapshot(), this.verdict.lastUs];
  }

  restore(snapshot: Snapshot): void {
    const [state, baseline, lastUs] = snapshot as readonly [Snapshot, Snapshot, number];
    this.state = { ...(state as unknown as State) };
    this.baseline.restore(baseline);
    this.verdict.lastUs = lastUs;
  }
}
