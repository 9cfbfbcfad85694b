import { type Child, element, type Markup } from '../markup.ts';
import { placeOn, type Scale, ticksOf, tickText } from './scale.ts';

export interface Axis {
  readonly title: string;
  readonly scale: Scale;
  /** How a tick reads; by default its number. */
  readonly text?: (value: number) => string;
}

/** The rectangle inside the axes, in units of the picture. */
export interface Area {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface PlotSize {
  readonly width: number;
  readonly height: number;
}

export const HALF: PlotSize = { width: 560, height: 220 };
export const WIDE: PlotSize = { width: 1120, height: 240 };

export function areaOf({ width, height }: PlotSize): Area {
  return { left: 58, top: 10, width: width - 70, height: height - 52 };
}

/** A picture that says in words what it shows. */
export function picture(label: string, { width, height }: PlotSize, ...content: Child[]): Markup {
  const attributes = { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': label };
  return element('svg', attributes, ...content);
}

/** Lines, ticks and titles of both axes. */
export function axes(area: Area, x: Axis, y: Axis): Markup[] {
  const { left, top, width, height } = area;
  const bottom = top + height;
  const across = ticksOf(x.scale, Math.max(3, Math.round(width / 95)));
  const up = ticksOf(y.scale, 4);
  const textOf = (axis: Axis, value: number) => (axis.text ?? tickText)(value);
  return [
    ...up.map((value) => {
      const at = tenth(bottom - placeOn(y.scale, value) * height);
      return element('path', { class: 'grid', d: `M${left} ${at}h${width}` });
    }),
    ...up.map((value) => {
      const at = tenth(bottom - placeOn(y.scale, value) * height + 4);
      return element('text', { class: 'n soft', x: left - 6, y: at }, textOf(y, value));
    }),
    ...across.map((value) => {
      const at = tenth(left + placeOn(x.scale, value) * width);
      return element('text', { class: 'm soft', x: at, y: bottom + 17 }, textOf(x, value));
    }),
    element('path', {
      class: 'axis',
      d: `M${left} ${top}v${height}h${width}${across
        .map((value) => `M${tenth(left + placeOn(x.scale, value) * width)} ${bottom}v4`)
        .join('')}`,
    }),
    element('text', { class: 'm', x: left + width / 2, y: bottom + 36 }, x.title),
    element(
      'text',
      { class: 'm', transform: `translate(13 ${top + height / 2})rotate(-90)` },
      y.title,
    ),
  ];
}

/** Tenths of a unit are as fine as anybody sees. */
export function tenth(value: number): number {
  return Math.round(value * 10) / 10;
}

/** A path through points, from one to the next by difference; a NaN is a gap. */
export function pathThrough(xs: ArrayLike<number>, ys: ArrayLike<number>): string {
  let path = '';
  let atX = 0;
  let atY = 0;
  let isGap = true;
  for (let i = 0; i < xs.length; i++) {
    const x = Math.round((xs[i] as number) * 10);
    const y = Math.round((ys[i] as number) * 10);
    if (Number.isNaN(x) || Number.isNaN(y)) {
      isGap = true;
      continue;
    }
    if (isGap) path += `M${x / 10} ${y / 10}l`;
    // A first point that stands alone is still a dot, by its round line cap.
    path += `${joined(isGap ? 0 : x - atX)}${joined(isGap ? 0 : y - atY)}`;
    isGap = false;
    atX = x;
    atY = y;
  }
  return path;
}

function joined(tenths: number): string {
  const text = String(tenths / 10);
  return tenths < 0 ? text : ` ${text}`;
}
