import type { HeldState, Snapshot } from '../component/state.ts';

interface State {
  /** [size] a ring of the last values. */
  readonly ring: Float64Array;
  next: number;
  count: number;
  sinceSorted: number;
  median: number;
  deviation: number;
  highest: number;
  lowest: number;
}

/** Values between two looks at all of them. */
const SORTED_EVERY = 16;
/** Of the median absolute deviation of normal values from their standard deviation. */
const MAD_TO_SD = 1.4826;

/** Median, scaled median absolute deviation and extremes of the last values. */
export class RecentMedian implements HeldState {
  private state: State;
  private readonly sorted: Float64Array;

  constructor(size: number) {
    this.sorted = new Float64Array(size);
    this.state = {
      ring: new Float64Array(size),
      ...{ next: 0, count: 0, sinceSorted: SORTED_EVERY },
      ...{ median: 0, deviation: 0, highest: 0, lowest: 0 },
    };
  }

  get count(): number {
    return this.state.count;
  }

  get median(): number {
    return this.state.median;
  }

  /** In the scale of a standard deviation. */
  get deviation(): number {
    return this.state.deviation;
  }

  get highest(): number {
    return this.state.highest;
  }

  get lowest(): number {
    return this.state.lowest;
  }

  add(value: number): void {
    const { state } = this;
    state.ring[state.next] = value;
    state.next = state.next + 1 === state.ring.length ? 0 : state.next + 1;
    state.count = Math.min(state.count + 1, state.ring.length);
    if (value > state.highest) state.highest = value;
    if (value < state.lowest) state.lowest = value;
    if (++state.sinceSorted < SORTED_EVERY) return;
    state.sinceSorted = 0;
    this.look();
  }

  private look(): void {
    const { state } = this;
    const sorted = this.sorted.subarray(0, state.count);
    sorted.set(state.ring.subarray(0, state.count));
    sorted.sort();
    state.median = middle(sorted);
    state.lowest = sorted[0] as number;
    state.highest = sorted[state.count - 1] as number;
    for (let i = 0; i < sorted.length; i++) {
      sorted[i] = Math.abs((sorted[i] as number) - state.median);
    }
    sorted.sort();
    state.deviation = MAD_TO_SD * middle(sorted);
  }

  snapshot(): Snapshot {
    return structuredClone(this.state) as unknown as Snapshot;
  }

  restore(snapshot: Snapshot): void {
    this.state = structuredClone(snapshot) as unknown as State;
  }
}

function middle(sorted: Float64Array): number {
  const half = sorted.length >> 1;
  const upper = sorted[half] as number;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[half - 1] as number)) / 2;
}
