import type { Hdf5File } from './hdf5-file.ts';
import { potentialSeries } from './hdf5-series.ts';
import { potentialUnit } from './potential-unit.ts';
import { RecordingError } from './recording-error.ts';
import type { SampleContext, SampleFile } from './samples.ts';

const REPORT = '/report';

/** Whether there is a report of what has the unit of a potential. */
export function hasReports(file: Hdf5File): boolean {
  return reports(file).length > 0;
}

/**
 * Reports of potentials: `/report/<population>/data` of [times, elements], with `mapping` saying
 * which node an element belongs to. Of a node with several elements the first, its soma, is read.
 */
export function openReports(file: Hdf5File, context: SampleContext): SampleFile[] {
  const names = reports(file);
  if (names.length === 0) {
    throw new RecordingError(
      'table',
      `${file.name}: has no potentials: no /report/<population>/data in mV or V is in it.`,
    );
  }
  return names.map((name) => report(file, name, context));
}

function reports(file: Hdf5File): string[] {
  return file.children(REPORT).filter((name) => {
    const path = `${REPORT}/${name}/data`;
    return file.dataset(path)?.shape.length === 2 && potentialUnit(file.text(path, 'units'));
  });
}

function report(file: Hdf5File, name: string, context: SampleContext): SampleFile {
  const group = `${REPORT}/${name}`;
  const data = file.requireDataset(`${group}/data`);
  const nodes = file.requireDataset(`${group}/mapping/node_ids`);
  const pointers = file.requireDataset(`${group}/mapping/index_pointers`);
  const time = file.requireDataset(`${group}/mapping/time`).numbers(0, 3);
  const [start = 0, , step = Number.NaN] = time;
  if (!(step > 0)) throw data.wrong(`has no step of time: mapping/time is ${time.join(', ')}`);
  const unit = potentialUnit(file.text(data.path, 'units'));
  const width = data.shape[1] ?? 0;
  const neurons = Uint32Array.from(nodes.numbers(0, nodes.length));
  const columns = Uint32Array.from(pointers.numbers(0, neurons.length));
  if (columns.length < neurons.length || columns.some((column) => column >= width)) {
    throw pointers.wrong(`points past the ${width} elements of ${data.path}`);
  }
  return potentialSeries({
    path: file.path,
    format: 'sonata',
    data: data.path,
    rows: data.length,
    width,
    times: { startUs: start * 1000, stepUs: step * 1000 },
    unit: context.unit ?? 'mV',
    scale: unit?.scale ?? 1,
    offset: 0,
    layer: context.layer ?? name,
    neurons,
    columns,
    localIds: true,
  });
}
