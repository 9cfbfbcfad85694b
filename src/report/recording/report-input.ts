import type { FrameTally, PictureData } from '../../analysis/pictures/pictures.ts';
import type { Analysis } from '../../analysis/result.ts';

/** All that a report of a recording is made of. */
export interface ReportInput {
  /** The very object that `analyze --json` prints. */
  readonly analysis: Analysis;
  /** Undefined for a recording that covers no time. */
  readonly pictures: PictureData | undefined;
  readonly frames: FrameTally;
  /** Name of the recording's format. */
  readonly format: string;
  readonly startUs: number;
  /** What reading it met, in sentences. */
  readonly remarks: readonly string[];
  /** Of this program. */
  readonly version: string;
}

/** How much of a report is shown; less where more would make it too large. */
export interface Detail {
  /** Layers with pictures of their own. */
  readonly layers: number;
  /** Bands of the raster. */
  readonly bands: number;
  /** Rows of a table. */
  readonly rows: number;
  /** Squares of all core maps. */
  readonly cores: number;
  /** Bytes of the embedded numbers. */
  readonly numbersBytes: number;
}
