import { rgb } from './colour-scale.ts';
import { colourOf, cssColour } from './palette.ts';
import type { RasterBand, RasterStore } from './raster-store.ts';

export interface RasterFrame {
  readonly fromUs: number;
  readonly toUs: number;
  readonly bands: readonly RasterBand[];
}

export interface BandPlace {
  readonly band: RasterBand;
  readonly top: number;
  readonly height: number;
}

const GAP = 18;
const BAND_MIN = 30;

/** Where each layer is drawn, in CSS pixels from the top. */
export function placeBands(bands: readonly RasterBand[], height: number): BandPlace[] {
  const rows = bands.reduce((sum, { meta }) => sum + meta.rows, 0);
  const room = height - bands.length * GAP;
  let top = 0;
  return bands.map((band) => {
    const own = Math.max(BAND_MIN, (room * band.meta.rows) / Math.max(1, rows));
    const place = { band, top: top + GAP, height: own };
    top += GAP + own;
    return place;
  });
}

/** Height that the layers need, so that each is large enough to be seen. */
export function heightFor(bands: readonly RasterBand[], wanted: number): number {
  return Math.max(wanted, bands.length * (BAND_MIN + GAP));
}

/**
 * Draws the raster: a layer's rows from the top, time to the right. Where several bins fall on one
 * pixel the fullest is drawn, so that a single spike is never lost on the way to the eye.
 */
export function drawRaster(
  canvas: HTMLCanvasElement,
  store: RasterStore,
  frame: RasterFrame,
): void {
  const scale = devicePixelRatio;
  const width = Math.max(1, Math.round(canvas.clientWidth * scale));
  const height = Math.max(1, Math.round(canvas.clientHeight * scale));
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const context = canvas.getContext('2d');
  if (context === null) return;
  context.clearRect(0, 0, width, height);
  context.imageSmoothingEnabled = false;
  const text = cssColour('text');
  const unknown = numbersOf(cssColour('unknown'));
  for (const [i, { band, top, height: own }] of placeBands(frame.bands, height / scale).entries()) {
    const image = imageOf(band, store, frame, width, rgb(colourOf(i)), unknown);
    context.drawImage(image, 0, top * scale, width, own * scale);
    context.fillStyle = text;
    context.font = `${12 * scale}px system-ui, sans-serif`;
    const { layer_name, device_type, chip_id, neuron_count } = band.meta;
    const name = `${layer_name} · ${device_type}/${chip_id} · ${neuron_count} neurons`;
    context.fillText(name, 6 * scale, (top - 5) * scale, width - 12 * scale);
  }
}

type Colour = readonly [number, number, number];

function imageOf(
  { meta, cells, binOf, newest }: RasterBand,
  { binUs, bins }: RasterStore,
  { fromUs, toUs }: RasterFrame,
  width: number,
  colour: Colour,
  unknown: Colour,
): OffscreenCanvas {
  const { rows } = meta;
  const image = new ImageData(width, rows);
  const pixels = new Uint32Array(image.data.buffer);
  const grey = pack(unknown, 255);
  // Brighter the more spikes there are: by the logarithm, full from 16 in a row and bin on.
  const shades = Uint32Array.from({ length: 256 }, (_, count) =>
    count === 0 ? 0 : pack(colour, Math.min(255, 185 + 18 * Math.log2(count))),
  );
  const column = new Uint8Array(rows);
  const usPerPixel = (toUs - fromUs) / width;
  for (let x = 0; x < width; x++) {
    const first = Math.floor((fromUs + x * usPerPixel) / binUs);
    const end = Math.max(first + 1, Math.floor((fromUs + (x + 1) * usPerPixel) / binUs));
    column.fill(0);
    let isCovered = false;
    for (let bin = first; bin < end && bin <= newest; bin++) {
      const slot = ((bin % bins) + bins) % bins;
      if (binOf[slot] !== bin) continue;
      isCovered = true;
      const at = slot * rows;
      for (let row = 0; row < rows; row++) {
        const count = cells[at + row] as number;
        if (count > (column[row] as number)) column[row] = count;
      }
    }
    for (let row = 0; row < rows; row++) {
      pixels[row * width + x] = isCovered ? (shades[column[row] as number] as number) : grey;
    }
  }
  const canvas = new OffscreenCanvas(width, rows);
  canvas.getContext('2d')?.putImageData(image, 0, 0);
  return canvas;
}

function pack([red, green, blue]: Colour, alpha: number): number {
  return ((Math.round(alpha) << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

function numbersOf(colour: string): Colour {
  const [red = 0, green = 0, blue = 0] = (colour.match(/[\d.]+/g) ?? []).map(Number);
  return [red, green, blue];
}
