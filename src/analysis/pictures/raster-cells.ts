import type { SpikesFrame } from '../../frames/spikes.ts';

/** Columns of a raster, over the whole recording. */
const COLUMNS_MAX = 1000;
/** Rows of all bands together, and of one where there are many. */
const ROWS_MAX = 600;
const ROWS_LEAST = 12;
/** Bands, one for each layer on a chip; the rest is not drawn. */
const BANDS_MAX = 40;
/** Finer columns than this show nothing more of recordings that are long enough. */
const COLUMN_USUAL_US = 1000;
const COLUMNS_LEAST = 200;

/** Spikes of one layer on one chip, by neuron and time. */
export interface RasterBand {
  readonly layerName: string;
  readonly chip: string;
  readonly neuronCount: number;
  readonly neuronsPerRow: number;
  readonly rows: number;
  /** [rows·columns] spikes, row by row. */
  readonly cells: Uint32Array;
  /** [columns] 1 where a frame covers some of it; the rest of the time is unknown. */
  readonly covered: Uint8Array;
}

export interface Raster {
  readonly columns: number;
  readonly columnUs: number;
  readonly bands: readonly RasterBand[];
  /** Layers on a chip that there is no band for. */
  readonly bandsLeftOut: number;
}

/** Counts the spikes of a recording in a grid whose size does not depend on how many there are. */
export class RasterCells {
  private readonly startUs: number;
  private readonly lengthUs: number;
  private readonly rowsMax: number;
  private readonly bands = new Map<string, RasterBand>();
  private readonly leftOut = new Set<string>();
  private columnUs = 0;
  private columns = 0;
  private rows = 0;

  /** @param parts layers on chips that are expected */
  constructor(startUs: number, lengthUs: number, parts: number) {
    this.startUs = startUs;
    this.lengthUs = lengthUs;
    const bands = Math.min(BANDS_MAX, Math.max(1, parts));
    this.rowsMax = Math.max(ROWS_LEAST, Math.floor(ROWS_MAX / bands));
  }

  /** Spikes of the frame, in any order. */
  add(frame: SpikesFrame): void {
    const band = this.bandOf(frame);
    if (band === undefined) return;
    const { neuronId, dtUs } = frame;
    const { cells, neuronsPerRow, rows, covered } = band;
    const { columnUs, columns } = this;
    const t0Us = frame.t0Us - this.startUs;
    const size = cells.length;
    for (let i = 0; i < neuronId.length; i++) {
      const column = Math.floor((t0Us + (dtUs[i] as number)) / columnUs);
      const row = Math.floor((neuronId[i] as number) / neuronsPerRow);
      // A spike at exactly the end is in the last column.
      const at = row * columns + (column === columns ? columns - 1 : column);
      if (column < 0 || column > columns || row >= rows || at >= size) continue;
      cells[at] = (cells[at] as number) + 1;
    }
    const first = Math.max(0, Math.floor(t0Us / columnUs));
    covered.fill(1, first, Math.max(first, Math.ceil((t0Us + frame.spanUs) / columnUs)));
  }

  private bandOf(frame: SpikesFrame): RasterBand | undefined {
    const { layerName, deviceType, chipId, neuronCount } = frame;
    const key = `${deviceType}\n${chipId}\n${layerName}`;
    const known = this.bands.get(key);
    if (known !== undefined) return known;
    if (this.bands.size >= BANDS_MAX) {
      // Names that are counted are bounded too.
      if (this.leftOut.size < 4096) this.leftOut.add(key);
      return undefined;
    }
    if (this.columns === 0) this.divide(frame.timestepUs ?? 0);
    // Layers that were not expected get what is left, so that all of them have a bound together.
    const room = Math.max(ROWS_LEAST, Math.min(this.rowsMax, ROWS_MAX - this.rows));
    const neuronsPerRow = Math.ceil(neuronCount / room);
    const rows = Math.ceil(neuronCount / neuronsPerRow);
    const band = {
      layerName,
      chip: `${deviceType}/${chipId}`,
      ...{ neuronCount, neuronsPerRow, rows },
      cells: new Uint32Array(rows * this.columns),
      covered: new Uint8Array(this.columns),
    };
    this.bands.set(key, band);
    this.rows += rows;
    return band;
  }

  /** A column is no shorter than a step, for else there would be stripes. */
  private divide(stepUs: number): void {
    const usual = Math.min(COLUMN_USUAL_US, this.lengthUs / COLUMNS_LEAST);
    this.columnUs = Math.max(1, Math.ceil(Math.max(this.lengthUs / COLUMNS_MAX, stepUs, usual)));
    this.columns = Math.max(1, Math.ceil(this.lengthUs / this.columnUs));
  }

  result(): Raster {
    const { columns, columnUs } = this;
    return { columns, columnUs, bands: [...this.bands.values()], bandsLeftOut: this.leftOut.size };
  }
}
