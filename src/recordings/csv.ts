import { isLayerColumn, isNeuronColumn, isValueColumn, timeColumn } from './column-names.ts';
import { readCsvHeader } from './csv-header.ts';
import type { FileHead } from './file-head.ts';
import { RecordingError } from './recording-error.ts';
import type { SampleContext, SampleFormat, SampleKind } from './samples.ts';
import { textSamples } from './text-samples.ts';
import { readTextTable, type TextTable } from './text-table.ts';

const NAMES_WANTED =
  'time_ms, time_us, time_s or timestep for the time, neuron for the id, and layer where there are \
several';

interface CsvColumns {
  readonly time: number;
  readonly neuron: number;
  readonly layer: number | undefined;
  readonly value: number | undefined;
  /** `in.8` in the neuron column, as SANA-FE writes it. */
  readonly isMember: boolean;
}

/**
 * A row a sample: a column of the time with its unit in the name, one of the neuron, and perhaps
 * one of the layer and one of the potential, in any order. SANA-FE's spikes.csv is one of these.
 */
export const csv: SampleFormat = {
  name: 'csv',
  metaFormats: ['csv', 'tsv', 'sanafe-spikes'],

  recognise(file: FileHead): SampleKind | undefined {
    const table = readTextTable(file);
    if (table?.header === undefined || table.header.includes('sender')) return undefined;
    const columns = csvColumns(table, table.header, undefined);
    if (columns === undefined) return undefined;
    return columns.value === undefined ? 'spikes' : 'membrane';
  },

  async open(file: FileHead, context: SampleContext) {
    const table = readTextTable(file);
    const header = table?.header ?? context.columns;
    if (table === undefined || header === undefined) {
      throw new RecordingError(
        'table',
        `${file.name}: ${table ? 'has no header' : 'is no text'}. \
The first line of a table must name its columns: ${NAMES_WANTED}.`,
      );
    }
    requireWidth(file, table, header);
    const columns = csvColumns(table, header, context.valueColumn);
    if (columns === undefined) {
      throw new RecordingError(
        'table',
        `${file.name}: no time and neuron among its columns \
${header.join(', ')}. Name them ${NAMES_WANTED}.`,
      );
    }
    const time = timeColumn(header[columns.time] as string);
    const timeUnitUs = time?.isStep ? context.dtUs : (time?.unitUs ?? context.timeUnitUs);
    if (timeUnitUs === undefined) {
      throw new RecordingError(
        'table',
        `${file.name}: the column ${header[columns.time]} has no \
unit. Say it with --time-unit, name it time_ms, or give "units": {"time": "ms"} in a meta.json.`,
      );
    }
    const value = context.kind === 'membrane' ? columns.value : undefined;
    if (context.kind === 'membrane' && value === undefined) {
      throw new RecordingError(
        'table',
        `${file.name}: no column of potentials among \
${header.join(', ')}. Name the one to read as "column" in meta.json, or name it v.`,
      );
    }
    return textSamples(file, table, {
      format: columns.isMember ? 'sanafe-spikes' : 'csv',
      kind: context.kind,
      unit: context.unit ?? (time?.isStep ? '1' : 'mV'),
      timeColumn: columns.time,
      timeUnitUs,
      timestepUs: time?.isStep ? context.dtUs : readCsvHeader(file)?.timestepUs,
      endsLines: false,
      layer: context.layer,
      shape: {
        neuronColumn: columns.neuron,
        isMember: columns.isMember,
        layerColumn: columns.layer,
        valueColumn: value,
      },
    });
  },
};

function csvColumns(
  table: TextTable,
  header: readonly string[],
  valueName: string | undefined,
): CsvColumns | undefined {
  const find = (test: (name: string) => boolean) => {
    const found = header.findIndex(test);
    return found < 0 ? undefined : found;
  };
  const neuron = find(isNeuronColumn);
  const time = find((name) => timeColumn(name) !== undefined);
  if (neuron === undefined || time === undefined) return undefined;
  const first = table.rows[0]?.[neuron] ?? '';
  const layer = find(isLayerColumn);
  // `0.8` beside a time is group 0, neuron 8 only where SANA-FE's own two columns say so.
  const isSanafe =
    header.length === 2 && header[neuron] === 'neuron' && header[time] === 'timestep';
  const isMember =
    layer === undefined && (isSanafe ? /^.+\.\d+$/.test(first) : /^[^\d.,+-].*\.\d+$/.test(first));
  const value = find(valueName === undefined ? isValueColumn : (name) => name === valueName);
  return { time, neuron, layer, value, isMember };
}

/** A row with more cells than the header has names means that the table is not understood. */
function requireWidth(file: FileHead, table: TextTable, header: readonly string[]): void {
  const bad = table.rows.findIndex((row) => row.length > header.length);
  if (bad < 0) return;
  const row = table.rows[bad] as readonly string[];
  const advice =
    table.separator === ','
      ? 'With decimal commas, write it with decimal points instead, or with ; between columns.'
      : 'Name every column.';
  throw new RecordingError(
    'table',
    `${file.name} line ${table.dataLine + bad}: ${row.length} \
values (${row.join(table.separator)}) where the header names ${header.length} columns. ${advice}`,
  );
}
