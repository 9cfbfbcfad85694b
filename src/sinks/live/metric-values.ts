import type { Family } from '../prometheus/family.ts';
import type { FamilySource } from '../prometheus/metric-store.ts';
import type { Series } from '../prometheus/series.ts';
import type { MembraneHistogram } from './live-membrane.ts';

/**
 * Reads the values that /metrics shows, so that the page's numbers are the same by construction.
 */
export class MetricValues {
  private readonly store: FamilySource;

  constructor(store: FamilySource) {
    this.store = store;
  }

  /** One of each store that is shown. */
  private families(name: string): Family<Series>[] {
    return this.store.families().filter((family) => family.name === name);
  }

  private shown(name: string): Series[] {
    return this.families(name).flatMap((family) => family.shown());
  }

  /** Sum over a family's series; null where it shows none. */
  sum(name: string): number | null {
    let sum: number | null = null;
    for (const series of this.shown(name)) {
      for (const value of series.values()) sum = (sum ?? 0) + value;
    }
    return sum;
  }

  count(name: string): number {
    return this.sum(name) ?? 0;
  }

  /** Sums by some of a family's labels, joined by slashes. */
  by(name: string, ...labels: string[]): Map<string, number> {
    const sums = new Map<string, number>();
    const [family] = this.families(name);
    if (family === undefined) return sums;
    const places = labels.map((label) => family.spec.labels.indexOf(label));
    for (const series of this.shown(name)) {
      const key = places.map((at) => series.labels[at]).join('/');
      for (const value of series.values()) sums.set(key, (sums.get(key) ?? 0) + value);
    }
    return sums;
  }

  /** Every shown series of a family: its labels and its value. */
  rows(name: string): { labels: readonly string[]; value: number }[] {
    return this.shown(name).flatMap((series) =>
      series.values().map((value) => ({ labels: series.labels, value })),
    );
  }

  /** The buckets of a layer's potentials, over all neurons. */
  membrane(layerName: string, unit: string, le: readonly number[]): MembraneHistogram {
    const name = unit === 'mV' ? 'membrane_potential' : 'neuromorphic_membrane_raw';
    const count = new Array<number>(le.length + 1).fill(0);
    for (const series of this.shown(name)) {
      const [layer, , itsUnit = 'mV'] = series.labels;
      if (layer !== layerName || itsUnit !== unit) continue;
      const cumulative = series.values();
      for (let i = 0; i < count.length; i++) {
        const below = i === 0 ? 0 : (cumulative[i - 1] as number);
        count[i] = (count[i] as number) + (cumulative[i] as number) - below;
      }
    }
    return { le, count };
  }
}
