/**
 * Bounds of what the live page keeps in memory. A part is one layer on one chip; what is past a
 * bound is not shown on the page and is counted there; metrics and documents know no such bound.
 */
export const LIVE_LIMITS = {
  /** Length of a column of the raster, and how many of them are kept: two minutes. */
  binUs: 20_000,
  bins: 6000,
  /** Rows of a part in the raster; larger layers have several neurons in a row. */
  rowsMax: 96,
  partsMax: 64,
  /** Spikes a second, by the wall clock, that are put into the raster: a few ms of work. */
  spikesPerSecond: 500_000,
  /** Exact spikes kept for /api/spikes, 8 bytes each, and the frames they came in. */
  spikesKept: 2 ** 21,
  framesKept: 65_536,
  /** Windows of rates, points of power and of membrane potentials that a series has. */
  windowsKept: 600,
  pointsKept: 1200,
  seriesMax: 512,
  chipsMax: 1024,
  coresMax: 262_144,
  /** Neurons of a layer whose potentials are drawn over time. */
  tracesMax: 4,
  logLines: 1000,
  incidents: 500,
  mutes: 200,
  conversions: 100,
  spansOfConversion: 256,
  benchmarks: 1024,
} as const;
