import type { Hdf5Dataset } from './hdf5-dataset.ts';
import { Hdf5File } from './hdf5-file.ts';
import { NumberBlocks } from './number-blocks.ts';
import type { ReadingNotes } from './reading-notes.ts';
import type { FileLayer, SampleColumns, SampleFile, SampleReader } from './samples.ts';
import { wholeUs } from './whole-us.ts';

/** Times seen in a glimpse; `bytes` counts four for each. */
const GLIMPSE_TIMES = 1 << 14;
const BYTES_PER_TIME = 4;
/** Bytes of a row in the blocks that are held: a time and an id. */
const ROW_BYTES = 16;

/** Spikes as two datasets, of times and of ids, each spike a row of both. */
export interface SpikeColumns {
  readonly path: string;
  readonly format: string;
  readonly times: string;
  readonly ids: string;
  readonly length: number;
  /** µs of a unit of the times. */
  readonly unitUs: number;
  /** The layer of all of them; undefined where ids alone tell. */
  readonly layer: FileLayer | undefined;
  readonly localIds: boolean;
  readonly isUnordered: boolean;
  readonly timestepUs: number | undefined;
  readonly startUs: number | undefined;
  readonly endUs: number | undefined;
}

export function spikeColumns(columns: SpikeColumns): SampleFile {
  const { path, format, layer, length, localIds, isUnordered } = columns;
  return {
    path,
    format,
    kind: 'spikes',
    unit: '1',
    timestepUs: columns.timestepUs,
    statesTimestep: true,
    namesLayers: layer !== undefined,
    samplesAtOnce: 1,
    bytes: length * BYTES_PER_TIME,
    layers: layer === undefined ? [] : [layer],
    localIds,
    isUnordered,
    startUs: columns.startUs,
    endUs: columns.endUs,
    read: (notes, chunkBytes) =>
      Hdf5File.for(path, (file) => new SpikeColumnReader(file, columns, notes, chunkBytes)),
    glimpse: (fraction) =>
      Hdf5File.with(path, (file) => {
        const from = Math.floor(length * fraction);
        const to = Math.min(length, from + GLIMPSE_TIMES);
        const times = file.requireDataset(columns.times);
        return from < to ? timeRange(times, from, to, columns.unitUs) : undefined;
      }),
  };
}

/** Earliest and latest of some times. */
export function timeRange(times: Hdf5Dataset, from: number, to: number, unitUs: number) {
  let minUs = Number.POSITIVE_INFINITY;
  let maxUs = Number.NEGATIVE_INFINITY;
  for (const time of times.numbers(from, to)) {
    const timeUs = wholeUs(time, unitUs);
    if (timeUs < minUs) minUs = timeUs;
    if (timeUs > maxUs) maxUs = timeUs;
  }
  return maxUs >= minUs ? { minUs, maxUs } : undefined;
}

class SpikeColumnReader implements SampleReader {
  readonly names: readonly string[];
  private readonly file: Hdf5File;
  private readonly times: NumberBlocks;
  private readonly ids: NumberBlocks;
  private readonly unitUs: number;
  private readonly layer: number;
  private readonly invalid: InvalidSamples;

  constructor(file: Hdf5File, columns: SpikeColumns, notes: ReadingNotes, chunkBytes: number) {
    this.file = file;
    this.names = columns.layer === undefined ? [] : [columns.layer.name];
    this.layer = this.names.length - 1;
    this.unitUs = columns.unitUs;
    this.invalid = new InvalidSamples(file.name, notes);
    const rows = Math.floor(chunkBytes / ROW_BYTES);
    const { length } = columns;
    this.times = new NumberBlocks(file.requireDataset(columns.times), 0, length, rows);
    this.ids = new NumberBlocks(file.requireDataset(columns.ids), 0, length, rows);
  }

  async fill(into: SampleColumns): Promise<void> {
    into.length = 0;
    const { times, ids } = this;
    while (into.length < into.timeUs.length) {
      const there = Math.min(times.available(), ids.available());
      if (there === 0) return this.invalid.report();
      const count = Math.min(there, into.timeUs.length - into.length);
      this.take(into, count);
      times.at += count;
      ids.at += count;
    }
  }

  async close(): Promise<void> {
    this.file.close();
  }

  private take(into: SampleColumns, count: number): void {
    const { times, ids, unitUs, layer } = this;
    let at = into.length;
    for (let i = 0; i < count; i++) {
      const timeUs = wholeUs(times.values[times.at + i] as number, unitUs);
      const id = ids.values[ids.at + i] as number;
      if (id >>> 0 !== id || Number.isNaN(timeUs)) {
        this.invalid.count++;
        continue;
      }
      into.timeUs[at] = timeUs;
      into.layer[at] = layer;
      into.neuron[at] = id;
      at++;
    }
    into.length = at;
  }
}

/** Counts what cannot be a sample, and says so once. */
export class InvalidSamples {
  count = 0;
  private readonly fileName: string;
  private readonly notes: ReadingNotes;

  constructor(fileName: string, notes: ReadingNotes) {
    this.fileName = fileName;
    this.notes = notes;
  }

  report(): void {
    if (this.count === 0) return;
    this.notes.samplesInvalid += this.count;
    this.notes.remark(`${this.fileName}: ${this.count} samples have a neuron id that is no whole \
number from 0 to 2^32 - 1, or no time up to 2^53 µs; they are left out.`);
    this.count = 0;
  }
}
