import type { Intervals } from '../../analysis/pictures/interval-histogram.ts';
import type { LayerResult } from '../../analysis/result.ts';
import { figure, figures, note } from '../blocks.ts';
import type { Markup } from '../markup.ts';
import { HALF } from '../plots/axes.ts';
import { bucketPlot, histogramPlot } from '../plots/bar-plot.ts';
import { shown } from '../values.ts';
import { titleOf } from './rates-section.ts';
import type { Detail, ReportInput } from './report-input.ts';

/** Of each layer: how long its neurons wait between spikes, and how fast they are. */
export function distributions(
  { analysis, pictures }: ReportInput,
  detail: Detail,
): Markup | undefined {
  const drawn = Object.entries(analysis.layers)
    .filter(([, { neuron_count }]) => neuron_count !== null)
    .slice(0, detail.layers);
  if (drawn.length === 0) return undefined;
  return figures(
    drawn.flatMap(([name, layer], series) => [
      intervalFigure(name, layer, pictures?.layers.get(name)?.intervals, series),
      rateFigure(name, layer, series),
    ]),
  );
}

function intervalFigure(
  name: string,
  layer: LayerResult,
  intervals: Intervals | undefined,
  series: number,
): Markup {
  const title = titleOf(name, 'intervals between spikes');
  if (intervals === undefined || intervals.total === 0) {
    return figure(title, note('No neuron has two spikes, or there are too many to follow.'));
  }
  const { binUs, counts, beyond, total } = intervals;
  const edges = Float64Array.from({ length: counts.length + 1 }, (_, i) => (i * binUs) / 1000);
  const { mean_ms, cv_mean } = layer.isi;
  const plot = histogramPlot({
    label: `Histogram of ${total} intervals of layer ${name}, mean ${shown(mean_ms)} ms`,
    size: HALF,
    x: { title: 'interval, ms', scale: { from: 0, to: edges.at(-1) as number, isLog: false } },
    yTitle: 'intervals',
    edges,
    heights: counts,
    series,
  });
  return figure(
    title,
    plot,
    `Bars of ${shown(binUs / 1000)} ms. ${shown(total)} intervals, mean ${shown(mean_ms)} ms, CV \
${shown(cv_mean)}; ${shown(beyond)} are longer than drawn.`,
  );
}

function rateFigure(name: string, { rate_histogram, neuron_count }: LayerResult, series: number) {
  const { le, count } = rate_histogram;
  const plot = bucketPlot({
    label: `Neurons of layer ${name} by their rate`,
    size: HALF,
    xTitle: 'rate, Hz: up to',
    yTitle: 'neurons',
    names: le.map((bound) => (bound === '+Inf' ? 'more' : String(bound))),
    counts: each(count),
    series,
  });
  const text = `Neurons (${shown(neuron_count)}) by their rate over the whole recording.`;
  return figure(titleOf(name, 'rates of the neurons'), plot, text);
}

/** What cumulative counts hold each. */
export function each(cumulative: readonly number[]): number[] {
  return cumulative.map((count, i) => count - (cumulative[i - 1] ?? 0));
}

/** The buckets that hold something and their neighbours. */
export function filled<T>(counts: readonly number[], names: readonly T[]): [number[], T[]] {
  const first = Math.max(0, counts.findIndex((count) => count > 0) - 1);
  const last = counts.findLastIndex((count) => count > 0) + 2;
  return [counts.slice(first, last), names.slice(first, last)];
}
