import type { HeldState, Snapshot } from '../component/state.ts';
import { noiseFloor } from '../detectors/baseline.ts';
import { DistributionShift } from '../detectors/distribution-shift.ts';
import type { MembraneFrame } from '../frames/membrane.ts';
import type { DetectorSet } from './defaults.ts';
import type { SeriesAbout } from './finding.ts';
import { PointSeries } from './point-series.ts';
import { FindingMaker, WatchedGroup } from './watched-series.ts';

const WINDOW_US = 100_000;
const BINS = 24;
/** Samples that a window needs to say anything. */
const SAMPLES_MIN = 100;
/** Windows whose extremes make the range of the bins. */
const RANGE_WINDOWS = 3;

/** Potentials of one layer on one chip: their histogram against that of the past. */
export class MembraneWatch implements HeldState {
  readonly stream: string;
  private readonly about: SeriesAbout;
  private readonly shift: DistributionShift;
  private readonly maker: FindingMaker;
  /** Of time only: which frames go on, and how far they reach. */
  private readonly time: PointSeries;
  private readonly counts = new Float64Array(BINS);
  private samples = 0;
  private window = -1;
  private windows = 0;
  private low = Number.POSITIVE_INFINITY;
  private high = Number.NEGATIVE_INFINITY;

  constructor(about: SeriesAbout, stream: string, set: DetectorSet) {
    this.stream = stream;
    this.about = { ...about, series: 'membrane', unit: '' };
    const level = set.level(WINDOW_US, 0, noiseFloor(0, 0, 0.02), {
      effectMinAbsolute: 0.15,
      zMax: 6,
    });
    this.shift = new DistributionShift({ bins: BINS, level, forget: 0.02, windowsMin: 3 });
    this.maker = new FindingMaker('distribution-shift', set.takeFinding);
    this.time = new PointSeries(this.about, stream, WINDOW_US, new WatchedGroup([]));
  }

  get doneUs(): number {
    return this.time.doneUs;
  }

  next(frame: MembraneFrame): void {
    if (!this.time.opens(frame)) return;
    const { values, dtUs, t0Us, spanUs, neuronId } = frame;
    const neurons = neuronId.length;
    for (let i = 0; i < dtUs.length; i++) {
      const window = Math.floor((t0Us + (dtUs[i] as number)) / WINDOW_US);
      if (window !== this.window) this.close();
      this.window = window;
      for (let k = i * neurons; k < (i + 1) * neurons; k++) this.count(values[k] as number);
    }
    this.time.reach(t0Us + spanUs);
    if (this.window >= 0 && (this.window + 1) * WINDOW_US <= t0Us + spanUs) this.close();
  }

  private count(value: number): void {
    if (!Number.isFinite(value)) return;
    this.samples++;
    if (this.windows < RANGE_WINDOWS) {
      this.low = Math.min(this.low, value);
      this.high = Math.max(this.high, value);
      return;
    }
    const width = (this.high - this.low) / (BINS - 2);
    const bin = width > 0 ? 1 + Math.floor((value - this.low) / width) : value > this.low ? 2 : 1;
    const at = Math.max(0, Math.min(BINS - 1, bin));
    this.counts[at] = (this.counts[at] as number) + 1;
  }

  private close(): void {
    const { window, samples, windows } = this;
    if (window < 0) return;
    const endUs = (window + 1) * WINDOW_US;
    if (samples > 0) this.windows++;
    if (windows >= RANGE_WINDOWS && samples >= SAMPLES_MIN) {
      const verdict = this.shift.next(endUs, this.counts);
      if (verdict !== undefined) this.maker.hear(this.about, endUs, verdict);
    }
    this.counts.fill(0);
    this.samples = 0;
    this.window = -1;
  }

  snapshot(): Snapshot {
    const { samples, window, windows, low, high } = this;
    return [
      ...[this.shift.snapshot(), this.maker.snapshot(), this.time.snapshot()],
      ...[this.counts.slice(), [samples, window, windows, low, high]],
    ];
  }

  restore(snapshot: Snapshot): void {
    const [shift, maker, time, counts, numbers] = snapshot as readonly [
      ...[Snapshot, Snapshot, Snapshot],
      Float64Array,
      number[],
    ];
    this.shift.restore(shift);
    this.maker.restore(maker);
    this.time.restore(time);
    this.counts.set(counts);
    const [samples, window, windows, low, high] = numbers as [
      number,
      number,
      number,
      number,
      number,
    ];
    Object.assign(this, { samples, window, windows, low, high });
  }
}
