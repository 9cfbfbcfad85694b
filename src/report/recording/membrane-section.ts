import type { MembraneTraces } from '../../analysis/pictures/membrane-traces.ts';
import type { PictureData } from '../../analysis/pictures/pictures.ts';
import type { MembraneResult } from '../../analysis/result.ts';
import { figure, figures, note } from '../blocks.ts';
import { fragment, type Markup } from '../markup.ts';
import { HALF } from '../plots/axes.ts';
import { bucketPlot } from '../plots/bar-plot.ts';
import { linePlot } from '../plots/line-plot.ts';
import { linearScale, tickText } from '../plots/scale.ts';
import { shown } from '../values.ts';
import { each, filled } from './distributions.ts';
import { membraneTable } from './layer-tables.ts';
import { titleOf } from './rates-section.ts';
import type { Detail, ReportInput } from './report-input.ts';
import { drawnEnvelope, timeAxis } from './time-axis.ts';

/** Undefined where no potentials were recorded. */
export function membraneSection(input: ReportInput, detail: Detail): Markup | undefined {
  const { analysis, pictures } = input;
  const layers = Object.entries(analysis.layers).flatMap(([name, { membrane }]) =>
    membrane === null ? [] : [{ name, membrane }],
  );
  if (layers.length === 0) return undefined;
  const names = [...(pictures?.layers.keys() ?? [])];
  return fragment(
    membraneTable(analysis, detail),
    figures(
      layers.slice(0, detail.layers).flatMap(({ name, membrane }) => {
        const traces = pictures?.layers.get(name)?.membrane;
        const series = Math.max(0, names.indexOf(name));
        return [
          pictures !== undefined &&
            traces !== undefined &&
            tracesFigure(name, traces, pictures, series),
          histogramFigure(name, membrane, series),
        ];
      }),
    ),
    layers.length > detail.layers && note(`${layers.length - detail.layers} more are not drawn.`),
  );
}

function unitText(unit: string): string {
  return unit === '1' ? "the chip's own unit" : unit;
}

function tracesFigure(
  name: string,
  { unit, all, one, neuron }: MembraneTraces,
  pictures: PictureData,
  series: number,
): Markup {
  const axis = timeAxis(pictures);
  const every = drawnEnvelope(pictures, all, axis);
  const single = drawnEnvelope(pictures, one, axis);
  const low = all.low.reduce((a, b) => (b < a ? b : a), Number.POSITIVE_INFINITY);
  const high = all.high.reduce((a, b) => (b > a ? b : a), Number.NEGATIVE_INFINITY);
  const plot = linePlot({
    label: `Potentials of layer ${name} over time, from ${shown(low)} to ${shown(high)} ${unit}`,
    size: HALF,
    x: axis,
    y: { title: unitText(unit), scale: linearScale(low, high) },
    bands: [
      { ...every, series },
      { ...single, series },
    ],
    lines: [{ x: every.x, y: every.mean, series }],
  });
  const text = `Line: mean of all recorded neurons; light: their least to greatest; darker: \
neuron ${neuron}.`;
  return figure(titleOf(name, 'membrane potentials'), plot, text);
}

function histogramFigure(name: string, { histogram, unit }: MembraneResult, series: number) {
  const names = histogram.le.map((bound) => (bound === '+Inf' ? 'more' : tickText(bound)));
  const [counts, shownNames] = filled(each(histogram.count), names);
  const plot = bucketPlot({
    label: `Histogram of the potentials of layer ${name}`,
    size: HALF,
    xTitle: `potential, ${unitText(unit)}: up to`,
    yTitle: 'samples',
    names: shownNames,
    counts,
    series,
  });
  const text = 'Buckets of the metric of membrane potentials, which are not all of one width.';
  return figure(titleOf(name, 'membrane potentials, histogram'), plot, text);
}
