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
  /** Median and deviation are of values before the last look that was due. */
  isOld: boolean;
  /** The highest or the lowest of all has gone. */
  isRangeOld: boolean;
}

/** Values after which median and deviation are out of date. */
const LOOK_EVERY = 16;
/** Of the median absolute deviation of normal values from their standard deviation. */
const MAD_TO_SD = 1.4826;

/**
 * Median, scaled median absolute deviation and extremes of the last values. Extremes are kept as
 * values come; the rest, which costs a sort, is looked up when somebody asks and it is out of date.
 */
export class RecentMedian implements HeldState {
  private state: State;
  private readonly sorted: Float64Array;

  constructor(size: number) {
    this.sorted = new Float64Array(size);
    this.state = {
      ring: new Float64Array(size),
      ...{ next: 0, count: 0, sinceLook: LOOK_EVERY - 1, isOld: false, isRangeOld: true },
      ...{ median: 0, deviation: 0, highest: 0, lowest: 0 },
    };
  }

  get count(): number {
    return this.state.count;
  }

  get median(): number {
    if (this.state.isOld) this.look();
    return this.state.median;
  }

  /** In the scale of a standard deviation. */
  get deviation(): number {
    if (this.state.isOld) this.look();
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
    if (state.count === ring.length) {
      const went = ring[state.next] as number;
      if (went >= state.highest || went <= state.lowest) state.isRangeOld = true;
    } else {
      state.count++;
    }
    ring[state.next] = value;
    state.next = state.next + 1 === ring.length ? 0 : state.next + 1;
    if (value > state.highest) state.highest = value;
    if (value < state.lowest) state.lowest = value;
    if (++state.sinceLook < LOOK_EVERY) return;
    state.sinceLook = 0;
    state.isOld = true;
    if (state.isRangeOld) this.lookAtRange();
  }

  private lookAtRange(): void {
    const { state } = this;
    const { ring, count } = state;
    let lowest = ring[0] as number;
    let highest = lowest;
    for (let i = 1; i < count; i++) {
      const value = ring[i] as number;
      if (value > highest) highest = value;
      else if (value < lowest) lowest = value;
    }
    state.lowest = lowest;
    state.highest = highest;
    state.isRangeOld = false;
  }

  private look(): void {
    const { state } = this;
    const { count, ring } = state;
    const sorted = this.sorted.subarray(0, count);
    sorted.set(ring.subarray(0, count));
    sorted.sort();
    state.median = middle(sorted, count);
    state.deviation = MAD_TO_SD * medianDistance(sorted, count, state.median);
    state.isOld = false;
  }

  snapshot(): Snapshot {
    return structuredClone(this.state) as unknown as Snapshot;
  }

  restore(snapshot: Snapshot): void {
    this.state = structuredClone(snapshot) as unknown as State;
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
