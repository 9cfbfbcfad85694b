/**
 * Flat line: a series that used to change says the same number again and again. A run counts where
 * it is far longer than any the series had when it worked: meters repeat themselves (on Loihi 2
 * between two readings of its regulators), and some series are constant by nature. The stuck-at
 * fault of Isermann, "Fault-diagnosis systems", 2006, ch. 3; runs: Wald & Wolfowitz, Ann. Math.
 * Stat. 1940.
 */
import type { Snapshot } from '../component/state.ts';
import {
  keepVerdict,
  type OnsetDetector,
  type OnsetVerdict,
  quietVerdict,
  restoreVerdict,
} from './onset.ts';

export interface FlatLineOptions {
  /** Changes that a series has had before it may be called flat. */
  readonly changesMin: number;
  /** How much longer than the longest run known. */
  readonly beyond: number;
  readonly pointsMin: number;
  readonly durationMinUs: number;
}

interface State {
  value: number;
  run: number;
  runFromUs: number;
  longest: number;
  changes: number;
}

export class FlatLine implements OnsetDetector {
  private readonly options: FlatLineOptions;
  private readonly verdict = quietVerdict();
  private state: State = { value: 0, run: 0, runFromUs: 0, longest: 1, changes: 0 };

  constructor(options: FlatLineOptions) {
    this.options = options;
  }

  next(tUs: number, value: number): OnsetVerdict {
    const { state, verdict } = this;
    if (state.run > 0 && value === state.value) {
      state.run++;
    } else {
      // A run that was called flat is no measure of what is usual.
      if (!verdict.isAnomalous) state.longest = Math.max(state.longest, state.run);
      if (state.run > 0) state.changes++;
      state.value = value;
      state.run = 1;
      state.runFromUs = tUs;
    }
    return this.said(tUs);
  }

  find(tUs: number, value: number): OnsetVerdict | undefined {
    const verdict = this.next(tUs, value);
    return verdict.isAnomalous ? verdict : undefined;
  }

  private said(tUs: number): OnsetVerdict {
    const { state, verdict, options } = this;
    const isReady = state.changes >= options.changesMin;
    const needed = Math.max(options.pointsMin, options.beyond * state.longest);
    const isLong = state.run >= needed && tUs - state.runFromUs >= options.durationMinUs;
    verdict.isAnomalous = isReady && isLong;
    verdict.score = isReady ? Math.min(1, state.run / (2 * needed)) : 0;
    // A repeat has at most the share that repeats had so far (the rule of three for none).
    const share = 3 / (state.changes + 3);
    verdict.pValue = isReady ? share ** Math.max(0, state.run - state.longest) : Number.NaN;
    verdict.expected = Number.NaN;
    verdict.onsetUs = state.runFromUs;
    if (verdict.isAnomalous) verdict.lastUs = tUs;
    verdict.observed = state.value;
    return verdict;
  }

  snapshot(): Snapshot {
    return [{ ...this.state }, keepVerdict(this.verdict)];
  }

  restore(snapshot: Snapshot): void {
    const [state, verdict] = snapshot as unknown as [State, Snapshot];
    this.state = { ...state };
    restoreVerdict(this.verdict, verdict);
  }
}
