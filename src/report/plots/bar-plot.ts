import { colourVariable } from '../colours.ts';
import { element, type Markup } from '../markup.ts';
import { type Axis, areaOf, axes, type PlotSize, picture, tenth } from './axes.ts';
import { fromZeroScale, placeOn, ticksOf, tickText } from './scale.ts';

export interface Histogram {
  readonly label: string;
  readonly size: PlotSize;
  readonly x: Axis;
  readonly yTitle: string;
  /** [n + 1] where bins begin and end, on the x axis. */
  readonly edges: ArrayLike<number>;
  /** [n] */
  readonly heights: ArrayLike<number>;
  readonly series: number;
}

/** Bins of a measured axis, as one path. */
export function histogramPlot(plot: Histogram): Markup {
  const { label, size, x, yTitle, edges, heights, series } = plot;
  const area = areaOf(size);
  const y = { title: yTitle, scale: fromZeroScale(maximum(heights)) };
  const bottom = area.top + area.height;
  let path = '';
  for (let i = 0; i < heights.length; i++) {
    const height = tenth(placeOn(y.scale, heights[i] as number) * area.height);
    if (!(height > 0)) continue;
    const from = tenth(area.left + placeOn(x.scale, edges[i] as number) * area.width);
    const to = tenth(area.left + placeOn(x.scale, edges[i + 1] as number) * area.width);
    path += `M${from} ${bottom}v${-height}h${tenth(Math.max(0.6, to - from - 0.5))}v${height}z`;
  }
  const fill = colourVariable(series);
  return picture(label, size, axes(area, x, y), element('path', { d: path, fill }));
}

export interface BucketPlot {
  readonly label: string;
  readonly size: PlotSize;
  readonly xTitle: string;
  readonly yTitle: string;
  /** [n] what each bucket holds, as it stands below its bar. */
  readonly names: readonly string[];
  /** [n] */
  readonly counts: readonly number[];
  readonly series: number;
}

/** Buckets of unlike width: a bar each, its number above it. */
export function bucketPlot(plot: BucketPlot): Markup {
  const { label, size, xTitle, yTitle, names, counts, series } = plot;
  const area = areaOf(size);
  const bottom = area.top + area.height;
  const scale = fromZeroScale(maximum(counts) * 1.08);
  const step = area.width / Math.max(1, counts.length);
  const every = Math.ceil(names.length / 14);
  const fill = colourVariable(series);
  const bars = counts.map((count, i) => {
    // A single neuron among thousands is still a line.
    const height = count === 0 ? 0 : Math.max(1, placeOn(scale, count) * area.height);
    const left = tenth(area.left + step * i + step * 0.08);
    return `M${left} ${bottom}v${-tenth(height)}h${tenth(step * 0.84)}v${tenth(height)}z`;
  });
  const middle = (i: number) => tenth(area.left + step * (i + 0.5));
  return picture(
    label,
    size,
    ticksOf(scale, 4).map((value) => {
      const at = tenth(bottom - placeOn(scale, value) * area.height);
      return [
        element('path', { class: 'grid', d: `M${area.left} ${at}h${area.width}` }),
        element('text', { class: 'n soft', x: area.left - 6, y: at + 4 }, tickText(value)),
      ];
    }),
    element('path', { d: bars.join(''), fill }),
    element('path', { class: 'axis', d: `M${area.left} ${area.top}V${bottom}h${area.width}` }),
    names.map(
      (name, i) =>
        i % every === 0 && element('text', { class: 'm soft', x: middle(i), y: bottom + 17 }, name),
    ),
    element('text', { class: 'm', x: area.left + area.width / 2, y: bottom + 36 }, xTitle),
    element(
      'text',
      { class: 'm', transform: `translate(13 ${area.top + area.height / 2})rotate(-90)` },
      yTitle,
    ),
  );
}

function maximum(values: ArrayLike<number>): number {
  let max = 0;
  for (let i = 0; i < values.length; i++) max = Math.max(max, values[i] as number);
  return max;
}
