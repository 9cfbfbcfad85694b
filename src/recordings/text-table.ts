import type { FileHead } from './file-head.ts';

export type Separator = '\t' | ',' | ';' | ' ';

const SAMPLE_ROWS = 16;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const DECIMAL_COMMA = /^[+-]?\d+,\d+([eE][+-]?\d+)?$/;

/** How a table of text is laid out, as its first lines show. */
export interface TextTable {
  readonly separator: Separator;
  readonly decimal: '.' | ',';
  /** Column names as written; undefined where the first line already holds values. */
  readonly header: readonly string[] | undefined;
  readonly headerLine: string;
  readonly comments: readonly string[];
  /** Byte and line (from 1) at which the rows begin. */
  readonly dataOffset: number;
  readonly dataLine: number;
  /** Cells of the first rows, without an empty last one. */
  readonly rows: readonly (readonly string[])[];
}

/** Splits a line; a separator at its end makes no empty cell. */
export function splitRow(line: string, separator: Separator): string[] {
  const cells =
    separator === ' ' ? line.trim().split(/[ \t]+/) : splitQuoted(line.trimEnd(), separator);
  if (cells.length > 1 && cells.at(-1) === '') cells.pop();
  return cells;
}

function splitQuoted(line: string, separator: Separator): string[] {
  if (!line.includes('"')) return line.split(separator).map((cell) => cell.trim());
  const cells: string[] = [];
  let cell = '';
  let quoted = false;
  for (const char of line) {
    if (char === '"') quoted = !quoted;
    else if (char === separator && !quoted) {
      cells.push(cell.trim());
      cell = '';
    } else cell += char;
  }
  cells.push(cell.trim());
  return cells;
}

/** A cell as a number; NaN when it is none. An empty cell is none, `nan` and `inf` are NaN too. */
export function cellNumber(cell: string, decimal: '.' | ','): number {
  const text = decimal === ',' ? cell.replace(',', '.') : cell;
  return NUMBER.test(text) ? Number(text) : Number.NaN;
}

interface Line {
  readonly text: string;
  readonly start: number;
  readonly line: number;
}

/** Lines with something in them; the last one only where it is whole or the file ends with it. */
function* linesOf(text: string, isWhole: boolean): Generator<Line> {
  const ends = /\r\n|\n|\r/g;
  let start = 0;
  let line = 1;
  for (let end = ends.exec(text); end !== null; end = ends.exec(text)) {
    if (end.index > start) yield { text: text.slice(start, end.index), start, line };
    start = ends.lastIndex;
    line++;
  }
  if (isWhole && start < text.length) yield { text: text.slice(start), start, line };
}

function guessSeparator(line: string): Separator {
  if (line.includes('\t')) return '\t';
  if (line.includes(';')) return ';';
  if (!line.includes(',')) return ' ';
  // `12 1,8` is two cells with a decimal comma; `12, 1.8` is two cells and a space.
  const spaced = line.trim().split(/ +/);
  const isSpaced = spaced.length > 1 && spaced.every((cell) => /^[+-]?\d+(,\d+)?$/.test(cell));
  return isSpaced ? ' ' : ',';
}

/** Reads the layout of a table of text; undefined when the bytes are no text. */
export function readTextTable(file: FileHead): TextTable | undefined {
  if (file.bytes.includes(0)) return undefined;
  // Latin-1 keeps bytes and characters in step; names are decoded where they are used.
  const text = Buffer.from(file.bytes).toString('latin1');
  const bom = text.startsWith('\u00ef\u00bb\u00bf') ? 3 : 0;
  const comments: string[] = [];
  let header: Line | undefined;
  let first: Line | undefined;
  const rows: Line[] = [];
  let separator: Separator = ' ';
  for (const line of linesOf(text.slice(bom), file.bytes.length === file.size)) {
    if (line.text.trim() === '') continue;
    if (/^\s*[#%]/.test(line.text)) {
      if (first === undefined && comments.length < SAMPLE_ROWS) comments.push(line.text);
      continue;
    }
    if (header === undefined && first === undefined) {
      separator = guessSeparator(line.text);
      const cells = splitRow(line.text, separator).filter((cell) => cell !== '');
      const isNumeric = (cell: string) => NUMBER.test(cell) || DECIMAL_COMMA.test(cell);
      if (cells.length > 0 && !cells.some(isNumeric)) {
        header = line;
        continue;
      }
    }
    first ??= line;
    rows.push(line);
    if (rows.length === SAMPLE_ROWS) break;
  }
  const cells = rows.map((row) => splitRow(row.text, separator));
  const hasComma = separator !== ',' && cells.some((row) => row.some((c) => DECIMAL_COMMA.test(c)));
  return {
    separator,
    decimal: hasComma ? ',' : '.',
    header: header && splitRow(decodeUtf8(header.text), separator),
    headerLine: header?.text ?? '',
    comments,
    dataOffset: bom + (first?.start ?? text.length - bom),
    dataLine: first?.line ?? (header?.line ?? 0) + 1,
    rows: cells,
  };
}

export function decodeUtf8(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8');
}
