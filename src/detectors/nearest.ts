import { z } from 'zod';
import type { Detector, Verdict } from '../component/detector.ts';
import type { Snapshot } from '../component/state.ts';
import { AlarmRule } from './alarm-rule.ts';
import { BlockDistance } from './block-distance.ts';
import { NewExtreme } from './new-extreme.ts';
import { TailSurprise } from './tail-surprise.ts';

/** No feature alone says more than this: 1 in 300. */
const SURPRISE_MAX = 2.5;
/** The nearest window alone is chance; the third nearest is not. */
const MEAN_NEIGHBOURS = 3;
const QUIET_SHARE = 0.2;
/** Blocks compared for each point of a block, so that short blocks don't cost more a point. */
const HISTORY_PER_POINT = 500;

export const nearestOptions = z.strictObject({
  baseline: z
    .int()
    .min(30)
    .max(1_000_000)
    .default(600)
    .describe('points that show how the series usually goes; all other lengths follow from it'),
  threshold: z
    .number()
    .min(0)
    .max(2.5)
    .default(0.44)
    .describe('what is called an anomaly: tenfolds of rarity, after what repeats is taken off'),
  history: z
    .int()
    .min(64)
    .max(4000)
    .default(4000)
    .describe('blocks that are remembered and compared with'),
  blocks: z.int().min(10).max(1000).default(125).describe('blocks into which a baseline is cut'),
  window: z.int().min(2).max(64).default(12).describe('blocks that are compared at once'),
  snap: z
    .number()
    .min(0)
    .max(0.5)
    .default(0.05)
    .describe('share of the range: a block nearer than this to the median counts as the median'),
  coarse_weight: z
    .number()
    .min(0)
    .max(10)
    .default(0)
    .describe('weight of the extremes of blocks twice as long'),
  range_weight: z
    .number()
    .min(0)
    .max(10)
    .default(2)
    .describe('weight of leaving the range of all that was seen'),
  rise: z
    .number()
    .min(1)
    .max(10)
    .default(1.5)
    .describe('how many times larger a score is told again during a fifth of a baseline'),
  repeat_penalty: z
    .number()
    .min(0)
    .max(5)
    .default(0.2)
    .describe('taken off for each tenfold of earlier alarms that were as large'),
});

export type NearestOptions = z.output<typeof nearestOptions>;

/** For series read at 10 to 100 ms with a baseline of 300 ms to 3 s: small, and as fast. */
export const COMPACT_NEAREST = { baseline: 30, history: 300 } as const;

/**
 * The general-purpose detector: is there anything in the past of this series that looks like its
 * newest points? It asks this of block means and of block extremes, asks whether the series left
 * its range, and adds up how surprising the answers are. Its files name the papers of its parts:
 * `block-distance.ts`, `new-extreme.ts`, `tail-surprise.ts`, `alarm-rule.ts`; the sum of logarithms
 * of p-values is R. A. Fisher's, Statistical Methods for Research Workers, 1925.
 *
 * It holds at most 12 arrays of `history` numbers and 512 more, whatever comes.
 */
export class NearestDetector implements Detector {
  private readonly options: NearestOptions;
  private readonly mean: BlockDistance;
  private readonly extreme: BlockDistance;
  private readonly coarse: BlockDistance | undefined;
  private readonly range: NewExtreme | undefined;
  private readonly overall: TailSurprise;
  private readonly alarm: AlarmRule;
  private readonly weights: number;
  private pValue = Number.NaN;
  private readonly verdict: Verdict = {
    score: 0,
    pValue: Number.NaN,
    isAnomalous: false,
    expected: Number.NaN,
  };

  constructor(options: NearestOptions) {
    const { baseline, blocks, window: windowBlocks, snap: snapShare } = options;
    this.options = options;
    const blockPoints = Math.max(1, Math.floor(baseline / blocks));
    const historyBlocks = Math.min(options.history, HISTORY_PER_POINT * blockPoints);
    const common = { windowBlocks, snapShare, historyBlocks };
    this.mean = new BlockDistance({
      ...common,
      summary: 'mean',
      blockPoints,
      neighbours: MEAN_NEIGHBOURS,
    });
    this.extreme = new BlockDistance({
      ...common,
      summary: 'extreme',
      blockPoints,
      neighbours: 1,
    });
    if (options.coarse_weight > 0) {
      const coarsePoints = Math.max(1, Math.floor(baseline / Math.floor(blocks / 2)));
      this.coarse = new BlockDistance({
        ...common,
        summary: 'extreme',
        blockPoints: coarsePoints,
        neighbours: 1,
      });
    }
    if (options.range_weight > 0) this.range = new NewExtreme(options.history);
    this.overall = new TailSurprise(historyBlocks);
    this.weights = 2 + options.coarse_weight + options.range_weight;
    this.alarm = new AlarmRule({
      quietPoints: Math.floor(QUIET_SHARE * baseline),
      riseRatio: options.rise,
      repeatPenalty: options.repeat_penalty,
    });
  }

  next(_tUs: number, value: number): Verdict {
    const isWhole = this.mean.next(value);
    this.extreme.next(value);
    const { coarse_weight, range_weight, threshold } = this.options;
    let sum = Math.min(this.mean.now, SURPRISE_MAX) + Math.min(this.extreme.now, SURPRISE_MAX);
    if (this.coarse !== undefined) {
      this.coarse.next(value);
      sum += coarse_weight * Math.min(this.coarse.now, SURPRISE_MAX);
    }
    if (this.range !== undefined) {
      sum += range_weight * Math.min(this.range.next(value), SURPRISE_MAX);
    }
    const surprise = sum / this.weights;
    if (isWhole) {
      const isReady = this.overall.isReady;
      const rarity = this.overall.next(surprise);
      if (isReady) this.pValue = 10 ** -rarity;
    }
    const told = this.alarm.next(surprise);
    this.verdict.score = 1 - 10 ** -told;
    this.verdict.pValue = this.pValue;
    this.verdict.isAnomalous = told > 0 && told >= threshold;
    this.verdict.expected = this.mean.expected;
    return this.verdict;
  }

  snapshot(): Snapshot {
    return {
      mean: this.mean.snapshot(),
      extreme: this.extreme.snapshot(),
      coarse: this.coarse?.snapshot() ?? null,
      range: this.range?.snapshot() ?? null,
      overall: this.overall.snapshot(),
      alarm: this.alarm.snapshot(),
      pValue: this.pValue,
    };
  }

  restore(snapshot: Snapshot): void {
    const held = snapshot as { readonly [key: string]: Snapshot };
    this.mean.restore(held['mean'] as Snapshot);
    this.extreme.restore(held['extreme'] as Snapshot);
    this.coarse?.restore(held['coarse'] as Snapshot);
    this.range?.restore(held['range'] as Snapshot);
    this.overall.restore(held['overall'] as Snapshot);
    this.alarm.restore(held['alarm'] as Snapshot);
    this.pValue = held['pValue'] as number;
  }
}
