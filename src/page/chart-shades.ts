import type uPlot from 'uplot';
import { cssColour } from './palette.ts';

/** Stretches behind the lines of a chart; what they mean stands in its text too. */
export interface Shades {
  /** Values that are usual. */
  readonly band: { readonly low: number; readonly high: number } | undefined;
  /** A stretch of time; without an end it lasts. */
  readonly stretch: { readonly fromUs: number; readonly toUs: number | undefined } | undefined;
}

/** Draws them below everything else. */
export function drawShades(plot: uPlot, { band, stretch }: Shades): void {
  const { ctx, bbox } = plot;
  const clamp = (value: number, from: number, length: number) =>
    Math.min(from + length, Math.max(from, value));
  ctx.save();
  if (stretch !== undefined) {
    const at = (us: number) => clamp(plot.valToPos(us / 1e6, 'x', true), bbox.left, bbox.width);
    const left = at(stretch.fromUs);
    const right = stretch.toUs === undefined ? bbox.left + bbox.width : at(stretch.toUs);
    ctx.globalAlpha = 0.16;
    ctx.fillStyle = cssColour('bad');
    ctx.fillRect(left, bbox.top, Math.max(2, right - left), bbox.height);
  }
  if (band !== undefined) {
    const at = (value: number) => clamp(plot.valToPos(value, 'y', true), bbox.top, bbox.height);
    const top = at(band.high);
    ctx.globalAlpha = 0.18;
    ctx.fillStyle = cssColour('good');
    ctx.fillRect(bbox.left, top, bbox.width, Math.max(2, at(band.low) - top));
  }
  ctx.restore();
}
