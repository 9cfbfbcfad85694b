import type { MetricSpec } from '../component/metric.ts';

/** Their labels are few: kinds, reasons, sinks, names of metrics; chips, for the lag. */
const OWN_SERIES_MAX = 2000;

/** Only in the tables made of these rows an own metric has its name. */
export function row(name: string, help: string, ...labels: string[]): MetricSpec {
  // Not the configured cap: what counts refusals must not be refused itself.
  const seriesMax = OWN_SERIES_MAX;
  return { name: `spikescope_${name}`, help, labels, expires: 'never', seriesMax };
}
