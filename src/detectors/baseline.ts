/**
 * What a series is like as a rule: mean and standard deviation of a point, with exponential
 * forgetting. The deviation is the larger of those of single points and of sums of 5 and 20 of
 * them: where points hang together, as spike counts do, sums vary more than independent ones would
 * (the batch-means estimate of Conway 1963), and a test that adds points up must know that.
 */
import type { HeldState, Snapshot } from '../component/state.ts';

export interface BaselineOptions {
  /** Points before there is a baseline. */
  readonly pointsMin: number;
  /** Points after which an old one weighs a third. */
  readonly memory: number;
  /** Part of all points that counts until then; below 1, a start that was odd is forgotten. */
  readonly startShare: number;
  /** Points that are held back, so that what is about to be found is not learned. */
  readonly lag: number;
  /** The least deviation that a mean lets one believe in. */
  readonly sdFloor: (mean: number) => number;
}

/**
 * The least deviation of a series by its mean: a part of its root, a part of it, and a number. Made
 * in one place, as a call of one function is put in its place and a call of many is not.
 */
export function noiseFloor(root: number, share: number, least: number): (mean: number) => number {
  return (mean) =>
    Math.max(root * Math.sqrt(Math.max(0, mean)), Math.max(share * Math.abs(mean), least));
}

/** Points of a block, of the two scales beside that of single points. */
const BLOCK = [5, 20] as const;
/** Blocks of a scale before its deviation counts. */
const BLOCKS_MIN = 4;
const START_POINTS = 10;

/** Where what is known lies in one column of numbers; one column, as there are many baselines. */
const POINTS = 0;
const MEAN = 1;
const VARIANCE = 2;
const HELD_FROM = 3;
const HELD_COUNT = 4;
/** Of the first scale of blocks: how many, mean and variance of sums, and the one under way. */
const SCALE = 5;
const SCALE_LENGTH = 5;
const [BLOCKS, BLOCK_MEAN, BLOCK_VAR, PART_SUM, PART_COUNT] = [0, 1, 2, 3, 4] as const;
/** A ring of points that are held back. */
const HELD = SCALE + 2 * SCALE_LENGTH;

export class Baseline implements HeldState {
  private readonly options: BaselineOptions;
  private column: Float64Array;
  private sdNow = 0;
  /** The deviation is worked out when somebody asks for it. */
  private isSdOld = false;
  /** How much wider a deviation is, of so many points. */
  private widening = 0;
  private wideningOf = -1;

  constructor(options: BaselineOptions) {
    this.options = options;
    this.column = new Float64Array(HELD + options.lag);
  }

  get isReady(): boolean {
    return (this.column[POINTS] as number) >= this.options.pointsMin;
  }

  get points(): number {
    return this.column[POINTS] as number;
  }

  get mean(): number {
    return this.column[MEAN] as number;
  }

  /** Of one point, wider while few points are known. */
  get sd(): number {
    if (this.isSdOld) this.sdNow = this.estimate();
    this.isSdOld = false;
    return this.sdNow;
  }

  /** The next point of a series that goes on as ever. */
  offer(value: number): void {
    const { column } = this;
    const { lag, pointsMin } = this.options;
    if (lag === 0 || (column[POINTS] as number) < pointsMin) {
      this.learn(value);
      return;
    }
    const from = column[HELD_FROM] as number;
    const count = column[HELD_COUNT] as number;
    if (count === lag) {
      this.learn(column[HELD + from] as number);
      column[HELD + from] = value;
      column[HELD_FROM] = from + 1 === lag ? 0 : from + 1;
      return;
    }
    column[HELD + ((from + count) % lag)] = value;
    column[HELD_COUNT] = count + 1;
  }

  /** Forgets what is held back: it belongs to what was found. */
  dropHeld(): void {
    this.column[HELD_COUNT] = 0;
  }

  clear(): void {
    this.column.fill(0);
    this.sdNow = 0;
    this.isSdOld = false;
  }

  private learn(value: number): void {
    const { column } = this;
    const { memory } = this.options;
    const points = (column[POINTS] as number) + 1;
    const weight = 1 / this.reach(points, memory);
    const off = value - (column[MEAN] as number);
    column[POINTS] = points;
    column[MEAN] = (column[MEAN] as number) + weight * off;
    column[VARIANCE] = (1 - weight) * ((column[VARIANCE] as number) + weight * off * off);
    this.isSdOld = true;
    for (let i = 0; i < BLOCK.length; i++) {
      const at = SCALE + i * SCALE_LENGTH;
      const length = BLOCK[i] as number;
      column[at + PART_SUM] = (column[at + PART_SUM] as number) + value;
      column[at + PART_COUNT] = (column[at + PART_COUNT] as number) + 1;
      if (column[at + PART_COUNT] === length) {
        this.closeBlock(at, Math.max(2 * BLOCKS_MIN, memory / length));
      }
    }
  }

  /** Points that a mean reaches back over. */
  private reach(points: number, memory: number): number {
    const { startShare } = this.options;
    return Math.min(points, memory, Math.max(START_POINTS, points * startShare));
  }

  private closeBlock(at: number, memory: number): void {
    const { column } = this;
    const blocks = (column[at + BLOCKS] as number) + 1;
    column[at + BLOCKS] = blocks;
    const weight = 1 / this.reach(blocks, memory);
    const mean = column[at + BLOCK_MEAN] as number;
    const off = (column[at + PART_SUM] as number) - mean;
    column[at + BLOCK_MEAN] = mean + weight * off;
    column[at + BLOCK_VAR] =
      (1 - weight) * ((column[at + BLOCK_VAR] as number) + weight * off * off);
    column[at + PART_SUM] = 0;
    column[at + PART_COUNT] = 0;
  }

  private estimate(): number {
    const { options, column } = this;
    const points = column[POINTS] as number;
    let highest = unbiased(column[VARIANCE] as number, points);
    for (let i = 0; i < BLOCK.length; i++) {
      const at = SCALE + i * SCALE_LENGTH;
      const ofSum = unbiased(column[at + BLOCK_VAR] as number, column[at + BLOCKS] as number);
      const ofPoint = ofSum / (BLOCK[i] as number);
      if (ofPoint > highest) highest = ofPoint;
    }
    const floor = options.sdFloor(column[MEAN] as number);
    const known = Math.min(points, options.memory);
    if (known !== this.wideningOf) {
      this.wideningOf = known;
      this.widening = 1 + 2 / Math.sqrt(known / 5 + 1);
    }
    return Math.max(Math.sqrt(highest), floor) * this.widening;
  }

  snapshot(): Snapshot {
    return this.column.slice();
  }

  restore(snapshot: Snapshot): void {
    this.column = (snapshot as Float64Array).slice();
    this.sdNow = 0;
    this.isSdOld = this.points > 0;
  }
}

/** Variance of so many values, as those that were forgotten more or less tell it; 0 of too few. */
function unbiased(variance: number, count: number): number {
  return count < BLOCKS_MIN ? 0 : (variance * count) / (count - 1);
}
