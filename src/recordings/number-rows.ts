import { readFileHead } from './file-head.ts';
import { NameTable } from './name-table.ts';
import { ReadingNotes } from './reading-notes.ts';
import { RecordingError } from './recording-error.ts';
import type { CellKind } from './row-scanner.ts';
import { TableReader } from './table-reader.ts';
import { readTextTable } from './text-table.ts';

const ROWS_MAX = 4096;
const CHUNK_BYTES = 1 << 18;

/** Rows of a table of numbers: `columns[i][row]` is of the i-th name that was asked for. */
export interface NumberRows {
  readonly count: number;
  readonly columns: readonly Float64Array[];
}

/** Largest value of a column, 0 of none: how far a table goes. */
export async function columnMax(path: string, name: string): Promise<number> {
  let max = 0;
  for await (const { count, columns } of numberRows(path, [name], new ReadingNotes())) {
    for (let i = 0; i < count; i++) max = Math.max(max, columns[0]?.[i] as number);
  }
  return max;
}

/** Column names of a table of text; empty where it has no header. */
export async function tableHeader(path: string): Promise<readonly string[]> {
  return readTextTable(await readFileHead(path))?.header ?? [];
}

/** Reads named columns of numbers, some thousand rows at a time. */
export async function* numberRows(
  path: string,
  names: readonly string[],
  notes: ReadingNotes,
): AsyncGenerator<NumberRows, void, void> {
  const head = await readFileHead(path);
  const table = readTextTable(head);
  const header = table?.header ?? [];
  const missing = names.find((name) => !header.includes(name));
  if (table === undefined || missing !== undefined) {
    throw new RecordingError(
      'table',
      `${head.name}: has no column ${missing ?? names[0]}; its \
columns are ${header.join(', ') || 'unnamed'}.`,
    );
  }
  const kinds: CellKind[] = header.map((name) => (names.includes(name) ? 'number' : 'skip'));
  while (kinds.at(-1) === 'skip') kinds.pop();
  const reader = await TableReader.open(
    {
      path,
      table,
      kinds,
      names: new NameTable(),
      rowsMax: ROWS_MAX,
      chunkBytes: CHUNK_BYTES,
      endsLines: false,
      timeIsLast: false,
    },
    notes,
  );
  const read = header.filter((name) => names.includes(name));
  const { slots } = reader.scanner;
  const columns = names.map((name) => slots[read.indexOf(name)] as Float64Array);
  try {
    for (let count = await reader.fill(); count > 0; count = await reader.fill()) {
      yield { count, columns };
    }
  } finally {
    await reader.close();
  }
}
