import { colourVariable } from '../colours.ts';
import { type Child, element, type Markup } from '../markup.ts';
import { opacityPng, SHADES } from '../png.ts';
import { type Axis, axisBelow, picture, tenth } from './axes.ts';
import { markOf, type Stretch } from './line-plot.ts';

export interface RasterRows {
  readonly name: string;
  readonly rows: number;
  /** [rows·columns] spikes. */
  readonly cells: Uint32Array;
  /** [columns] 0 where nothing is known. */
  readonly covered: Uint8Array;
  readonly series: number;
}

export interface RasterPlot {
  readonly label: string;
  readonly columns: number;
  readonly bands: readonly RasterRows[];
  readonly x: Axis;
  readonly marks?: readonly Stretch[];
}

const WIDTH = 1120;
const LEFT = 8;
const GAP = 20;
const BAND_MIN = 26;
const HEIGHT_WANTED = 420;
const ROW_MAX = 12;

/** Neurons from the top and time to the right; a grid, so that its size is bounded. */
export function rasterPlot({ label, columns, bands, x, marks = [] }: RasterPlot): Markup {
  const width = WIDTH - LEFT - 20;
  const rows = bands.reduce((sum, band) => sum + band.rows, 0);
  let top = 0;
  const drawn = bands.map((band, i) => {
    const share = (HEIGHT_WANTED * band.rows) / Math.max(1, rows);
    const height = Math.max(BAND_MIN, Math.min(share, band.rows * ROW_MAX));
    const area = { left: LEFT, top: top + GAP, width, height };
    top += GAP + height;
    return bandMarkup(
      band,
      i,
      columns,
      area,
      marks.map((mark) => markOf(area, x, mark)),
    );
  });
  const below = { left: LEFT, top: 0, width, height: top };
  return picture(label, { width: WIDTH, height: tenth(top + 44) }, drawn, axisBelow(below, x));
}

interface BandArea {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

function bandMarkup(
  { name, rows, cells, covered, series }: RasterRows,
  index: number,
  columns: number,
  area: BandArea,
  marks: Child,
): Markup {
  const { left, top, width, height } = area;
  const box = { x: left, y: tenth(top), width: tenth(width), height: tenth(height) };
  const id = `raster-${index}`;
  return element(
    'g',
    {},
    element('text', { x: left, y: tenth(top - 6) }, name),
    marks,
    element('path', { class: 'none', d: unknownPath(covered, columns, area) }),
    element(
      'mask',
      { id, maskUnits: 'userSpaceOnUse', ...box },
      element('image', {
        ...box,
        preserveAspectRatio: 'none',
        style: 'image-rendering:pixelated',
        href: opacityPng(shadesOf(cells), columns, rows),
      }),
    ),
    element('rect', { ...box, fill: colourVariable(series), mask: `url(#${id})` }),
    element('rect', { ...box, class: 'grid' }),
  );
}

const SHADE_LEAST = 0.4;
/** Cells above this count as this for the choice of the scale. */
const COUNTED = 4096;

/** By the logarithm, up to what nearly all cells hold: one spike is seen beside many. */
function shadesOf(cells: Uint32Array): Uint8Array {
  const full = Math.log1p(usualMost(cells));
  return Uint8Array.from(cells, (spikes) => {
    if (spikes === 0) return 0;
    const share = Math.min(1, Math.log1p(spikes) / full);
    return Math.round((SHADES - 1) * (SHADE_LEAST + (1 - SHADE_LEAST) * share));
  });
}

/** What 99 of 100 cells with a spike do not exceed. */
function usualMost(cells: Uint32Array): number {
  const having = new Uint32Array(COUNTED + 1);
  let filled = 0;
  for (const spikes of cells) {
    if (spikes === 0) continue;
    filled++;
    const at = Math.min(spikes, COUNTED);
    having[at] = (having[at] as number) + 1;
  }
  let left = filled * 0.99;
  for (let spikes = 1; spikes <= COUNTED; spikes++) {
    left -= having[spikes] as number;
    if (left <= 0) return spikes;
  }
  return COUNTED;
}

function unknownPath(
  covered: Uint8Array,
  columns: number,
  { left, top, width, height }: BandArea,
): string {
  let path = '';
  for (let from = 0; from < columns; from++) {
    if (covered[from] === 1) continue;
    let end = from;
    while (end < columns && covered[end] !== 1) end++;
    const start = tenth(left + (from / columns) * width);
    const wide = tenth(((end - from) / columns) * width);
    path += `M${start} ${tenth(top)}h${wide}v${tenth(height)}h${-wide}z`;
    from = end;
  }
  return path;
}
