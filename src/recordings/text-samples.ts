import { basename } from 'node:path';
import type { FileHead } from './file-head.ts';
import { NameTable } from './name-table.ts';
import { GLIMPSE_BYTES } from './order-check.ts';
import { ReadingNotes } from './reading-notes.ts';
import type { CellKind } from './row-scanner.ts';
import type { SampleColumns, SampleFile, SampleKind, SampleReader } from './samples.ts';
import { TableReader } from './table-reader.ts';
import type { TextTable } from './text-table.ts';
import { wholeUs } from './whole-us.ts';

const CELLS_MAX = 1 << 20;

/** Where a table of text has its samples. Columns are counted from 0. */
export interface TextSamplesLayout {
  readonly format: string;
  readonly kind: SampleKind;
  readonly unit: string;
  readonly timeColumn: number;
  /** µs of a unit of the time column. */
  readonly timeUnitUs: number;
  readonly timestepUs: number | undefined;
  /** Whether whoever writes such files ends every line. */
  readonly endsLines: boolean;
  /** Name of the layer of all samples, where meta.json says one. */
  readonly layer: string | undefined;
  /** One sample a row, or one neuron a column. */
  readonly shape: RowShape | WideShape;
}

export interface RowShape {
  /** Undefined for the times of one neuron, which is number 0. */
  readonly neuronColumn: number | undefined;
  /** `in.8`: layer and neuron in one cell. */
  readonly isMember: boolean;
  readonly layerColumn: number | undefined;
  readonly valueColumn: number | undefined;
}

export interface WideShape {
  readonly neurons: readonly {
    readonly column: number;
    readonly layer: string;
    readonly neuron: number;
  }[];
}

/** A file of samples that is a table of text. */
export function textSamples(
  file: FileHead,
  table: TextTable,
  layout: TextSamplesLayout,
): SampleFile {
  return {
    path: file.path,
    format: layout.format,
    kind: layout.kind,
    unit: layout.unit,
    timestepUs: layout.timestepUs,
    bytes: file.size,
    namesLayers: namesLayers(layout),
    samplesAtOnce: 'neurons' in layout.shape ? layout.shape.neurons.length : 1,
    read: (notes, chunkBytes) =>
      openReader(file.path, table, layout, notes, chunkBytes, chunkBytes >>> 4),
    glimpse: async (fraction) => {
      const skipped = Math.floor((file.size - table.dataOffset) * fraction);
      const from = { ...table, dataOffset: table.dataOffset + skipped };
      const notes = new ReadingNotes();
      const rows = GLIMPSE_BYTES >>> 2;
      const reader = await openReader(file.path, from, layout, notes, GLIMPSE_BYTES, rows);
      try {
        return await reader.glimpse(skipped > 0);
      } finally {
        await reader.close();
      }
    },
  };
}

function namesLayers({ layer, shape }: TextSamplesLayout): boolean {
  if (layer !== undefined || 'neurons' in shape) return true;
  return shape.isMember || shape.layerColumn !== undefined;
}

function cellKinds(layout: TextSamplesLayout): CellKind[] {
  const kinds: CellKind[] = [];
  kinds[layout.timeColumn] = 'number';
  const { shape } = layout;
  if ('neurons' in shape) {
    for (const { column } of shape.neurons) kinds[column] = 'value';
  } else {
    if (shape.neuronColumn !== undefined)
      kinds[shape.neuronColumn] = shape.isMember ? 'member' : 'number';
    if (shape.layerColumn !== undefined) kinds[shape.layerColumn] = 'name';
    if (shape.valueColumn !== undefined) kinds[shape.valueColumn] = 'value';
  }
  return Array.from(kinds, (kind) => kind ?? 'skip');
}

async function openReader(
  path: string,
  table: TextTable,
  layout: TextSamplesLayout,
  notes: ReadingNotes,
  chunkBytes: number,
  rowsWanted: number,
): Promise<TextSampleReader> {
  const kinds = cellKinds(layout);
  const names = new NameTable();
  const rowsMax = Math.max(1, Math.min(rowsWanted, Math.floor(CELLS_MAX / kinds.length)));
  const timeIsLast = layout.timeColumn === kinds.length - 1;
  const { endsLines } = layout;
  const reader = await TableReader.open(
    { path, table, kinds, names, rowsMax, chunkBytes, endsLines, timeIsLast },
    notes,
  );
  return new TextSampleReader(reader, kinds, layout, names, notes, basename(path));
}

/** Turns rows into samples: times to whole µs, ids checked, names to numbers. */
class TextSampleReader implements SampleReader {
  readonly names: readonly string[];
  private readonly reader: TableReader;
  private readonly layout: TextSamplesLayout;
  private readonly notes: ReadingNotes;
  private readonly fileName: string;
  private readonly slotOf: (column: number) => Float64Array;
  private readonly time: Float64Array;
  private readonly layer: number;
  private readonly wide: readonly { slot: Float64Array; layer: number; neuron: number }[];
  private rows = 0;
  private row = 0;
  private invalid = 0;

