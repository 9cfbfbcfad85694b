import type { HeldState, Snapshot } from '../component/state.ts';

/** Where what is known lies in one column; one column, as there are many of these. */
const [NEXT, COUNT, SINCE_LOOK, MEDIAN, DEVIATION, HIGHEST, LOWEST] = [
  0, 1, 2, 3, 4, 5, 6,
] as const;
/** 1 where median and deviation are of values before the last look that was due. */
const IS_OLD = 7;
/** 1 where the highest or the lowest of all has gone. */
const IS_RANGE_OLD = 8;
/** A ring of the last values. */
const RING = 9;

/** Values after which median and deviation are out of date. */
const LOOK_EVERY = 16;
/** Of the median absolute deviation of normal values from their standard deviation. */
const MAD_TO_SD = 1.4826;

/**
 * Median, scaled median absolute deviation and extremes of the last values. Extremes are kept as
 * values come; the rest, which costs a sort, is looked up when somebody asks and it is out of date.
 */
export class RecentMedian implements HeldState {
  private column: Float64Array;
  private readonly size: number;
  private readonly sorted: Float64Array;

  constructor(size: number) {
    this.size = size;
    this.sorted = new Float64Array(size);
    this.column = new Float64Array(RING + size);
    // The first value is looked at by itself.
    this.column[SINCE_LOOK] = LOOK_EVERY - 1;
    this.column[IS_RANGE_OLD] = 1;
  }

  get count(): number {
    return this.column[COUNT] as number;
  }

  get median(): number {
    if (this.column[IS_OLD] === 1) this.look();
    return this.column[MEDIAN] as number;
  }

  /** In the scale of a standard deviation. */
  get deviation(): number {
    if (this.column[IS_OLD] === 1) this.look();
    return this.column[DEVIATION] as number;
  }

  get highest(): number {
    return this.column[HIGHEST] as number;
  }

  get lowest(): number {
    return this.column[LOWEST] as number;
  }

  add(value: number): void {
    const { column, size } = this;
    const next = column[NEXT] as number;
    const count = column[COUNT] as number;
    const highest = column[HIGHEST] as number;
    const lowest = column[LOWEST] as number;
    if (count === size) {
      const went = column[RING + next] as number;
      if (went >= highest || went <= lowest) column[IS_RANGE_OLD] = 1;
    } else {
      column[COUNT] = count + 1;
    }
    column[RING + next] = value;
    column[NEXT] = next + 1 === size ? 0 : next + 1;
    if (value > highest) column[HIGHEST] = value;
    if (value < lowest) column[LOWEST] = value;
    const sinceLook = (column[SINCE_LOOK] as number) + 1;
    column[SINCE_LOOK] = sinceLook < LOOK_EVERY ? sinceLook : 0;
    if (sinceLook < LOOK_EVERY) return;
    column[IS_OLD] = 1;
    if (column[IS_RANGE_OLD] === 1) this.lookAtRange();
  }

  private lookAtRange(): void {
    const { column } = this;
    const end = RING + this.count;
    let lowest = column[RING] as number;
    let highest = lowest;
    for (let i = RING + 1; i < end; i++) {
      const value = column[i] as number;
      if (value > highest) highest = value;
      else if (value < lowest) lowest = value;
    }
    column[LOWEST] = lowest;
    column[HIGHEST] = highest;
    column[IS_RANGE_OLD] = 0;
  }

  private look(): void {
    const { column, count } = this;
    const sorted = this.sorted.subarray(0, count);
    sorted.set(column.subarray(RING, RING + count));
    sorted.sort();
    const median = middle(sorted, count);
    column[MEDIAN] = median;
    column[DEVIATION] = MAD_TO_SD * medianDistance(sorted, count, median);
    column[IS_OLD] = 0;
  }

  snapshot(): Snapshot {
    return this.column.slice();
  }

  restore(snapshot: Snapshot): void {
    this.column = (snapshot as Float64Array).slice();
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
