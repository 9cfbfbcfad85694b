import { colourVariable, dashOf } from '../colours.ts';
import { element, type Markup } from '../markup.ts';
import { type Area, type Axis, areaOf, axes, type PlotSize, pathThrough, picture } from './axes.ts';
import { placeOn } from './scale.ts';

export interface Line {
  readonly x: ArrayLike<number>;
  /** NaN where nothing is known. */
  readonly y: ArrayLike<number>;
  /** Which of the colours and dashes. */
  readonly series: number;
}

/** The room between a lower and an upper line. */
export interface Band {
  readonly x: ArrayLike<number>;
  readonly low: ArrayLike<number>;
  readonly high: ArrayLike<number>;
  readonly series: number;
}

/** A stretch of the x axis that is marked over the whole height. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

export interface LinePlot {
  /** What it shows, in words. */
  readonly label: string;
  readonly size: PlotSize;
  readonly x: Axis;
  readonly y: Axis;
  readonly lines: readonly Line[];
  readonly bands?: readonly Band[];
  readonly marks?: readonly Stretch[];
  /** A line at this height, to compare with. */
  readonly reference?: number | undefined;
}

export function linePlot(plot: LinePlot): Markup {
  const { label, size, x, y, lines, bands = [], marks = [], reference } = plot;
  const area = areaOf(size);
  const across = (values: ArrayLike<number>) => placed(values, (v) => xOf(area, x, v));
  const up = (values: ArrayLike<number>) => placed(values, (v) => yOf(area, y, v));
  return picture(
    label,
    size,
    marks.map((stretch) => markOf(area, x, stretch)),
    axes(area, x, y),
    bands.map(({ x: at, low, high, series }) =>
      element('path', {
        class: 'band',
        fill: colourVariable(series),
        d: bandPath(across(at), up(low), up(high)),
      }),
    ),
    reference !== undefined &&
      element('path', {
        class: 'ref',
        d: `M${area.left} ${yOf(area, y, reference).toFixed(1)}h${area.width}`,
      }),
    lines.map(({ x: at, y: values, series }) =>
      element('path', {
        class: 'line',
        stroke: colourVariable(series),
        'stroke-linecap': 'round',
        'stroke-dasharray': dashOf(series),
        d: pathThrough(across(at), up(values)),
      }),
    ),
  );
}

export function markOf(area: Area, x: Axis, { from, to }: Stretch): Markup {
  const start = clamp(xOf(area, x, from), area);
  // Something that took no time is still to be seen.
  const width = Math.max(1.5, clamp(xOf(area, x, to), area) - start);
  return element('rect', {
    class: 'mark',
    x: start.toFixed(1),
    y: area.top,
    width: width.toFixed(1),
    height: area.height,
  });
}

function clamp(value: number, { left, width }: Area): number {
  return Math.min(left + width, Math.max(left, value));
}

function xOf({ left, width }: Area, axis: Axis, value: number): number {
  return left + placeOn(axis.scale, value) * width;
}

/** What is beyond the axis stands at its end, so that no line leaves the picture. */
function yOf({ top, height }: Area, axis: Axis, value: number): number {
  const place = placeOn(axis.scale, value);
  return top + height - Math.min(1, Math.max(0, place)) * height;
}

function placed(values: ArrayLike<number>, place: (value: number) => number): Float64Array {
  const places = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) places[i] = place(values[i] as number);
  return places;
}

/** Forth along the upper line and back along the lower one, for each stretch without a gap. */
function bandPath(xs: Float64Array, low: Float64Array, high: Float64Array): string {
  let path = '';
  let start = 0;
  for (let i = 0; i <= xs.length; i++) {
    const isGap = i === xs.length || Number.isNaN(low[i]) || Number.isNaN(high[i]);
    if (!isGap) continue;
    if (i > start) {
      const forth = pathThrough(xs.subarray(start, i), high.subarray(start, i));
      const back = pathThrough(xs.slice(start, i).reverse(), low.slice(start, i).reverse()).replace(
        'M',
        'L',
      );
      path += `${forth}${back}z`;
    }
    start = i + 1;
  }
  return path;
}
