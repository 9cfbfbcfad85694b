import type { MetricSpec } from '../component/metric.ts';

/** Their labels are few: kinds, reasons, sinks, names of metrics; chips, for the lag. */
const OWN_SERIES_MAX = 2000;

/** Only in the tables made of these rows an own metric has its name. */
export function row(name: string, help: string, ...labels: string[]): MetricSpec {
  // Not the configured cap: what counts refusals must not be refused itself.
  const seriesMax = OWN_SERIES_MAX;
  return { name: `spikescope_${name}`, help, labels, expires: 'never', seriesMax };
}

/** The same keys with what is made of each value. */
export function mapValues<K extends string, A, B>(
  map: Readonly<Record<K, A>>,
  change: (value: A, key: K) => B,
): Record<K, B> {
  const entries = Object.entries(map) as [K, A][];
  return Object.fromEntries(entries.map(([key, value]) => [key, change(value, key)])) as Record<
    K,
    B
  >;
}
