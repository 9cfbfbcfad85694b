import { FRAME_LIMITS } from '../frames/limits.ts';
import type { Hdf5Dataset } from './hdf5-dataset.ts';
import { Hdf5File } from './hdf5-file.ts';
import { InvalidSamples } from './hdf5-spikes.ts';
import { NAMES_MAX } from './name-table.ts';
import { NumberBlocks } from './number-blocks.ts';
import type { ReadingNotes } from './reading-notes.ts';
import { RecordingError } from './recording-error.ts';
import type {
  FileLayer,
  SampleColumns,
  SampleContext,
  SampleFile,
  SampleReader,
} from './samples.ts';
import { wholeUs } from './whole-us.ts';

export const UNITS = '/units';
const SECOND_US = 1e6;
const ROWS_AT_ONCE = 4096;
/** Columns that name a unit's population, the first that is there. */
const LAYER_COLUMNS = [
  'layer',
  'layer_name',
  'population',
  'population_name',
  'group_name',
  'cell_type',
  'electrode_group',
];
/** Columns that number a neuron; every table has `id`. */
const NEURON_COLUMNS = ['neuron_id', 'neuron', 'node_id', 'cell_id', 'id'];

/** The table of units, without their spikes. */
export interface Units {
  /** [n] index in `layers`, -1 where no column names them. */
  readonly layer: Int32Array;
  /** [n] the neuron of a unit. */
  readonly neuron: Float64Array;
  /** [n] where a unit's spikes end in spike_times; they begin where the one before ends. */
  readonly ends: Float64Array;
  readonly layers: readonly FileLayer[];
  readonly endUs: number | undefined;
}

/** @throws RecordingError where the table does not fit together */
export function readUnits(file: Hdf5File, context: SampleContext): Units {
  const times = file.requireDataset(`${UNITS}/spike_times`);
  const index = file.requireDataset(`${UNITS}/spike_times_index`);
  const count = index.length;
  if (count > FRAME_LIMITS.neuronCountMax) {
    throw new RecordingError(
      'too_large',
      `${file.name}: ${count} units, at most ${FRAME_LIMITS.neuronCountMax} are read.`,
    );
  }
  const ends = wholeColumn(index, count);
  requireIndex(index, ends, times.length);
  const names = layerNames(file, count, context);
  const layer = names.of;
  const layers: FileLayer[] = names.names.map((name) => ({ name }));
  if (context.hasLayers) {
    return { layer, neuron: neuronIds(file, count), ends, layers, endUs: observedUntil(file) };
  }
  // Where nothing gives ranges, units count from 0 in their layer: each is one, whatever its id.
  const counts = new Float64Array(Math.max(1, names.names.length));
  const neuron = layer.length === 0 ? new Float64Array(count) : Float64Array.from(layer);
  for (let i = 0; i < count; i++) {
    const of = Math.max(0, layer[i] as number);
    neuron[i] = counts[of] as number;
    counts[of] = (counts[of] as number) + 1;
  }
  const counted =
    names.names.length === 0
      ? [{ name: '', neuronCount: count }]
      : layers.map(({ name }, i) => ({ name, neuronCount: counts[i] as number }));
  return { layer, neuron, ends, layers: counted, endUs: observedUntil(file) };
}

/** The spikes of all units, one unit after the other. */
export function unitSpikes(file: Hdf5File, units: Units): SampleFile {
  const { path } = file;
  const length = units.ends.at(-1) ?? 0;
  return {
    path,
    format: 'nwb',
    kind: 'spikes',
    unit: '1',
    timestepUs: undefined,
    namesLayers: units.layers.some((layer) => layer.name !== ''),
    samplesAtOnce: 1,
    bytes: length * 8,
    layers: units.layers,
    isUnordered: true,
    endUs: units.endUs,
    read: (notes, chunkBytes) =>
      Hdf5File.for(path, (file) => new UnitReader(file, units, notes, chunkBytes)),
    // Nobody needs a look at its order: it is sorted anyway.
    glimpse: async () => undefined,
  };
}

class UnitReader implements SampleReader {
  readonly names: readonly string[];
  private readonly file: Hdf5File;
  private readonly units: Units;
  private readonly times: NumberBlocks;
  private readonly invalid: InvalidSamples;
  private unit = 0;
  private done = 0;

