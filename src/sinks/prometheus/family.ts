import type { MetricFamily, MetricSpec } from '../../component/metric.ts';
import type { Snapshot } from '../../component/state.ts';
import { escapeHelp, fitLabel, labelText } from './label-text.ts';
import type { Series } from './series.ts';

export type FamilyType = 'counter' | 'gauge' | 'histogram';

/** What families share: the tick of now, and what is told of refused label sets. */
export interface FamilyHost {
  tick: number;
  readonly seriesMax: number;
  /** A label of all series, as text; '' for none. */
  readonly labelText: string;
  refused(metric: string): void;
}

type Node<S> = Map<string, Node<S> | S>;

/** One metric: its series by labels, at most `seriesMax` of them. */
export class Family<S extends Series> implements MetricFamily<S> {
  readonly spec: MetricSpec;
  readonly type: FamilyType;
  private readonly host: FamilyHost;
  private readonly make: (labels: readonly string[], text: string) => S;
  private readonly root: Node<S> = new Map();
  /** In the order they were made, hidden ones included. */
  private readonly all = new Set<S>();
  /** Where look-ups past the cap end: shown as `other`, or for gauges never. */
  private overflow: S | undefined;
  private readonly seriesMax: number;
  /** What was found last, by the labels as they were given: frames of one chip come in a row. */
  private last: S | undefined;
  private lastLabels: readonly string[] = [];

  constructor(
    spec: MetricSpec,
    type: FamilyType,
    host: FamilyHost,
    make: (labels: readonly string[], text: string) => S,
  ) {
    this.spec = spec;
    this.type = type;
    this.host = host;
    this.make = make;
    this.seriesMax = spec.seriesMax ?? host.seriesMax;
  }

  get name(): string {
    return this.spec.name;
  }

  series(...labels: string[]): S {
    const found = this.isLast(labels) ? (this.last as S) : this.lookUp(labels);
    found.tick = this.host.tick;
    found.hidden = false;
    return found;
  }

  private isLast(labels: readonly string[]): boolean {
    const { lastLabels } = this;
    if (this.last === undefined || lastLabels.length !== labels.length) return false;
    for (let i = labels.length - 1; i >= 0; i--) if (lastLabels[i] !== labels[i]) return false;
    return true;
  }

  private lookUp(labels: readonly string[]): S {
    const found = this.find(labels) ?? this.add(labels);
    // Each look-up past the cap is told.
    this.last = found === this.overflow ? undefined : found;
    this.lastLabels = labels;
    return found;
  }

  private find(labels: readonly string[]): S | undefined {
    let node: Node<S> | S | undefined = this.root;
    for (let i = 0; i < labels.length; i++) {
      node = (node as Node<S>).get(labels[i] as string);
      if (node === undefined) return undefined;
    }
    return labels.length === 0 ? (this.root.get('') as S | undefined) : (node as S);
  }

  /** A label set not seen before, or one that is not fit to be shown as it is. */
  private add(raw: readonly string[]): S {
    if (raw.length !== this.spec.labels.length) {
      throw new Error(`${this.name} has ${this.spec.labels.length} labels, got ${raw.length}`);
    }
    const labels = raw.map(fitLabel);
    const known = this.find(labels);
    if (known !== undefined) return known;
    if (this.all.size >= this.seriesMax && !this.forgetHidden()) return this.refuse();
    return this.insert(labels);
  }

  private insert(labels: readonly string[]): S {
    const own = labelText(this.spec.labels, labels);
    const { labelText: shared } = this.host;
    const text = shared === '' || own === '' ? shared + own : `${shared},${own}`;
    const series = this.make(labels, text);
    let node: Node<S> = this.root;
    for (const label of labels.slice(0, -1)) {
      let next = node.get(label) as Node<S> | undefined;
      if (next === undefined) {
        next = new Map();
        node.set(label, next);
      }
      node = next;
    }
    node.set(labels.at(-1) ?? '', series);
    this.all.add(series);
    return series;
  }

  private refuse(): S {
    this.host.refused(this.name);
    if (this.overflow === undefined) {
      const labels = this.spec.labels.map(() => 'other');
      // A gauge past the cap is taken and not shown: there is no one value for all of them.
      this.overflow =
        this.type === 'gauge' ? this.make(labels, '') : (this.find(labels) ?? this.insert(labels));
    }
    return this.overflow;
  }

  private forgetHidden(): boolean {
    for (const series of this.all) {
      if (!series.hidden || series === this.overflow) continue;
      this.remove(series);
      return true;
    }
    return false;
  }

  /** Takes a series out for good; one that is not in here, such as the refused one, stays. */
  remove(series: S): void {
    if (!this.all.delete(series)) return;
    this.last = undefined;
    const path: Node<S>[] = [this.root];
    for (const label of series.labels.slice(0, -1)) {
      path.push((path.at(-1) as Node<S>).get(label) as Node<S>);
    }
    // Maps that are empty now go too, so that names from outside leave nothing behind.
    for (let i = path.length - 1; i >= 0; i--) {
      const node = path[i] as Node<S>;
      node.delete(series.labels[i] ?? '');
      if (node.size > 0) break;
    }
  }

  /** Hides what has not been touched; `isStale` says so. Gauges, which keep no value, go. */
  expire(isStale: (series: S) => boolean): void {
    for (const series of this.all) {
      if (series.hidden || !isStale(series)) continue;
      if (this.type === 'gauge') this.remove(series);
      else series.hidden = true;
    }
  }

  /** Whether a value that a snapshot holds is one of this family's. */
  takes(value: Snapshot): boolean {
    const one = this.make(this.spec.labels, '').snapshot();
    const shape = (snapshot: Snapshot): string =>
      Array.isArray(snapshot)
        ? snapshot.map((each: Snapshot) => (ArrayBuffer.isView(each) ? lengthOf(each) : '')).join()
        : 'one';
    return shape(one) === shape(value);
  }

  /** Series that are shown. */
  shown(): S[] {
    return [...this.all].filter((series) => !series.hidden);
  }

  everySeries(): Iterable<S> {
    return this.all;
  }

  header(): string {
    return `# HELP ${this.name} ${escapeHelp(this.spec.help)}\n# TYPE ${this.name} ${this.type}\n`;
  }
}

function lengthOf(view: Snapshot): number {
  return (view as Float64Array).length;
}
