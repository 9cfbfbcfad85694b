import type { HeldState, Snapshot } from '../component/state.ts';

interface State {
  /** [size] a ring of the last values. */
  readonly ring: Float64Array;
  next: number;
  count: number;
  sinceLook: number;
  median: number;
  deviation: number;
  highest: number;
  lowest: number;
}

/** Values between two looks at all of them. */
const LOOK_EVERY = 16;
/** Of the median absolute deviation of normal values from their standard deviation. */
const MAD_TO_SD = 1.4826;

/**
 * Median, scaled median absolute deviation and extremes of the last values. They stay sorted from
 * look to look: what came and what went since is merged in, so that nothing is sorted anew.
 */
export class RecentMedian implements HeldState {
  private state: State;
  /** [size] the values at the last look, in order; a state that was restored has none. */
  private sorted: Float64Array;
  private spare: Float64Array;
  private isSorted = true;
  private sortedCount = 0;
  /** [LOOK_EVERY] what came since, and what had to go. */
  private readonly came = new Float64Array(LOOK_EVERY);
  private readonly went = new Float64Array(LOOK_EVERY);
  private wentCount = 0;

  constructor(size: number) {
    this.sorted = new Float64Array(size);
    this.spare = new Float64Array(size);
    this.state = {
      ring: new Float64Array(size),
      ...{ next: 0, count: 0, sinceLook: LOOK_EVERY - 1 },
      ...{ median: 0, deviation: 0, highest: 0, lowest: 0 },
    };
    // The first value is looked at by itself.
    this.isSorted = false;
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
    const { ring } = state;
    if (state.count === ring.length) this.went[this.wentCount++] = ring[state.next] as number;
    else state.count++;
    ring[state.next] = value;
    state.next = state.next + 1 === ring.length ? 0 : state.next + 1;
    if (value > state.highest) state.highest = value;
    if (value < state.lowest) state.lowest = value;
    this.came[state.sinceLook] = value;
    if (++state.sinceLook < LOOK_EVERY) return;
    this.look();
    state.sinceLook = 0;
    this.wentCount = 0;
  }

  private look(): void {
    const { state } = this;
    const { count } = state;
    // A ring shorter than what came between two looks has lost some of it already.
    if (this.isSorted && state.ring.length >= LOOK_EVERY) this.merge();
    else this.sortAnew();
    const { sorted } = this;
    state.median = middle(sorted, count);
    state.lowest = sorted[0] as number;
    state.highest = sorted[count - 1] as number;
    state.deviation = MAD_TO_SD * medianDistance(sorted, count, state.median);
  }

  private sortAnew(): void {
    const { count, ring } = this.state;
    const sorted = this.sorted.subarray(0, count);
    sorted.set(ring.subarray(0, count));
    sorted.sort();
    this.sortedCount = count;
    this.isSorted = true;
  }

  private merge(): void {
    const { sorted, spare, sortedCount, wentCount } = this;
    const came = this.came.sort();
    const went = this.went.subarray(0, wentCount).sort();
    let [out, c, w] = [0, 0, 0];
    for (let i = 0; i < sortedCount; i++) {
      const value = sorted[i] as number;
      if (w < wentCount && value === went[w]) {
        w++;
        continue;
      }
      while (c < LOOK_EVERY && (came[c] as number) < value) spare[out++] = came[c++] as number;
      spare[out++] = value;
    }
    while (c < LOOK_EVERY) spare[out++] = came[c++] as number;
    this.sortedCount = out;
    this.sorted = spare;
    this.spare = sorted;
  }

  snapshot(): Snapshot {
    return structuredClone(this.state) as unknown as Snapshot;
  }

  restore(snapshot: Snapshot): void {
    this.state = structuredClone(snapshot) as unknown as State;
    this.isSorted = false;
    this.wentCount = 0;
  }
}

function middle(sorted: Float64Array, count: number): number {
  const half = count >> 1;
  const upper = sorted[half] as number;
  return count % 2 === 1 ? upper : (upper + (sorted[half - 1] as number)) / 2;
}

/** The median of the distances from a median: those of sorted values grow outwards from it. */
function medianDistance(sorted: Float64Array, count: number, median: number): number {
  const half = count >> 1;
  let high = half;
  let low = half - 1;
  let last = 0;
  let before = 0;
  for (let i = 0; i <= half; i++) {
    const above = high < count ? Math.abs((sorted[high] as number) - median) : Infinity;
    const below = low >= 0 ? Math.abs((sorted[low] as number) - median) : Infinity;
    before = last;
    if (above <= below) {
      last = above;
      high++;
    } else {
      last = below;
      low--;
    }
  }
  return count % 2 === 1 ? last : (last + before) / 2;
}
