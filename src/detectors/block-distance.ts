import type { HeldState, Snapshot } from '../component/state.ts';
import { SortedWindow } from '../numerics/sorted-window.ts';
import { TailSurprise } from './tail-surprise.ts';

/** What a block of points is reduced to: its mean, or its value furthest from the level so far. */
export type BlockSummary = 'mean' | 'extreme';

export interface BlockDistanceOptions {
  readonly summary: BlockSummary;
  /** Points of one block. */
  readonly blockPoints: number;
  /** Blocks of one window: what is compared. */
  readonly windowBlocks: number;
  /** The distance is that to the so many-th nearest window. */
  readonly neighbours: number;
  /** A block this near to the median, as a share of the range, counts as the median. */
  readonly snapShare: number;
  /** Blocks that are remembered. */
  readonly historyBlocks: number;
}

interface Held {
  readonly [key: string]: Snapshot;
  readonly count: number;
  readonly sum: number;
  readonly low: number;
  readonly high: number;
  readonly level: number;
  readonly blocks: number;
  readonly values: Float64Array;
  readonly order: Snapshot;
  readonly surprise: Snapshot;
  readonly now: number;
  readonly expected: number;
}

/**
 * The distance of the newest blocks of a series to the window of its past that is most like them,
 * as the surprise of that distance among earlier ones. What never came before is far from
 * everything that did. Small noise about the median is taken out first, since it would otherwise
 * make up most of a distance.
 *
 * Distances to neighbours as anomaly scores: S. Ramaswamy, R. Rastogi, K. Shim, Efficient
 * algorithms for mining outliers from large data sets, SIGMOD 2000; on windows of a series: C.-C.
 * M. Yeh et al., Matrix Profile I, ICDM 2016, here with what came before only.
 */
export class BlockDistance implements HeldState {
  private readonly options: BlockDistanceOptions;
  private readonly order: SortedWindow;
  private readonly surprise: TailSurprise;
  /** Blocks in a buffer of twice the history: the newest are one piece, moved when it is full. */
  private readonly values: Float64Array;
  private readonly best: Float64Array;
  private filled = 0;
  private blocks = 0;
  private count = 0;
  private sum = 0;
  private low = Number.POSITIVE_INFINITY;
  private high = Number.NEGATIVE_INFINITY;
  private level = Number.NaN;
  /** Surprise of the newest whole block; it holds until the next one is whole. */
  now = 0;
  /** Where the most similar window ended: what the newest block would have been as ever. */
  expected = Number.NaN;

  constructor(options: BlockDistanceOptions) {
    this.options = options;
    this.order = new SortedWindow(options.historyBlocks);
    this.surprise = new TailSurprise(options.historyBlocks);
    this.values = new Float64Array(2 * options.historyBlocks);
    this.best = new Float64Array(options.neighbours);
  }

  /** The next point; true when it ends a block. */
  next(value: number): boolean {
    this.sum += value;
    if (value < this.low) this.low = value;
    if (value > this.high) this.high = value;
    if (++this.count < this.options.blockPoints) return false;
    this.push(this.snapped(this.summary()));
    this.count = 0;
    this.sum = 0;
    this.low = Number.POSITIVE_INFINITY;
    this.high = Number.NEGATIVE_INFINITY;
    this.now = this.surprise.next(this.distance());
    return true;
  }

  private summary(): number {
    const mean = this.sum / this.options.blockPoints;
    if (this.options.summary === 'mean') return mean;
    this.level = Number.isNaN(this.level) ? mean : (this.level + mean) / 2;
    const { low, high, level } = this;
    return Math.abs(high - level) < Math.abs(low - level) ? low : high;
  }

  private snapped(block: number): number {
    const { order } = this;
    order.add(block);
    const median = order.at((order.size - 1) >> 1);
    const range = order.at(order.size - 1) - order.at(0);
    return Math.abs(block - median) < this.options.snapShare * range ? median : block;
  }

  private push(block: number): void {
    const { values } = this;
    if (this.filled === values.length) {
      values.copyWithin(0, values.length / 2);
      this.filled = values.length / 2;
    }
    values[this.filled++] = block;
    this.blocks++;
  }

  /** To the k-th nearest window that ended half a window ago or earlier; 0 while there is none. */
  private distance(): number {
    const { values, best, filled } = this;
    const { windowBlocks, neighbours, historyBlocks } = this.options;
    if (this.blocks <= 2 * windowBlocks) return 0;
    const newest = filled - 1;
    const last = newest - (windowBlocks >> 1) - 1;
    const first = Math.max(windowBlocks - 1, newest - historyBlocks + windowBlocks);
    if (last - first + 1 < neighbours) return 0;
    best.fill(Number.POSITIVE_INFINITY);
    let limit = Number.POSITIVE_INFINITY;
    let nearest = last;
    for (let end = first; end <= last; end++) {
      let sum = 0;
      for (let i = 0; i < windowBlocks && sum < limit; i++) {
        const apart = (values[newest - i] as number) - (values[end - i] as number);
        sum += apart * apart;
      }
      if (sum >= limit) continue;
      if (sum < (best[0] as number)) nearest = end;
      limit = insert(best, sum);
    }
    this.expected = values[nearest] as number;
    return Math.sqrt(limit);
  }

  snapshot(): Held {
    const { count, sum, low, high, level, blocks, now, expected } = this;
    const kept = Math.min(this.filled, this.options.historyBlocks);
    const values = this.values.slice(this.filled - kept, this.filled);
    const [order, surprise] = [this.order.snapshot(), this.surprise.snapshot()];
    return { count, sum, low, high, level, blocks, values, order, surprise, now, expected };
  }

  restore(snapshot: Snapshot): void {
    const held = snapshot as Held;
    this.values.set(held.values);
    this.filled = held.values.length;
    this.order.restore(held.order as ReturnType<SortedWindow['snapshot']>);
    this.surprise.restore(held.surprise);
    this.blocks = held.blocks;
    this.count = held.count;
    this.sum = held.sum;
    this.low = held.low;
    this.high = held.high;
    this.level = held.level;
    this.now = held.now;
    this.expected = held.expected;
  }
}

/** Puts a distance among the smallest ones; the largest of these afterwards. */
function insert(best: Float64Array, distance: number): number {
  let place = best.length - 1;
  while (place > 0 && (best[place - 1] as number) > distance) {
    best[place] = best[place - 1] as number;
    place--;
  }
  best[place] = distance;
  return best[best.length - 1] as number;
}
