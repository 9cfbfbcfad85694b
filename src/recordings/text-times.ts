import { timeColumn } from './column-names.ts';
import type { FileHead } from './file-head.ts';
import { RecordingError } from './recording-error.ts';
import type { SampleContext, SampleFormat, SampleKind } from './samples.ts';
import { textSamples } from './text-samples.ts';
import { readTextTable, type TextTable } from './text-table.ts';

/**
 * The spike times of one neuron as text, one a line. Without a meta.json only a first line such as
 * `time_ms` makes it one: a column of bare numbers may be anything.
 */
export const textTimes: SampleFormat = {
  name: 'text-times',
  metaFormats: ['text-times'],

  recognise(file: FileHead): SampleKind | undefined {
    const table = readTextTable(file);
    const unitUs =
      table && isColumn(table) ? timeColumn(table.header?.[0] ?? '')?.unitUs : undefined;
    return unitUs === undefined ? undefined : 'spikes';
  },

  async open(file: FileHead, context: SampleContext) {
    const table = readTextTable(file);
    if (table === undefined || !isColumn(table)) {
      const found = table === undefined ? 'no text' : (table.rows[0]?.join(' ') ?? '');
      throw new RecordingError(
        'table',
        `${file.name}: should hold one time a line, with a decimal point, and nothing else (found: \
${found.slice(0, 60)}).`,
      );
    }
    const named = timeColumn(table.header?.[0] ?? '');
    const timeUnitUs = named?.isStep ? context.dtUs : (named?.unitUs ?? context.timeUnitUs);
    if (timeUnitUs === undefined) {
      throw new RecordingError(
        'table',
        `${file.name}: its times have no unit. Write time_ms (or time_us, time_s) as the first \
line, or give "time_unit": "ms" in a meta.json.`,
      );
    }
    return textSamples(file, table, {
      format: 'text-times',
      kind: context.kind,
      unit: '1',
      timeColumn: 0,
      timeUnitUs,
      timestepUs: named?.isStep ? context.dtUs : undefined,
      endsLines: false,
      layer: context.layer,
      shape: {
        neuronColumn: undefined,
        isMember: false,
        layerColumn: undefined,
        valueColumn: undefined,
      },
    });
  },
};

/** Whether every line is a single number. */
export function isColumn({ header, rows }: TextTable): boolean {
  if (header !== undefined && header.length !== 1) return false;
  return (
    rows.length > 0 && rows.every((row) => row.length === 1 && Number.isFinite(Number(row[0])))
  );
}
