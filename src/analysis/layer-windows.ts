import { cumulated } from '../numerics/rate-buckets.ts';
import { SampleMoments } from '../numerics/sample-moments.ts';
import type { SpikeRate } from '../operators/measure-spike-rate.ts';
import type { AnalysisBudget } from './analysis-budget.ts';
import type { WindowResult } from './result.ts';

/** Windows of a layer whose chips have not all been heard of; more than live ones hold open. */
const OPEN_MAX = 64;

export interface LayerWindowsOptions {
  readonly startUs: number;
  readonly endUs: number;
  /** Whether the windows are listed, or only their Fano factor is wanted. */
  readonly isListed: boolean;
  readonly budget: AnalysisBudget;
}

interface OpenRow {
  readonly t0Us: number;
  readonly t1Us: number;
  spikes: number;
  neurons: number;
  parts: number;
  readonly buckets: number[];
}

/**
 * The observed windows of a layer, put together from the rates of its parts. A window counts when
 * every part was observed in it and it lies wholly in the recording.
 */
export class LayerWindows {
  /** Windows that came again, for the recording's time went back. */
  repeated = 0;
  /** Windows that are not listed, for there are too many. */
  unlisted = 0;
  private readonly options: LayerWindowsOptions;
  private readonly rows: WindowResult[] = [];
  private readonly open = new Map<number, OpenRow>();
  private readonly lastOfPart = new Map<string, number>();
  private readonly moments = new SampleMoments();
  /** The latest window, which waits for the spikes at its end. */
  private last: OpenRow | undefined;

  constructor(options: LayerWindowsOptions) {
    this.options = options;
  }

  /** The rate of one of `parts` parts. */
  add(rate: SpikeRate, parts: number): void {
    if (rate.t0Us < this.options.startUs || rate.t1Us > this.options.endUs) return;
    const chip = `${rate.deviceType}/${rate.chipId}`;
    if (rate.t0Us <= (this.lastOfPart.get(chip) ?? Number.NEGATIVE_INFINITY)) {
      this.repeated++;
      return;
    }
    this.lastOfPart.set(chip, rate.t0Us);
    const row = this.open.get(rate.t0Us) ?? this.start(rate);
    row.spikes += rate.spikes;
    row.neurons += rate.neuronCount;
    for (let i = 0; i < row.buckets.length; i++) {
      row.buckets[i] = (row.buckets[i] as number) + (rate.rateHistogram[i] as number);
    }
    if (++row.parts < parts) return;
    this.open.delete(rate.t0Us);
    this.close(row);
  }

  private start({ t0Us, t1Us, rateHistogram }: SpikeRate): OpenRow {
    const row = {
      t0Us,
      t1Us,
      spikes: 0,
      neurons: 0,
      parts: 0,
      buckets: rateHistogram.map(() => 0),
    };
    this.open.set(t0Us, row);
    if (this.open.size > OPEN_MAX) {
      const [oldest] = this.open.keys();
      this.open.delete(oldest as number);
    }
    return row;
  }

  private close(row: OpenRow): void {
    const { t0Us, t1Us, spikes, neurons, buckets } = row;
    if (this.last !== undefined) this.moments.add(this.last.spikes);
    this.last = row;
    if (!this.options.isListed) return;
    if (!this.options.budget.takeWindow()) {
      this.unlisted++;
      return;
    }
    const rateHz = (spikes * 1e6) / (neurons * (t1Us - t0Us));
    this.rows.push({
      t0_us: t0Us,
      t1_us: t1Us,
      spikes,
      mean_rate_hz: rateHz,
      histogram: cumulated(buckets),
    });
  }

  /**
   * `atEnd` spikes lie at exactly the end of the recording. Where that is the end of the last
   * window, they are counted in it for the Fano factor, as numpy.histogram closes its last bin.
   */
  result(atEnd: number): { windows: WindowResult[]; fano: number | null } {
    if (this.last !== undefined) {
      const isClosed = this.last.t1Us === this.options.endUs;
      this.moments.add(this.last.spikes + (isClosed ? atEnd : 0));
      this.last = undefined;
    }
    // One window has no variance: undefined, and not 0.
    const fano = this.moments.count < 2 ? null : (this.moments.fano() ?? null);
    return { windows: this.rows, fano };
  }
}
