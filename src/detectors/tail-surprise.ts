import type { HeldState, Snapshot } from '../component/state.ts';
import { SortedWindow } from '../numerics/sorted-window.ts';

/** Fewer scores than these say nothing about the next one. */
const SCORES_MIN = 20;
/** The exponential tail is fitted to the largest scores: one in so many, three at least. */
const TAIL_SHARE = 20;
const TAIL_MIN = 3;
const P_MIN = 1e-30;

/**
 * How surprising a score is among its own past, as -log10 of its conformal p-value: the share of
 * earlier scores that are as large. Beyond the largest of them the tail goes on exponentially, with
 * the mean excess of the top twentieth; without that no score could be rarer than 1 in those held.
 *
 * V. Vovk, A. Gammerman, G. Shafer, Algorithmic Learning in a Random World, 2005;
 * R. Laxhammar, G. Falkman, Inductive conformal anomaly detection, 2015;
 * the tail: J. Pickands, Statistical inference using extreme order statistics, 1975.
 */
export class TailSurprise implements HeldState {
  private readonly past: SortedWindow;

  constructor(scoresMax: number) {
    this.past = new SortedWindow(scoresMax);
  }

  get isReady(): boolean {
    return this.past.size >= SCORES_MIN;
  }

  /** The surprise of a score that is not negative; zero says nothing and is not held. */
  next(score: number): number {
    if (!(score > 0)) return 0;
    const surprise = this.isReady ? -Math.log10(Math.max(this.pValue(score), P_MIN)) : 0;
    this.past.add(score);
    return surprise;
  }

  private pValue(score: number): number {
    const { past } = this;
    const { size } = past;
    const asLarge = size - past.below(score);
    const share = (1 + asLarge) / (1 + size);
    if (asLarge > 0) return share;
    const count = Math.max(TAIL_MIN, Math.floor(size / TAIL_SHARE));
    const base = past.at(size - count - 1);
    let sum = 0;
    for (let i = size - count; i < size; i++) sum += past.at(i);
    const excess = sum / count - base;
    if (excess > 0) return Math.min(share, (count / size) * Math.exp((base - score) / excess));
    return score > base ? Math.min(share, 1e-3) : share;
  }

  snapshot(): Snapshot {
    return this.past.snapshot();
  }

  restore(snapshot: Snapshot): void {
    this.past.restore(snapshot as ReturnType<SortedWindow['snapshot']>);
  }
}
