import type { HeldState, Snapshot } from '../component/state.ts';
import { CoreOutlier, type CoreReading } from '../detectors/core-outlier.ts';
import { type OnsetVerdict, quietVerdict } from '../detectors/onset.ts';
import type { ActivityFrame } from '../frames/activity.ts';
import type { SeriesAbout, TakeFinding } from './finding.ts';
import type { AnomalyOptions } from './options.ts';
import { FindingMaker } from './watched-series.ts';

/** What tells best what a core does, first: of those that a frame has, the first is taken. */
const COUNTERS = ['axon_out', 'spikes_out', 'syn_ops'] as const;
/** Counts are summed up over at least so long: fewer hold too little. */
const PANE_US = 50_000;

interface Raised {
  readonly maker: FindingMaker;
  onsetUs: number;
}

/** The cores of one chip, each against the others of its layer. */
export class CoreWatch implements HeldState {
  private readonly about: SeriesAbout;
  private readonly options: AnomalyOptions;
  private readonly take: TakeFinding;
  private readonly outlier: CoreOutlier;
  private readonly verdict: OnsetVerdict = quietVerdict();
  private last = new Map<number, number>();
  private sums = new Map<number, number>();
  private raised = new Map<number, Raised>();
  private fromUs = -1;
  /** Start of the pane before. */
  private lastFromUs = 0;

  constructor(about: SeriesAbout, options: AnomalyOptions, take: TakeFinding) {
    this.about = about;
    this.options = options;
    this.take = take;
    this.outlier = new CoreOutlier({
      pointsMin: 3,
      threshold: options.core_threshold,
      atOnce: 2 * options.core_threshold,
      factorMin: options.core_factor,
      memory: 100,
      adoptAfter: Math.ceil(options.adopt / PANE_US),
      coresMax: options.cores_max,
    });
  }

  /** A frame that follows the last one. `layerOf` says which layer a core is of. */
  next(frame: ActivityFrame, layerOf: ReadonlyMap<number, string>): void {
    const counter = COUNTERS.find((name) => frame.counters.has(name));
    if (counter === undefined) return;
    const values = frame.counters.get(counter) as Float64Array;
    const endUs = frame.t0Us + frame.spanUs;
    const isFirst = this.fromUs < 0;
    if (isFirst) this.fromUs = frame.cumulative ? endUs : frame.t0Us;
    for (let i = 0; i < values.length; i++) {
      const core = frame.coreId[i] as number;
      if (this.last.size >= this.options.cores_max && !this.last.has(core)) continue;
      const value = values[i] as number;
      const before = this.last.get(core);
      this.last.set(core, value);
      if (frame.cumulative && before === undefined) continue;
      const isOn = frame.cumulative && before !== undefined && value >= before;
      this.sums.set(core, (this.sums.get(core) ?? 0) + (isOn ? value - before : value));
    }
    if (endUs - this.fromUs >= PANE_US) this.close(endUs, layerOf);
  }

  private close(endUs: number, layerOf: ReadonlyMap<number, string>): void {
    const groups = new Map<string, number[]>();
    for (const core of this.sums.keys()) {
      const layer = layerOf.get(core) ?? '';
      const group = groups.get(layer);
      if (group === undefined) groups.set(layer, [core]);
      else group.push(core);
    }
    const scale = PANE_US / (endUs - this.fromUs);
    const out = new Map<number, CoreReading>();
    for (const ids of groups.values()) {
      const counts = ids.map((id) => this.sums.get(id) as number);
      for (const [id, reading] of this.outlier.next(ids, counts, scale)) out.set(id, reading);
    }
    for (const core of this.sums.keys()) this.hear(core, out.get(core), endUs, layerOf.get(core));
    this.sums.clear();
    this.lastFromUs = this.fromUs;
    this.fromUs = endUs;
  }

  private hear(core: number, read: CoreReading | undefined, tUs: number, layer?: string): void {
    let raised = this.raised.get(core);
    if (read === undefined && raised === undefined) return;
    if (raised === undefined) {
      const maker = new FindingMaker('core', this.take);
      maker.scale = 1e6 / PANE_US;
      raised = { maker, onsetUs: (read?.inRow ?? 0) >= 2 ? this.lastFromUs : this.fromUs };
      this.raised.set(core, raised);
    }
    const { verdict } = this;
    verdict.isAnomalous = read !== undefined;
    verdict.onsetUs = raised.onsetUs;
    if (read !== undefined) {
      verdict.lastUs = tUs;
      verdict.expected = read.expected;
      verdict.observed = read.observed;
      verdict.score = Math.min(1, Math.abs(read.z) / (2 * this.options.core_threshold));
      // Cantelli's bound: it asks nothing of the distribution.
      verdict.pValue = 1 / (1 + read.z ** 2);
    }
    const about = { ...this.about, coreId: core, layerName: layer === '' ? undefined : layer };
    raised.maker.hear(about, tUs, verdict);
    if (read === undefined) this.raised.delete(core);
  }

  /** The chip starts anew. */
  clear(tUs: number): void {
    for (const { maker } of this.raised.values()) maker.clear(tUs);
    this.raised.clear();
    this.last.clear();
    this.sums.clear();
    this.fromUs = -1;
  }

  snapshot(): Snapshot {
    return {
      outlier: this.outlier.snapshot(),
      last: [...this.last],
      sums: [...this.sums],
      raised: [...this.raised].map(([core, { maker, onsetUs }]) => [
        core,
        maker.snapshot(),
        onsetUs,
      ]),
      times: [this.fromUs, this.lastFromUs],
    };
  }

  restore(snapshot: Snapshot): void {
    const kept = snapshot as Readonly<Record<string, Snapshot>>;
    this.outlier.restore(kept['outlier'] as Snapshot);
    this.last = new Map(kept['last'] as unknown as [number, number][]);
    this.sums = new Map(kept['sums'] as unknown as [number, number][]);
    this.raised = new Map();
    for (const each of kept['raised'] as readonly Snapshot[]) {
      const [core, state, onsetUs] = each as readonly [number, Snapshot, number];
      const maker = new FindingMaker('core', this.take);
      maker.restore(state);
      this.raised.set(core, { maker, onsetUs });
    }
    [this.fromUs, this.lastFromUs] = kept['times'] as [number, number];
  }
}
