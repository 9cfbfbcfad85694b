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

const SCALES = [1, 5, 20] as const;
/** Blocks of a scale before its deviation counts. */
const BLOCKS_MIN = 4;
const START_POINTS = 10;

interface State {
  points: number;
  mean: number;
  /** [scales] of blocks: how many, mean of their sums, variance, and the block under way. */
  readonly blocks: Float64Array;
  readonly blockMean: Float64Array;
  readonly blockVar: Float64Array;
  readonly partSum: Float64Array;
  readonly partCount: Float64Array;
  /** [lag] a ring of points that are held back. */
  readonly held: Float64Array;
  heldFrom: number;
  heldCount: number;
}

export class Baseline implements HeldState {
  private readonly options: BaselineOptions;
  private state: State;
  private sdNow = 0;
  /** The deviation is worked out when somebody asks for it. */
  private isSdOld = false;
  /** [scales] variance of a point as its blocks tell it. */
  private readonly variance = new Float64Array(SCALES.length);
  /** How much wider a deviation is, of so many points. */
  private widening = 0;
  private wideningOf = -1;

  constructor(options: BaselineOptions) {
    this.options = options;
    this.state = emptyState(options.lag);
  }

  get isReady(): boolean {
    return this.state.points >= this.options.pointsMin;
  }

  get points(): number {
    return this.state.points;
  }

  get mean(): number {
    return this.state.mean;
  }

  /** Of one point, wider while few points are known. */
  get sd(): number {
    if (this.isSdOld) this.sdNow = this.estimate();
    this.isSdOld = false;
    return this.sdNow;
  }

  /** The next point of a series that goes on as ever. */
  offer(value: number): void {
    const { state } = this;
    const { lag } = this.options;
    if (lag === 0 || !this.isReady) {
      this.learn(value);
      return;
    }
    if (state.heldCount === lag) {
      this.learn(state.held[state.heldFrom] as number);
      state.held[state.heldFrom] = value;
      state.heldFrom = state.heldFrom + 1 === lag ? 0 : state.heldFrom + 1;
      return;
    }
    state.held[(state.heldFrom + state.heldCount) % lag] = value;
    state.heldCount++;
  }

  /** Forgets what is held back: it belongs to what was found. */
  dropHeld(): void {
    this.state.heldCount = 0;
  }

  clear(): void {
    this.state = emptyState(this.options.lag);
    this.variance.fill(0);
    this.sdNow = 0;
    this.isSdOld = false;
  }

  private learn(value: number): void {
    const { state } = this;
    const { memory } = this.options;
    state.points++;
    state.mean += (value - state.mean) / this.reach(state.points, memory);
    for (let i = 0; i < SCALES.length; i++) {
      const scale = SCALES[i] as number;
      state.partSum[i] = (state.partSum[i] as number) + value;
      state.partCount[i] = (state.partCount[i] as number) + 1;
      if ((state.partCount[i] as number) < scale) continue;
      this.closeBlock(i, Math.max(2 * BLOCKS_MIN, memory / scale));
      this.isSdOld = true;
    }
  }

  /** Points that a mean reaches back over. */
  private reach(points: number, memory: number): number {
    const { startShare } = this.options;
    return Math.min(points, memory, Math.max(START_POINTS, points * startShare));
  }

  private closeBlock(i: number, memory: number): void {
    const { state } = this;
    const blocks = (state.blocks[i] as number) + 1;
    state.blocks[i] = blocks;
    const weight = 1 / this.reach(blocks, memory);
    const off = (state.partSum[i] as number) - (state.blockMean[i] as number);
    state.blockMean[i] = (state.blockMean[i] as number) + weight * off;
    state.blockVar[i] = (1 - weight) * ((state.blockVar[i] as number) + weight * off * off);
    state.partSum[i] = 0;
    state.partCount[i] = 0;
    this.weigh(i);
  }

  /** What blocks of a scale say of the variance of a point. */
  private weigh(i: number): void {
    const blocks = this.state.blocks[i] as number;
    if (blocks < BLOCKS_MIN) return;
    const unbiased = ((this.state.blockVar[i] as number) * blocks) / (blocks - 1);
    this.variance[i] = unbiased / (SCALES[i] as number);
  }

  private estimate(): number {
    const { state, options } = this;
    const { variance } = this;
    const highest = Math.max(variance[0] as number, variance[1] as number, variance[2] as number);
    const floor = options.sdFloor(state.mean);
    const known = Math.min(state.points, options.memory);
    if (known !== this.wideningOf) {
      this.wideningOf = known;
      this.widening = 1 + 2 / Math.sqrt(known / 5 + 1);
    }
    return Math.max(Math.sqrt(highest), floor) * this.widening;
  }

  snapshot(): Snapshot {
    return structuredClone(this.state) as unknown as Snapshot;
  }

  restore(snapshot: Snapshot): void {
    this.state = structuredClone(snapshot) as unknown as State;
    this.variance.fill(0);
    for (let i = 0; i < SCALES.length; i++) this.weigh(i);
    this.sdNow = 0;
    this.isSdOld = this.state.points > 0;
  }
}

function emptyState(lag: number): State {
  const column = () => new Float64Array(SCALES.length);
  return {
    points: 0,
    mean: 0,
    blocks: column(),
    blockMean: column(),
    blockVar: column(),
    partSum: column(),
    partCount: column(),
    held: new Float64Array(lag),
    heldFrom: 0,
    heldCount: 0,
  };
}
