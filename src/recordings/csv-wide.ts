import { neuronOfColumn, timeColumn } from './column-names.ts';
import type { FileHead } from './file-head.ts';
import { RecordingError } from './recording-error.ts';
import type { SampleContext, SampleFormat, SampleKind } from './samples.ts';
import { textSamples, type WideShape } from './text-samples.ts';
import { readTextTable, type TextTable } from './text-table.ts';

/**
 * Membrane potentials with one column a neuron: `time_ms,E.0,E.1,…`, and SANA-FE's potentials.csv
 * (`timestep,neuron l1.0,…`).
 */
export const csvWide: SampleFormat = {
  name: 'csv-wide',
  metaFormats: ['csv-wide', 'sanafe-potentials'],

  recognise(file: FileHead): SampleKind | undefined {
    const table = readTextTable(file);
    return table && wideColumns(table) ? 'membrane' : undefined;
  },

  async open(file: FileHead, context: SampleContext) {
    const table = readTextTable(file);
    const columns = table && wideColumns(table);
    if (table === undefined || columns === undefined) {
      throw new RecordingError(
        'table',
        `${file.name}: its first line should name a column of the \
time (time_ms or timestep) and one column a neuron (E.0, E.1, …).`,
      );
    }
    const { time, shape } = columns;
    const column = timeColumn(table.header?.[time] as string);
    const timeUnitUs = column?.isStep ? context.dtUs : (column?.unitUs ?? context.timeUnitUs);
    if (timeUnitUs === undefined) {
      throw new RecordingError(
        'table',
        `${file.name}: the column ${table.header?.[time]} has no \
unit. Say it with --time-unit, name it time_ms, or give "units": {"time": "ms"} in a meta.json.`,
      );
    }
    const isSanafe = table.header?.some((name) => name.startsWith('neuron '));
    return textSamples(file, table, {
      format: isSanafe ? 'sanafe-potentials' : 'csv-wide',
      kind: 'membrane',
      unit: context.unit ?? (column?.isStep ? '1' : 'mV'),
      timeColumn: time,
      timeUnitUs,
      timestepUs: column?.isStep ? context.dtUs : undefined,
      endsLines: false,
      layer: undefined,
      shape,
    });
  },
};

function wideColumns(table: TextTable): { time: number; shape: WideShape } | undefined {
  const { header } = table;
  const time = header?.findIndex((name) => timeColumn(name) !== undefined) ?? -1;
  if (header === undefined || time < 0) return undefined;
  const neurons = header.flatMap((name, column) => {
    const neuron = neuronOfColumn(name);
    return neuron === undefined ? [] : [{ column, ...neuron }];
  });
  return neurons.length === 0 ? undefined : { time, shape: { neurons } };
}
