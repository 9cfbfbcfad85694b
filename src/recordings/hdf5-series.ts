import { Hdf5File } from './hdf5-file.ts';
import { InvalidSamples, timeRange } from './hdf5-spikes.ts';
import { NumberBlocks } from './number-blocks.ts';
import type { ReadingNotes } from './reading-notes.ts';
import { RecordingError } from './recording-error.ts';
import type { SampleColumns, SampleFile, SampleReader } from './samples.ts';
import { wholeUs } from './whole-us.ts';

const GLIMPSE_TIMES = 1 << 14;
const BYTES_PER_TIME = 4;
/** Neurons at most in a row. */
const COLUMNS_MAX = 1 << 17;

/** Times of the rows: evenly spaced, or in a dataset of their own. */
export type SeriesTimes =
  | { readonly startUs: number; readonly stepUs: number }
  | { readonly dataset: string; readonly unitUs: number };

/** Potentials as a dataset of [times] or [times, neurons]. */
export interface PotentialSeries {
  readonly path: string;
  readonly format: string;
  readonly data: string;
  readonly rows: number;
  /** Values of a row in the dataset. */
  readonly width: number;
  readonly times: SeriesTimes;
  readonly unit: string;
  /** A potential in `unit` is value · scale + offset. */
  readonly scale: number;
  readonly offset: number;
  /** Name of the layer; undefined where ids alone tell. */
  readonly layer: string | undefined;
  /** [n] ids of the neurons, and [n] the column that each has in a row. */
  readonly neurons: Uint32Array;
  readonly columns: Uint32Array;
  readonly localIds: boolean;
}

/** @throws RecordingError where a row has more neurons than are read */
export function potentialSeries(series: PotentialSeries): SampleFile {
  const { path, format, unit, layer, neurons, rows, times, localIds } = series;
  if (series.width > COLUMNS_MAX) {
    throw new RecordingError(
      'too_large',
      `${path}: ${series.data} has ${series.width} values a row, at most ${COLUMNS_MAX} are read.`,
    );
  }
  return {
    path,
    format,
    kind: 'membrane',
    unit,
    timestepUs: undefined,
    namesLayers: layer !== undefined,
    samplesAtOnce: Math.max(1, neurons.length),
    bytes: rows * BYTES_PER_TIME,
    layers: layer === undefined ? [] : [{ name: layer }],
    localIds,
    read: (notes, chunkBytes) =>
      Hdf5File.for(path, (file) => new SeriesReader(file, series, notes, chunkBytes)),
    glimpse: async (fraction) => {
      const from = Math.floor(rows * fraction);
      const to = Math.min(rows, from + GLIMPSE_TIMES);
      if (from >= to) return undefined;
      if ('stepUs' in times) return { minUs: timeOf(times, from), maxUs: timeOf(times, to - 1) };
      return Hdf5File.with(path, (file) =>
        timeRange(file.requireDataset(times.dataset), from, to, times.unitUs),
      );
    },
  };
}

function timeOf(times: { readonly startUs: number; readonly stepUs: number }, row: number) {
  return wholeUs(times.startUs + row * times.stepUs, 1);
}

class SeriesReader implements SampleReader {
  readonly names: readonly string[];
  private readonly file: Hdf5File;
  private readonly series: PotentialSeries;
  private readonly data: NumberBlocks;
  private readonly times: NumberBlocks | undefined;
  private readonly invalid: InvalidSamples;
  private row = 0;

  constructor(file: Hdf5File, series: PotentialSeries, notes: ReadingNotes, chunkBytes: number) {
    const { rows, width, times, layer } = series;
    this.file = file;
    this.series = series;
    this.names = layer === undefined ? [] : [layer];
    this.invalid = new InvalidSamples(file.name, notes);
    const wanted = Math.max(1, Math.floor(chunkBytes / (8 * (width + 1))));
    this.data = new NumberBlocks(file.requireDataset(series.data), 0, rows, wanted);
    this.times =
      'dataset' in times
        ? new NumberBlocks(file.requireDataset(times.dataset), 0, rows, wanted)
        : undefined;
  }

  async fill(into: SampleColumns): Promise<void> {
    into.length = 0;
    const { neurons } = this.series;
    if (into.timeUs.length < neurons.length) throw new Error(`no room for ${neurons.length}`);
    while (into.length + neurons.length <= into.timeUs.length) {
      if (this.data.available() === 0) return this.invalid.report();
      const timeUs = this.nextTime();
      if (Number.isNaN(timeUs)) this.invalid.count += neurons.length;
      else this.takeRow(into, timeUs);
      this.data.at += this.series.width;
    }
  }

  async close(): Promise<void> {
    this.file.close();
  }

  /** Time of the row that is taken next; NaN where there is none. */
  private nextTime(): number {
    const { times } = this.series;
    const row = this.row++;
    if ('stepUs' in times) return timeOf(times, row);
    const blocks = this.times;
    if (blocks === undefined || blocks.available() === 0) return Number.NaN;
    return wholeUs(blocks.values[blocks.at++] as number, times.unitUs);
  }

  private takeRow(into: SampleColumns, timeUs: number): void {
    const { neurons, columns, scale, offset } = this.series;
    const { values, at: start } = this.data;
    const layer = this.names.length - 1;
    let at = into.length;
    for (let i = 0; i < neurons.length; i++) {
      into.timeUs[at] = timeUs;
      into.layer[at] = layer;
      into.neuron[at] = neurons[i] as number;
      const value = values[start + (columns[i] as number)] as number;
      if (into.value) into.value[at] = value * scale + offset;
      at++;
    }
    into.length = at;
  }
}
