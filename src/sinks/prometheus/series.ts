import type { CounterSeries, GaugeSeries, HistogramSeries } from '../../component/metric.ts';
import type { Snapshot } from '../../component/state.ts';
import { valueText } from './label-text.ts';

/** What every series has beside its value; `text` is its labels in the text format. */
export abstract class Series {
  /** Tick of the last look-up; kept by the family. */
  tick = 0;
  /** Expired: not shown, but its value goes on when it returns. */
  hidden = false;
  readonly labels: readonly string[];
  protected readonly text: string;

  constructor(labels: readonly string[], text: string) {
    this.labels = labels;
    this.text = text;
  }

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

  lines(name: string): string {
    return `${name}${this.text === '' ? '' : `{${this.text}}`} ${valueText(this.value)}\n`;
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

  set(value: number): void {
    this.value = value;
  }

  lines(name: string): string {
    if (this.value === undefined) return '';
    return `${name}${this.text === '' ? '' : `{${this.text}}`} ${valueText(this.value)}\n`;
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
  private heads: readonly string[] = [];

  constructor(labels: readonly string[], text: string, le: readonly number[], sumScale: number) {
    super(labels, text);
    this.le = le;
    this.sumScale = sumScale;
    this.counts = new Float64Array(le.length + 1);
    this.bases = new Float64Array(le.length + 1);
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

  lines(name: string): string {
    if (this.heads.length === 0) this.heads = this.headsOf(name);
    let text = '';
    let below = 0;
    const buckets = this.counts.length;
    for (let i = 0; i < buckets; i++) {
      below += this.counts[i] as number;
      text += `${this.heads[i]}${below}\n`;
    }
    const sum = valueText(this.sum * this.sumScale);
    return `${text}${this.heads[buckets]}${sum}\n${this.heads[buckets + 1]}${below}\n`;
  }

  private headsOf(name: string): readonly string[] {
    const comma = this.text === '' ? '' : `${this.text},`;
    const bounds = [...this.le.map(String), '+Inf'];
    const braces = this.text === '' ? '' : `{${this.text}}`;
    return [
      ...bounds.map((bound) => `${name}_bucket{${comma}le="${bound}"} `),
      `${name}_sum${braces} `,
      `${name}_count${braces} `,
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
