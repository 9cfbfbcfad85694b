import type {
  CounterSeries,
  GaugeSeries,
  HistogramSeries,
  HistogramSpec,
  MetricDefiner,
  MetricFamily,
  MetricSpec,
} from '../../component/metric.ts';
import type { Snapshot } from '../../component/state.ts';
import { ChipActivity } from './chip-activity.ts';
import { Family, type FamilyHost, type FamilyType } from './family.ts';
import { labelText } from './label-text.ts';
import { Counter, Gauge, Histogram, type Series } from './series.ts';

/**
 * Seconds between ticks are the caller's; these are how many of them a series lives (DESIGN §5).
 */
export interface StoreOptions {
  readonly seriesMax: number;
  /** Ticks after a chip's last frame at which its gauges go: 5 min. */
  readonly chipTicks: number;
  /** Ticks after the last touch at which other series go: 1 h. */
  readonly seriesTicks: number;
  /** A label set past the cap was looked up. */
  readonly refused: (metric: string) => void;
  /** A label that every series has beside its own; where it is shown only. */
  readonly label?: { readonly name: string; readonly value: string } | undefined;
}

/** Where metrics are read from: one store, or several as one. */
export interface FamilySource {
  families(): readonly Family<Series>[];
}

/** Length of a tick that the defaults are made for. */
export const TICK_MS = 1000;

export const STORE_DEFAULTS: StoreOptions = {
  seriesMax: 2000,
  chipTicks: 300,
  seriesTicks: 3600,
  refused: () => {},
};

/**
 * All metrics of the program. Pipelines fill it in bulk; a scrape reads it; a checkpoint copies it.
 * It looks at no clock: a timer outside calls `tick`.
 */
export class MetricStore implements MetricDefiner, FamilySource {
  private readonly options: StoreOptions;
  private readonly host: FamilyHost;
  private readonly byName = new Map<string, Family<Series>>();
  private readonly chips = new ChipActivity();

  constructor(options: Partial<StoreOptions> = {}) {
    this.options = { ...STORE_DEFAULTS, ...options };
    const { seriesMax, refused, label } = this.options;
    const text = label === undefined ? '' : labelText([label.name], [label.value]);
    this.host = { tick: 0, seriesMax, refused, labelText: text };
  }

  counter(spec: MetricSpec): MetricFamily<CounterSeries> {
    return this.define(spec, 'counter', (labels, text) => new Counter(labels, text));
  }

  gauge(spec: MetricSpec): MetricFamily<GaugeSeries> {
    const leave = (gauge: Gauge): void => family.remove(gauge);
    const family = this.define(spec, 'gauge', (labels, text) => new Gauge(labels, text, leave));
    return family;
  }

  histogram(spec: HistogramSpec): MetricFamily<HistogramSeries> {
    const { le, sumScale = 1 } = spec;
    const ascending = le.every((bound, i) => i === 0 || bound > (le[i - 1] as number));
    if (le.length === 0 || !ascending || !le.every(Number.isFinite)) {
      throw new Error(`${spec.name}: bucket bounds need to be finite and ascending`);
    }
    return this.define(spec, 'histogram', (labels, text) => {
      return new Histogram(labels, text, le, sumScale);
    });
  }

  private define<S extends Series>(
    spec: MetricSpec,
    type: FamilyType,
    make: (labels: readonly string[], text: string) => S,
  ): Family<S> {
    if (this.byName.has(spec.name)) throw new Error(`${spec.name} is defined twice`);
    const family = new Family(spec, type, this.host, make);
    this.byName.set(spec.name, family as unknown as Family<Series>);
    return family;
  }

  families(): Family<Series>[] {
    return [...this.byName.values()];
  }

  /** A frame of this chip came: its gauges live on. */
  heard(deviceType: string, chipId: string): void {
    this.chips.heard(deviceType, chipId, this.host.tick);
  }

  /** Time goes on by one tick; series that nobody touched go. */
  tick(): void {
    this.host.tick++;
    for (const family of this.byName.values()) this.expire(family);
  }

  private expire(family: Family<Series>): void {
    const { spec } = family;
    const { tick } = this.host;
    const { chipTicks, seriesTicks } = this.options;
    if (spec.expires === 'series') {
      family.expire((series) => tick - series.tick > seriesTicks);
    } else if (spec.expires === 'chip') {
      family.expire((series) => {
        const heard = this.chips.lastOf(chipOf(spec, series.labels)) ?? series.tick;
        return tick - Math.max(heard, series.tick) > chipTicks;
      });
    }
  }

  /** All values of the families that `keep` takes, by name. */
  snapshot(keep: (family: Family<Series>) => boolean = () => true): Record<string, Snapshot> {
    const values: Record<string, Snapshot> = {};
    for (const [name, family] of this.byName) {
      if (!keep(family)) continue;
      values[name] = [...family.everySeries()].map((series) => [
        [...series.labels],
        series.hidden,
        series.snapshot(),
      ]);
    }
    return values;
  }

  /** Restores what fits; gives the names of families that have changed since, which begin anew. */
  restore(values: Readonly<Record<string, Snapshot>>): string[] {
    const changed: string[] = [];
    for (const [name, family] of this.byName) {
      const entries = (values[name] ?? []) as unknown as readonly SeriesEntry[];
      const fits = entries.every(([labels, , value]) => {
        return labels.length === family.spec.labels.length && family.takes(value);
      });
      if (!fits) {
        changed.push(name);
        continue;
      }
      for (const [labels, hidden, value] of entries) {
        const series = family.series(...labels);
        series.restore(value);
        series.hidden = hidden;
      }
    }
    return changed;
  }

  /**
   * The operators behind these metrics start afresh: totals they say are added to what is there.
   */
  rebase(names: readonly string[]): void {
    for (const name of names) {
      for (const series of this.byName.get(name)?.everySeries() ?? []) series.rebase();
    }
  }
}

type SeriesEntry = readonly [labels: string[], hidden: boolean, value: Snapshot];

function chipOf(spec: MetricSpec, labels: readonly string[]): string {
  return spec.chipOf === undefined ? `${labels[0]}/${labels[1]}` : spec.chipOf(labels);
}
