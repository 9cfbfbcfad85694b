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
  return { left: 66, top: 10, width: width - 88, height: height - 52 };
}

/** A picture that says in words what it shows. */
export function picture(label: string, { width, height }: PlotSize, ...content: Child[]): Markup {
  const attributes = { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': label };
  return element('svg', attributes, ...content);
}

/** Lines, ticks and titles of both axes. */
export function axes(area: Area, x: Axis, y: Axis): Markup[] {
  return [...axisBeside(area, y), ...axisBelow(area, x)];
}

function axisBeside({ left, top, width, height }: Area, y: Axis): Markup[] {
  const ticks = ticksOf(y.scale, 4);
  const places = ticks.map((value) => tenth(top + height - placeOn(y.scale, value) * height));
  const lines = places.map((at) => `M${left} ${at}h${width}`).join('');
  const text = (value: number) => (y.text ?? tickText)(value);
  return [
    element('path', { class: 'grid', d: lines }),
    ...ticks.map((value, i) => {
      const at = tenth((places[i] as number) + 4);
      return element('text', { class: 'n soft', x: left - 6, y: at }, text(value));
    }),
    element('path', { class: 'axis', d: `M${left} ${top}v${height}` }),
    element(
      'text',
      { class: 'm', transform: `translate(13 ${tenth(top + height / 2)})rotate(-90)` },
      y.title,
    ),
  ];
}

/** The axis of what goes to the right. */
export function axisBelow({ left, top, width, height }: Area, x: Axis): Markup[] {
  const bottom = tenth(top + height);
  const ticks = ticksOf(x.scale, Math.max(3, Math.round(width / 95)));
  const places = ticks.map((value) => tenth(left + placeOn(x.scale, value) * width));
  const marks = places.map((at) => `M${at} ${bottom}v4`).join('');
  const text = (value: number) => (x.text ?? tickText)(value);
  return [
    element('path', { class: 'axis', d: `M${left} ${bottom}h${width}${marks}` }),
    ...ticks.map((value, i) => {
      return element('text', { class: 'm soft', x: places[i], y: bottom + 17 }, text(value));
    }),
    element('text', { class: 'm', x: tenth(left + width / 2), y: bottom + 36 }, x.title),
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