  constructor(
    reader: TableReader,
    kinds: readonly CellKind[],
    layout: TextSamplesLayout,
    names: NameTable,
    notes: ReadingNotes,
    fileName: string,
  ) {
    this.reader = reader;
    this.layout = layout;
    this.notes = notes;
    this.fileName = fileName;
    this.names = names.names;
    this.layer = layout.layer === undefined ? -1 : names.findText(layout.layer);
    this.slotOf = (column) => {
      const before = kinds.slice(0, column);
      const skipped = before.filter((kind) => kind === 'skip').length;
      const members = before.filter((kind) => kind === 'member').length;
      return reader.scanner.slots[column - skipped + members] as Float64Array;
    };
    this.time = this.slotOf(layout.timeColumn);
    const { shape } = layout;
    this.wide =
      'neurons' in shape
        ? shape.neurons.map(({ column, layer, neuron }) => {
            return { slot: this.slotOf(column), layer: names.findText(layer), neuron };
          })
        : [];
  }

  async fill(into: SampleColumns): Promise<void> {
    into.length = 0;
    const { shape } = this.layout;
    while (into.length < into.timeUs.length) {
      if (this.row === this.rows) {
        this.row = 0;
        this.rows = await this.reader.fill();
        if (this.rows === 0) {
          this.countInvalid();
          return;
        }
      }
      if ('neurons' in shape) {
        if (!this.takeWide(into)) return;
      } else {
        this.takeRows(into, shape);
      }
    }
  }

  async glimpse(skipsFirst: boolean): Promise<{ minUs: number; maxUs: number } | undefined> {
    const rows = await this.reader.fill(1);
    let minUs = Number.POSITIVE_INFINITY;
    let maxUs = Number.NEGATIVE_INFINITY;
    for (let i = skipsFirst ? 1 : 0; i < rows; i++) {
      const timeUs = (this.time[i] as number) * this.layout.timeUnitUs;
      if (timeUs < minUs) minUs = timeUs;
      if (timeUs > maxUs) maxUs = timeUs;
    }
    return maxUs >= minUs ? { minUs, maxUs } : undefined;
  }

  close(): Promise<void> {
    return this.reader.close();
  }

  private takeRows(into: SampleColumns, shape: RowShape): void {
    const { time } = this;
    const { neuronColumn } = shape;
    const neuron = neuronColumn === undefined ? undefined : this.idSlot(neuronColumn, shape);
    const layerColumn = shape.isMember ? neuronColumn : shape.layerColumn;
    const layers = layerColumn === undefined ? undefined : this.slotOf(layerColumn);
    const values = shape.valueColumn === undefined ? undefined : this.slotOf(shape.valueColumn);
    const { timeUnitUs } = this.layout;
    const count = Math.min(this.rows - this.row, into.timeUs.length - into.length);
    const end = this.row + count;
    let at = into.length;
    for (let i = this.row; i < end; i++) {
      const timeUs = wholeUs(time[i] as number, timeUnitUs);
      const id = neuron === undefined ? 0 : (neuron[i] as number);
      if (id >>> 0 !== id || timeUs > Number.MAX_SAFE_INTEGER) {
        this.invalid++;
        continue;
      }
      into.timeUs[at] = timeUs;
      into.layer[at] = layers === undefined ? this.layer : (layers[i] as number);
      into.neuron[at] = id;
      if (into.value !== undefined)
        into.value[at] = values === undefined ? 0 : (values[i] as number);
      at++;
    }
    into.length = at;
    this.row = end;
  }

  private idSlot(column: number, shape: RowShape): Float64Array {
    const slot = this.slotOf(column);
    const { slots } = this.reader.scanner;
    return shape.isMember ? (slots[slots.indexOf(slot) + 1] as Float64Array) : slot;
  }

  /** Takes whole rows while they fit; false when not even one row fits. */
  private takeWide(into: SampleColumns): boolean {
    const { wide } = this;
    const { timeUs, layer, neuron, value } = into;
    if (value === undefined) throw new Error('wide tables hold membrane potentials');
    if (wide.length > timeUs.length) throw new Error(`no room for ${wide.length} columns`);
    while (this.row < this.rows) {
      if (timeUs.length - into.length < wide.length) return false;
      const rowUs = wholeUs(this.time[this.row] as number, this.layout.timeUnitUs);
      let at = into.length;
      for (const column of wide) {
        timeUs[at] = rowUs;
        layer[at] = column.layer;
        neuron[at] = column.neuron;
        value[at++] = column.slot[this.row] as number;
      }
      into.length = at;
      this.row++;
    }
    return true;
  }

  private countInvalid(): void {
    if (this.invalid === 0) return;
    this.notes.samplesInvalid += this.invalid;
    this.notes.remark(`${this.fileName}: ${this.invalid} samples have a neuron id that is no whole \
number from 0 to 2^32 - 1, or a time past 2^53 µs; they are left out.`);
    this.invalid = 0;
  }
}
