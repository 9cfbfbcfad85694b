import type { RasterUpdate } from '../sinks/live/schemas.ts';

type PartUpdate = RasterUpdate['parts'][number];

/** The raster of a layer on a chip, as far as it came: a ring of columns like the server's. */
export interface RasterBand {
  meta: Omit<PartUpdate, 'columns'>;
  readonly cells: Uint8Array;
  /** Which bin a slot holds; -1 none. */
  readonly binOf: Float64Array;
  /** 1 where frames cover the bin. */
  readonly covered: Uint8Array;
  newest: number;
}

/** Puts updates of the raster together. */
export class RasterStore {
  readonly bands = new Map<string, RasterBand>();
  binUs = 20_000;
  bins = 0;
  /** Everything kept since then has been asked for; undefined before the first update. */
  loadedFromUs: number | undefined;
  partsRefused = 0;
  spikesRefused = 0;
  private readonly api: string;

  constructor(api: string) {
    this.api = api;
  }

  take(update: RasterUpdate): void {
    this.binUs = update.bin_us;
    this.bins = update.bins_kept;
    this.partsRefused = update.parts_refused;
    this.spikesRefused = update.spikes_refused;
    for (const part of update.parts) this.takePart(part);
    const firsts = update.parts.flatMap(({ columns }) => columns?.first ?? []);
    if (firsts.length > 0) this.loadedFromUs ??= Math.max(...firsts) * this.binUs;
  }

  /** Asks for what is older than what came by itself, once for each stretch. */
  async loadFrom(fromUs: number): Promise<void> {
    const untilUs = this.loadedFromUs;
    if (untilUs === undefined || fromUs >= untilUs) return;
    this.loadedFromUs = fromUs;
    const query = `from=${Math.max(0, fromUs) / 1000}&to=${untilUs / 1000}`;
    try {
      const answer = await fetch(`${this.api}/raster?${query}`, { cache: 'no-store' });
      if (answer.ok) this.take((await answer.json()) as RasterUpdate);
    } catch {
      // The stream says that the service is gone; with the next connection all begins anew.
    }
  }

  private takePart({ columns, ...meta }: PartUpdate): void {
    const known = this.bands.get(meta.id);
    const isSame = known?.meta.since === meta.since && known.meta.rows === meta.rows;
    const band = isSame ? known : newBand(meta, this.bins);
    band.meta = meta;
    this.bands.set(meta.id, band);
    if (columns === undefined) return;
    const cells = bytesOf(columns.cells);
    const covered = bytesOf(columns.covered);
    for (let i = 0; i < columns.count; i++) {
      if (covered[i] === 0) continue;
      const bin = columns.first + i;
      const slot = bin % this.bins;
      band.cells.set(cells.subarray(i * meta.rows, (i + 1) * meta.rows), slot * meta.rows);
      band.binOf[slot] = bin;
      band.covered[slot] = 1;
      if (bin > band.newest) band.newest = bin;
    }
  }

  /** End of the newest bin of all layers, µs; undefined before the first. */
  get newestUs(): number | undefined {
    let newest = -1;
    for (const band of this.bands.values()) newest = Math.max(newest, band.newest);
    return newest < 0 ? undefined : (newest + 1) * this.binUs;
  }
}

function newBand(meta: RasterBand['meta'], bins: number): RasterBand {
  return {
    meta,
    cells: new Uint8Array(bins * meta.rows),
    binOf: new Float64Array(bins).fill(-1),
    covered: new Uint8Array(bins),
    newest: -1,
  };
}

function bytesOf(base64: string): Uint8Array {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}
