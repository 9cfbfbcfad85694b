import { timeColumn } from './column-names.ts';
import type { FileHead } from './file-head.ts';
import { RecordingError } from './recording-error.ts';
import type { SampleContext, SampleFormat, SampleKind } from './samples.ts';
import { textSamples } from './text-samples.ts';
import { readTextTable, type TextTable } from './text-table.ts';

const WHOLE = /^\d+$/;
const DECIMAL = /^\d*[.,]\d+$/;
const POTENTIAL_DEFAULT = 'V_m';

interface NestColumns {
  readonly sender: number;
  readonly time: number;
  readonly timeUnitUs: number | 'steps';
  readonly value: number | undefined;
}

/**
 * What NEST's recorders write as text: `.dat` of the ascii backend with its two comments and
 * header, the same without them, and `.gdf` of older versions. Ids are global, times in ms (or in
 * steps).
 */
export const nest: SampleFormat = {
  name: 'nest',
  metaFormats: ['nest-ascii', 'nest-gdf', 'nest-ascii-multimeter'],

  recognise(file: FileHead): SampleKind | undefined {
    const table = readTextTable(file);
    const columns = table && nestColumns(table, undefined);
    if (columns === undefined) return undefined;
    return columns.value === undefined ? 'spikes' : 'membrane';
  },

  async open(file: FileHead, context: SampleContext) {
    const table = readTextTable(file);
    const columns = table && nestColumns(table, context.valueColumn);
    if (table === undefined || columns === undefined) {
      const found = table?.header?.join(' ') ?? table?.rows[0]?.join(' ') ?? 'no text';
      throw new RecordingError(
        'table',
        `${file.name}: is no NEST recording (found: ${found}); \
it should have the columns sender and time_ms, or an id and a time on every line.`,
      );
    }
    if (context.kind === 'membrane' && columns.value === undefined) {
      const wanted = context.valueColumn ?? POTENTIAL_DEFAULT;
      throw new RecordingError(
        'table',
        `${file.name}: has no column ${wanted}; its columns are \
${table.header?.join(', ') ?? 'unnamed'}. Name the one to read as "column" in meta.json.`,
      );
    }
    return textSamples(file, table, {
      format: context.kind === 'spikes' ? 'nest-ascii' : 'nest-ascii-multimeter',
      kind: context.kind,
      unit: context.unit ?? 'mV',
      timeColumn: columns.time,
      timeUnitUs: columns.timeUnitUs === 'steps' ? context.dtUs : columns.timeUnitUs,
      timestepUs: undefined,
      endsLines: table.header !== undefined,
      layer: context.layer,
      shape: {
        neuronColumn: columns.sender,
        isMember: false,
        layerColumn: undefined,
        valueColumn: context.kind === 'membrane' ? columns.value : undefined,
      },
    });
  },
};

function nestColumns(table: TextTable, valueName: string | undefined): NestColumns | undefined {
  return table.header === undefined
    ? columnsOfRows(table)
    : columnsOfHeader(table.header, valueName ?? POTENTIAL_DEFAULT);
}

function columnsOfHeader(header: readonly string[], value: string): NestColumns | undefined {
  const sender = header.indexOf('sender');
  const time = header.findIndex((name) => timeColumn(name) !== undefined);
  const column = timeColumn(header[time] ?? '');
  if (sender < 0 || column === undefined) return undefined;
  const valueAt = header.indexOf(value);
  const others = header.filter((name, i) => i !== sender && i !== time && name !== 'time_offset');
  const only = others.length === 1 ? header.indexOf(others[0] as string) : -1;
  const found = valueAt >= 0 ? valueAt : value === POTENTIAL_DEFAULT ? only : -1;
  return {
    sender,
    time,
    timeUnitUs: column.isStep ? 'steps' : (column.unitUs ?? 1000),
    value: found < 0 ? undefined : found,
  };
}

/** Without a header: an id, a time in ms, and a potential where there is a third column. */
function columnsOfRows(table: TextTable): NestColumns | undefined {
  const { rows, separator } = table;
  const width = rows[0]?.length ?? 0;
  if (separator === ',' || separator === ';' || width < 2 || width > 64) return undefined;
  // A last row may be cut off: the head of a file can end anywhere.
  const whole = rows.length > 1 ? rows.slice(0, -1) : rows;
  const all = (column: number, form: RegExp) => whole.every((row) => form.test(row[column] ?? ''));
  const isNumber = (column: number) => all(column, /^[+-]?\d*([.,]\d*)?(e[+-]?\d+)?$/i);
  if (!isNumber(0) || !isNumber(1)) return undefined;
  const value = width > 2 ? 2 : undefined;
  if (all(0, WHOLE)) return { sender: 0, time: 1, timeUnitUs: 1000, value };
  // Some tools write the time first; only decimals tell.
  if (all(1, WHOLE) && all(0, DECIMAL)) return { sender: 1, time: 0, timeUnitUs: 1000, value };
  return undefined;
}
