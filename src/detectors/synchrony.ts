/**
 * Synchrony of a population: the index of dispersion of its counts in fine bins (1 for independent
 * Poisson neurons, up to the number of neurons where all fire at once), as its level in logarithms
 * (level-shift.ts). Grün, Diesmann & Aertsen, "Unitary events in multiple single-neuron spiking
 * activity", Neural Computation 2002, on coincidences against the expected; the index itself: Cox &
 * Lewis 1966.
 */
import type { Snapshot } from '../component/state.ts';
import { LevelShift, type LevelShiftOptions } from './level-shift.ts';
import type { OnsetDetector, OnsetVerdict } from './onset.ts';

/** Variance of the counts of bins [from, to) of a ring, by their mean; undefined without spikes. */
export function indexOfDispersion(ring: Uint32Array, from: number, to: number): number | undefined {
  const mask = ring.length - 1;
  let sum = 0;
  let squares = 0;
  for (let i = from; i < to; i++) {
    const count = ring[i & mask] as number;
    sum += count;
    squares += count * count;
  }
  if (sum === 0) return undefined;
  const mean = sum / (to - from);
  return (squares / (to - from) - mean * mean) / mean;
}

/** Below it an index tells of regularity, which is no matter here. */
const INDEX_MIN = 0.2;

/** Its points are indices of dispersion. */
export class Synchrony implements OnsetDetector {
  private readonly level: LevelShift;

  constructor(options: LevelShiftOptions) {
    this.level = new LevelShift(options);
  }

  next(tUs: number, value: number): OnsetVerdict {
    return inIndices(this.level.next(tUs, Math.log(Math.max(INDEX_MIN, value))));
  }

  find(tUs: number, value: number): OnsetVerdict | undefined {
    const verdict = this.level.find(tUs, Math.log(Math.max(INDEX_MIN, value)));
    return verdict === undefined ? undefined : inIndices(verdict);
  }

  snapshot(): Snapshot {
    return this.level.snapshot();
  }

  restore(snapshot: Snapshot): void {
    this.level.restore(snapshot);
  }
}

function inIndices(verdict: OnsetVerdict): OnsetVerdict {
  verdict.expected = Math.exp(verdict.expected);
  verdict.observed = Math.exp(verdict.observed);
  return verdict;
}
