/**
 * A core out of line: its counter against its own past, compared with what its neighbours did in
 * the same time. What moves all cores of a layer is no fault of a core; the one that moves alone
 * is. Neighbours as control for a common cause: difference in differences (Ashenfelter & Card,
 * Rev. Econ. Stat. 1985); logarithms of counts as in rate-ratio.ts; the z-score is robust against
 * the core's own wild past (Hampel 1974) in that a point out of line is not learned.
 */
import type { HeldState, Snapshot } from '../component/state.ts';

export interface CoreOutlierOptions {
  readonly pointsMin: number;
  /** In deviations of the core's own differences. */
  readonly threshold: number;
  /** Deviations at which one point is enough; else two in a row are needed. */
  readonly atOnce: number;
  /** The least factor between a core and its neighbours. */
  readonly factorMin: number;
  readonly memory: number;
  /** Points out of line after which they are taken as usual. */
  readonly adoptAfter: number;
  readonly coresMax: number;
}

interface Core {
  points: number;
  /** Of the logarithm of the counter. */
  mean: number;
  /** Of the difference to the neighbours. */
  variance: number;
  inRow: number;
  isOut: boolean;
  /** Of the last point. */
  change: number;
  difference: number;
  expected: number;
  observed: number;
  z: number;
}

/** What a core did in the last point. */
export type CoreReading = Readonly<Core>;

const SD_FLOOR = 0.1;
/** Of a group: more cores than this out of line are no cores out of line. */
const OUT_SHARE_MAX = 0.34;

export class CoreOutlier implements HeldState {
  private readonly options: CoreOutlierOptions;
  private cores = new Map<number, Core>();

  constructor(options: CoreOutlierOptions) {
    this.options = options;
  }

  /** False where it is one core too many. */
  knows(core: number): boolean {
    return this.cores.has(core) || this.cores.size < this.options.coresMax;
  }

  /**
   * One group of neighbours, such as the cores of a layer, and what each counted in the same time;
   * `scale` makes counts of spans of different length comparable. Gives those out of line.
   */
  next(ids: readonly number[], counts: readonly number[], scale: number): Map<number, CoreReading> {
    const group = ids.map((id, i) => this.read(id, counts[i] as number, scale));
    const known = group.filter(({ points }) => points >= this.options.pointsMin);
    const common = commonChange(known);
    const out = new Map<number, CoreReading>();
    for (const [i, core] of group.entries()) {
      core.difference = core.change - common;
      this.judge(core, known.length, Math.exp(core.mean + common) / scale);
      if (core.isOut) out.set(ids[i] as number, core);
    }
    if (out.size > Math.max(1, known.length * OUT_SHARE_MAX)) out.clear();
    for (const core of group) this.learn(core);
    return out;
  }

  private read(id: number, count: number, scale: number): Core {
    let core = this.cores.get(id);
    if (core === undefined) {
      core = {
        ...{ points: 0, mean: 0, variance: 0, inRow: 0, isOut: false },
        ...{ change: 0, difference: 0, expected: 0, observed: 0, z: 0 },
      };
      this.cores.set(id, core);
    }
    const value = Math.log(count * scale + 1);
    core.observed = count * scale;
    core.expected = Math.exp(core.mean) - 1;
    core.change = core.points === 0 ? 0 : value - core.mean;
    return core;
  }

  /** `counts` is what it would have counted had it gone along with its neighbours. */
  private judge(core: Core, neighbours: number, counts: number): void {
    const { pointsMin, threshold, atOnce, factorMin } = this.options;
    const known = Math.min(core.points, this.options.memory);
    // Few counts are uncertain by themselves: the logarithm of n has a deviation of 1 / √n.
    const chance = 1 / Math.sqrt(counts + 0.5);
    const own = Math.max(Math.sqrt(core.variance), SD_FLOOR, chance);
    const sd = own * (1 + 4 / Math.sqrt(known + 1));
    core.z = core.difference / sd;
    const isFar =
      core.points >= pointsMin &&
      neighbours >= 2 &&
      Math.abs(core.z) >= threshold &&
      Math.abs(core.difference) >= Math.log(factorMin);
    core.inRow = isFar ? core.inRow + 1 : 0;
    core.isOut = isFar && (core.isOut || core.inRow >= 2 || Math.abs(core.z) >= atOnce);
  }

  private learn(core: Core): void {
    // Cut off: a core that is out of line for good becomes usual slowly, not at once.
    const { memory, adoptAfter } = this.options;
    if (core.inRow > 0 && core.inRow < adoptAfter) return;
    core.points++;
    const weight = 1 / Math.min(core.points, memory);
    core.mean += weight * core.change;
    if (core.points === 1) core.mean = Math.log(core.observed + 1);
    if (core.points > 2) {
      core.variance = (1 - weight) * (core.variance + weight * core.difference ** 2);
    }
  }

  snapshot(): Snapshot {
    return [...this.cores].map(([id, core]) => [id, { ...core }]) as unknown as Snapshot;
  }

  restore(snapshot: Snapshot): void {
    const kept = snapshot as unknown as readonly (readonly [number, Core])[];
    this.cores = new Map(kept.map(([id, core]) => [id, { ...core }]));
  }
}

/** What most of a group did: the median; of two, the one that moved less. */
function commonChange(group: readonly Core[]): number {
  const changes = group.map(({ change }) => change).sort((a, b) => a - b);
  if (changes.length === 0) return 0;
  if (changes.length === 2) {
    const [a, b] = changes as [number, number];
    return Math.abs(a) < Math.abs(b) ? a : b;
  }
  return changes[changes.length >> 1] as number;
}
