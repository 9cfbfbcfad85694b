import type { Hdf5File } from './hdf5-file.ts';
import { potentialSeries, type SeriesTimes } from './hdf5-series.ts';
import { potentialUnit } from './potential-unit.ts';
import { RecordingError } from './recording-error.ts';
import type { FileLayer, SampleContext, SampleFile } from './samples.ts';

const ACQUISITION = '/acquisition';
/** Kinds of series that may hold a membrane's potential; others in volts are of electrodes. */
const KINDS = ['TimeSeries', 'PatchClampSeries', 'CurrentClampSeries', 'IZeroClampSeries'];
const SERIES_MAX = 4096;
const SECOND_US = 1e6;

/** Names of the series in volts. */
export function potentialNames(file: Hdf5File): string[] {
  const names = file.children(ACQUISITION).filter((name) => {
    const path = `${ACQUISITION}/${name}`;
    if (!KINDS.includes(file.text(path, 'neurodata_type') ?? '')) return false;
    const rank = file.dataset(`${path}/data`)?.shape.length;
    if (rank !== 1 && rank !== 2) return false;
    return potentialUnit(file.text(`${path}/data`, 'unit')) !== undefined;
  });
  if (names.length <= SERIES_MAX) return names;
  throw new RecordingError(
    'too_large',
    `${file.name}: ${names.length} series of potentials, at most ${SERIES_MAX} are read.`,
  );
}

/**
 * Series of potentials, a column a neuron. NWB does not say which population a series is of: it is
 * the layer of units that its name names, the only one, or else one of the series' own name.
 * Several series of a layer are of neurons that follow each other, in the order of their names.
 */
export function openPotentials(
  file: Hdf5File,
  layers: readonly FileLayer[],
  context: SampleContext,
): SampleFile[] {
  const names = potentialNames(file);
  const counts = new Map<string, number>();
  const files = names.map((name) => {
    const layer = context.layer ?? layerOfSeries(name, layers);
    const first = counts.get(layer) ?? 0;
    const opened = openSeries(file, `${ACQUISITION}/${name}`, layer, first, context);
    counts.set(layer, first + opened.samplesAtOnce);
    return opened;
  });
  if (files.length > 0) return files;
  throw new RecordingError(
    'table',
    `${file.name}: has no potentials: no series of /acquisition is in volts.`,
  );
}

function openSeries(
  file: Hdf5File,
  group: string,
  layer: string,
  first: number,
  context: SampleContext,
): SampleFile {
  const data = file.requireDataset(`${group}/data`);
  const width = data.shape[1] ?? 1;
  // A potential in volts is data · conversion + offset.
  const toMillivolts = potentialUnit(file.text(data.path, 'unit'))?.scale ?? 1;
  return potentialSeries({
    path: file.path,
    format: 'nwb',
    data: data.path,
    rows: data.length,
    width,
    times: timesOf(file, group, data.length),
    unit: context.unit ?? 'mV',
    scale: (file.number(data.path, 'conversion') ?? 1) * toMillivolts,
    offset: (file.number(data.path, 'offset') ?? 0) * toMillivolts,
    layer,
    neurons: Uint32Array.from({ length: width }, (_, i) => first + i),
    columns: Uint32Array.from({ length: width }, (_, i) => i),
    localIds: true,
  });
}

function timesOf(file: Hdf5File, group: string, rows: number): SeriesTimes {
  const timestamps = file.dataset(`${group}/timestamps`);
  if (timestamps !== undefined) {
    if (timestamps.length === rows) return { dataset: timestamps.path, unitUs: SECOND_US };
    throw timestamps.wrong(`has ${timestamps.length} times for ${rows} rows of data`);
  }
  const start = file.requireDataset(`${group}/starting_time`);
  const rate = file.number(start.path, 'rate') ?? Number.NaN;
  if (!(rate > 0)) throw start.wrong(`has the rate ${rate}, where samples a second are needed`);
  const [startS = 0] = start.numbers(0, 1);
  return { startUs: startS * SECOND_US, stepUs: SECOND_US / rate };
}

function layerOfSeries(name: string, layers: readonly FileLayer[]): string {
  const parts = name.split(/[^A-Za-z0-9]+/);
  const named = layers.find((layer) => layer.name === name || parts.includes(layer.name));
  const only = layers.length === 1 ? layers[0] : undefined;
  return (named ?? only)?.name ?? name;
}