  constructor(file: Hdf5File, units: Units, notes: ReadingNotes, chunkBytes: number) {
    this.file = file;
    this.units = units;
    this.names = units.layers.map((layer) => layer.name);
    this.invalid = new InvalidSamples(file.name, notes);
    const times = file.requireDataset(`${UNITS}/spike_times`);
    const length = units.ends.at(-1) ?? 0;
    this.times = new NumberBlocks(times, 0, length, Math.floor(chunkBytes / 8));
  }

  async fill(into: SampleColumns): Promise<void> {
    into.length = 0;
    const { times, units } = this;
    while (into.length < into.timeUs.length) {
      const there = times.available();
      if (there === 0) return this.invalid.report();
      while ((units.ends[this.unit] as number) <= this.done) this.unit++;
      const left = (units.ends[this.unit] as number) - this.done;
      this.take(into, Math.min(there, left, into.timeUs.length - into.length));
    }
  }

  async close(): Promise<void> {
    this.file.close();
  }

  private take(into: SampleColumns, count: number): void {
    const { times, units, unit } = this;
    const layer = units.layer[unit] as number;
    const id = units.neuron[unit] as number;
    const isId = id >>> 0 === id;
    let at = into.length;
    for (let i = 0; i < count; i++) {
      const timeUs = wholeUs(times.values[times.at + i] as number, SECOND_US);
      if (!isId || Number.isNaN(timeUs)) {
        this.invalid.count++;
        continue;
      }
      into.timeUs[at] = timeUs;
      into.layer[at] = layer;
      into.neuron[at] = id;
      at++;
    }
    into.length = at;
    times.at += count;
    this.done += count;
  }
}

function requireIndex(index: Hdf5Dataset, ends: Float64Array, spikes: number): void {
  let before = 0;
  for (const end of ends) {
    if (end < before) throw index.wrong(`goes back from ${before} to ${end}`);
    before = end;
  }
  if (before > spikes) throw index.wrong(`ends at ${before}, past the ${spikes} spike_times`);
}

/** A column of numbers of a table, read in pieces. */
function wholeColumn(dataset: Hdf5Dataset, count: number): Float64Array {
  const column = new Float64Array(count);
  const rows = dataset.blockRows(ROWS_AT_ONCE);
  for (let from = 0; from < count; from += rows) {
    column.set(dataset.numbers(from, Math.min(count, from + rows)), from);
  }
  return column;
}

function neuronIds(file: Hdf5File, count: number): Float64Array {
  const there = file.children(UNITS);
  for (const name of NEURON_COLUMNS) {
    if (!there.includes(name)) continue;
    const dataset = file.requireDataset(`${UNITS}/${name}`);
    if (dataset.isNumeric && dataset.length === count) return wholeColumn(dataset, count);
  }
  return Float64Array.from({ length: count }, (_, i) => i);
}

/** Names of layers in the order in which they occur, and which one each unit has. */
function layerNames(file: Hdf5File, count: number, context: SampleContext) {
  const of = new Int32Array(count).fill(-1);
  if (context.layer !== undefined) return { names: [context.layer], of: of.fill(0) };
  const there = file.children(UNITS);
  const path = LAYER_COLUMNS.find((name) => there.includes(name));
  const column = path === undefined ? undefined : file.dataset(`${UNITS}/${path}`);
  if (column === undefined || column.isNumeric || column.length !== count) return { names: [], of };
  const known = new Map<string, number>();
  const rows = column.blockRows(ROWS_AT_ONCE);
  for (let from = 0; from < count; from += rows) {
    const values = column.values(from, Math.min(count, from + rows));
    for (const [i, value] of values.entries()) {
      const name = typeof value === 'string' ? value : (file.referenced(value) ?? '');
      const layer = known.get(name) ?? known.size;
      if (layer >= NAMES_MAX) throw column.wrong(`names more than ${NAMES_MAX} layers`);
      known.set(name, layer);
      of[from + i] = layer;
    }
  }
  return { names: [...known.keys()], of };
}

/** End of the latest interval in which a unit was observed. */
function observedUntil(file: Hdf5File): number | undefined {
  const intervals = file.dataset(`${UNITS}/obs_intervals`);
  if (intervals?.shape.length !== 2 || intervals.shape[1] !== 2) return undefined;
  let endUs = 0;
  const rows = intervals.blockRows(ROWS_AT_ONCE);
  for (let from = 0; from < intervals.length; from += rows) {
    const block = intervals.numbers(from, Math.min(intervals.length, from + rows));
    for (let i = 1; i < block.length; i += 2) {
      endUs = Math.max(endUs, wholeUs(block[i] as number, SECOND_US) || 0);
    }
  }
  return endUs > 0 ? endUs : undefined;
}
