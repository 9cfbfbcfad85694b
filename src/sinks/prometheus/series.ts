import type { CounterSeries, GaugeSeries, HistogramSeries } from '../../component/metric.ts';
import type { Snapshot } from '../../component/state.ts';
import { valueText } from './label-text.ts';

/** What every series has beside its value; `text` is its labels in the text format. */
export abstract class Series {
  /** Tick of the last look-up; kept by the family. */
  tick = 0;
  /** Expired: not shown, but its value goes on when it returns. */
  hidden = false;
  /** A histogram with bounds below 0; its sum can fall. */
  readonly hasNegativeBuckets: boolean = false;
  readonly labels: readonly string[];
  protected readonly text: string;

  constructor(labels: readonly string[], text: string) {
    this.labels = labels;
    this.text = text;
  }

  /** The labels in braces, where there are any. */
  protected get braced(): string {
    return this.text === '' ? '' : `{${this.text}}`;
  }

  /** Sample name and labels of each of its lines, with a space behind; as many as `values`. */
  abstract heads(name: string, leText: (bound: number) => string): readonly string[];
  /** The values of its lines now; none for a gauge that was never set. */
  abstract values(): readonly number[];
  abstract lines(name: string): string;
  abstract snapshot(): Snapshot;
  abstract restore(snapshot: Snapshot): void;
  /** The operator that says totals starts afresh: they are added to what stands here. */
  abstract rebase(): void;
}

export class Counter extends Series implements CounterSeries {
  private value = 0;
  private base = 0;

  add(count: number): void {
    this.value += count;
  }

  total(sinceStart: number): void {
    this.value = this.base + sinceStart;
  }

  heads(name: string): readonly string[] {
    return [`${name}${this.braced} `];
  }

  values(): readonly number[] {
    return [this.value];
  }

  lines(name: string): string {
    return `${name}${this.braced} ${valueText(this.value)}\n`;
  }

  snapshot(): Snapshot {
    return [this.value, this.base];
  }

  restore(snapshot: Snapshot): void {
    [this.value, this.base] = snapshot as [number, number];
  }

  rebase(): void {
    this.base = this.value;
  }
}

export class Gauge extends Series implements GaugeSeries {
  private value: number | undefined;
  private readonly leave: (gauge: Gauge) => void;

  constructor(labels: readonly string[], text: string, leave: (gauge: Gauge) => void) {
    super(labels, text);
    this.leave = leave;
  }

  set(value: number): void {
    this.value = value;
  }

  remove(): void {
    this.leave(this);
  }

  heads(name: string): readonly string[] {
    return [`${name}${this.braced} `];
  }

  values(): readonly number[] {
    return this.value === undefined ? [] : [this.value];
  }

  lines(name: string): string {
    if (this.value === undefined) return '';
    return `${name}${this.braced} ${valueText(this.value)}\n`;
  }

  snapshot(): Snapshot {
    return this.value === undefined || Number.isNaN(this.value) ? null : this.value;
  }

  restore(snapshot: Snapshot): void {
    this.value = snapshot === null ? undefined : (snapshot as number);
  }

  rebase(): void {}
}

export class Histogram extends Series implements HistogramSeries {
  /** [buckets] not cumulative; the last is +Inf. */
  private readonly counts: Float64Array;
  private readonly bases: Float64Array;
  private sum = 0;
  private sumBase = 0;
  private readonly le: readonly number[];
  private readonly sumScale: number;
  /** The fixed parts of its lines, made at the first rendering. */
  private plainHeads: readonly string[] = [];
  override readonly hasNegativeBuckets: boolean;

  constructor(labels: readonly string[], text: string, le: readonly number[], sumScale: number) {
    super(labels, text);
    this.le = le;
    this.sumScale = sumScale;
    this.counts = new Float64Array(le.length + 1);
    this.bases = new Float64Array(le.length + 1);
    this.hasNegativeBuckets = (le[0] as number) < 0;
  }

  add(counts: ArrayLike<number>, sum: number): void {
    for (let i = 0; i < this.counts.length; i++) {
      this.counts[i] = (this.counts[i] as number) + (counts[i] as number);
    }
    this.sum += sum;
  }

  total(counts: ArrayLike<number>, from: number, sumSinceStart: number): void {
    for (let i = 0; i < this.counts.length; i++) {
      this.counts[i] = (this.bases[i] as number) + (counts[from + i] as number);
    }
    this.sum = this.sumBase + sumSinceStart;
  }

  values(): readonly number[] {
    const values: number[] = [];
    let below = 0;
    for (let i = 0; i < this.counts.length; i++) {
      below += this.counts[i] as number;
      values.push(below);
    }
    values.push(this.sum * this.sumScale, below);
    return values;
  }

  lines(name: string): string {
    if (this.plainHeads.length === 0) this.plainHeads = this.heads(name, String);
    let text = '';
    let below = 0;
    const buckets = this.counts.length;
    for (let i = 0; i < buckets; i++) {
      below += this.counts[i] as number;
      text += `${this.plainHeads[i]}${below}\n`;
    }
    const sum = valueText(this.sum * this.sumScale);
    return `${text}${this.plainHeads[buckets]}${sum}\n${this.plainHeads[buckets + 1]}${below}\n`;
  }

  heads(name: string, leText: (bound: number) => string): readonly string[] {
    const comma = this.text === '' ? '' : `${this.text},`;
    const bounds = [...this.le.map(leText), '+Inf'];
    return [
      ...bounds.map((bound) => `${name}_bucket{${comma}le="${bound}"} `),
      `${name}_sum${this.braced} `,
      `${name}_count${this.braced} `,
    ];
  }

  snapshot(): Snapshot {
    return [this.counts.slice(), this.bases.slice(), this.sum, this.sumBase];
  }

  restore(snapshot: Snapshot): void {
    const [counts, bases, sum, sumBase] = snapshot as [Float64Array, Float64Array, number, number];
    this.counts.set(counts);
    this.bases.set(bases);
    this.sum = sum;
    this.sumBase = sumBase;
  }

  rebase(): void {
    this.bases.set(this.counts);
    this.sumBase = this.sum;
  }
}
