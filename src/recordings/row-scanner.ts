import type { NameTable } from './name-table.ts';
import { cellNumber, type Separator, splitRow, type TextTable } from './text-table.ts';

/** What is wanted of a column of text. */
export type CellKind =
  /** Not read. */
  | 'skip'
  /** A number that every row must have. */
  | 'number'
  /** A number that may be missing: NaN then. */
  | 'value'
  /** A name; its slot gets the name's number. */
  | 'name'
  /** `in.8`: a name and a number, in two slots. */
  | 'member';

const KIND_CODES = { skip: 0, number: 1, value: 1, name: 2, member: 3 } as const;
const SKIP = KIND_CODES.skip;
const NUMBER = KIND_CODES.number;

const TAB = 9;
const LF = 10;
const CR = 13;
const SPACE = 32;
const QUOTE = 34;
const MINUS = 45;
const DOT = 46;
const ZERO = 48;
/** Whole numbers of so many digits are exact in a double, and so is the quotient's rounding. */
const DIGITS_MAX = 15;
const POWERS = Float64Array.from({ length: DIGITS_MAX + 1 }, (_, i) => 10 ** i);

/**
 * Turns bytes into columns of numbers. Rows as programs write them are read byte by byte without a
 * string; whatever is unusual (quotes, exponents, missing cells, comments, headers in between) goes
 * through `slowRow`, which is tolerant. What even that cannot read is counted in `invalid`.
 */
export class RowScanner {
  /** One column a slot, `rows` values each. */
  readonly slots: readonly Float64Array[];
  readonly names: NameTable;
  readonly capacity: number;
  rows = 0;
  /** Line at which the next row begins, from 1. */
  line: number;
  invalid = 0;
  invalidFirst: { readonly line: number; readonly text: string } | undefined;

  private readonly kinds: readonly CellKind[];
  private readonly codes: Uint8Array;
  private readonly slotOf: Int32Array;
  private readonly separator: Separator;
  private readonly separatorByte: number;
  private readonly blankByte: number;
  private readonly decimal: '.' | ',';
  private readonly decimalByte: number;
  private readonly headerLine: string;

  /** `kinds` says what is wanted of each column; later ones are not looked at. */
  constructor(table: TextTable, kinds: readonly CellKind[], capacity: number, names: NameTable) {
    this.kinds = kinds;
    this.codes = Uint8Array.from(kinds, (kind) => KIND_CODES[kind]);
    let slotCount = 0;
    this.slotOf = Int32Array.from(kinds, (kind) => {
      const slot = slotCount;
      slotCount += kind === 'skip' ? 0 : kind === 'member' ? 2 : 1;
      return slot;
    });
    this.slots = Array.from({ length: slotCount }, () => new Float64Array(capacity));
    this.capacity = capacity;
    this.names = names;
    this.line = table.dataLine;
    this.separator = table.separator;
    this.separatorByte = table.separator.charCodeAt(0);
    this.blankByte = table.separator === ' ' ? TAB : SPACE;
    this.decimal = table.decimal;
    this.decimalByte = table.decimal.charCodeAt(0);
    this.headerLine = table.headerLine;
  }

  /**
   * Reads rows of [start, end), which must end with a line end, until the slots are full.
   * Returns where it stopped.
   */
  scan(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    while (at < end && this.rows < this.capacity) {
      const next = this.row(bytes, at);
      if (next < 0) {
        at = this.lineAsText(bytes, at);
      } else {
        this.rows++;
        this.line++;
        at = next;
      }
    }
    return at;
  }

  /** Reads one row of the ordinary shape; -1 leaves the line to the slow way. */
  private row(bytes: Uint8Array, start: number): number {
    const { codes, separatorByte, blankByte } = this;
    const last = codes.length - 1;
    let at = start;
    for (let f = 0; f <= last; f++) {
      let c = bytes[at] as number;
      while (c === SPACE || c === blankByte) c = bytes[++at] as number;
      const code = codes[f] as number;
      if (code === NUMBER) {
        const isNegative = c === MINUS;
        if (isNegative) c = bytes[++at] as number;
        const first = at;
        let whole = 0;
        let digit = c - ZERO;
        while (digit >= 0 && digit <= 9) {
          whole = whole * 10 + digit;
          digit = (bytes[++at] as number) - ZERO;
        }
        let digits = at - first;
        let value = whole;
        if (bytes[at] === this.decimalByte && this.decimalByte !== separatorByte) {
          const point = at;
          digit = (bytes[++at] as number) - ZERO;
          while (digit >= 0 && digit <= 9) {
            whole = whole * 10 + digit;
            digit = (bytes[++at] as number) - ZERO;
          }
          const places = at - point - 1;
          digits += places;
          if (digits > DIGITS_MAX) return -1;
          value = whole / (POWERS[places] as number);
        }
        if (digits === 0 || digits > DIGITS_MAX) return -1;
        (this.slots[this.slotOf[f] as number] as Float64Array)[this.rows] = isNegative
          ? -value
          : value;
      } else {
        at = code === SKIP ? this.skip(bytes, at) : this.named(bytes, at, f);
        if (at < 0) return -1;
      }
      c = bytes[at] as number;
      if (c > SPACE && c !== separatorByte) return -1;
      while (c === SPACE || c === blankByte) c = bytes[++at] as number;
      if (f === last) break;
      if (c === separatorByte) at++;
      else if (separatorByte !== SPACE || c === LF || c === CR) return -1;
    }
    return this.lineEnd(bytes, at);
  }

  /** After the wanted columns: to the next line, over columns that nobody wants. */
  private lineEnd(bytes: Uint8Array, from: number): number {
    let at = from;
    let c = bytes[at] as number;
    while (c !== LF && c !== CR) c = bytes[++at] as number;
    return c === CR && bytes[at + 1] === LF ? at + 2 : at + 1;
  }

  private skip(bytes: Uint8Array, from: number): number {
    let at = from;
    let c = bytes[at] as number;
    if (c === QUOTE) return -1;
    while (c !== this.separatorByte && c !== this.blankByte && c !== LF && c !== CR) {
      c = bytes[++at] as number;
    }
    // A blank inside a cell of commas belongs to it.
    while (c !== this.separatorByte && c !== LF && c !== CR && this.separatorByte !== SPACE) {
      c = bytes[++at] as number;
    }
    return at;
  }

  private named(bytes: Uint8Array, from: number, field: number): number {
    const end = this.skip(bytes, from);
    if (end < 0) return -1;
    let stop = end;
    while (stop > from && bytes[stop - 1] === SPACE) stop--;
    const slot = this.slotOf[field] as number;
    let nameStop = stop;
    if (this.kinds[field] === 'member') {
      let scale = 1;
      let index = 0;
      nameStop--;
      for (; nameStop > from && bytes[nameStop] !== DOT; nameStop--) {
        const digit = (bytes[nameStop] as number) - ZERO;
        if (digit < 0 || digit > 9) return -1;
        index += digit * scale;
        scale *= 10;
      }
      if (scale === 1 || nameStop <= from) return -1;
      (this.slots[slot + 1] as Float64Array)[this.rows] = index;
    }
    const name = this.names.find(bytes, from, nameStop);
    (this.slots[slot] as Float64Array)[this.rows] = name;
    return end;
  }

  private lineAsText(bytes: Uint8Array, start: number): number {
    let end = start;
    while (bytes[end] !== LF && bytes[end] !== CR) end++;
    this.textRow(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8'));
    return bytes[end] === CR && bytes[end + 1] === LF ? end + 2 : end + 1;
  }

  /** Reads one line the slow way; true when it is a row, or nothing that should be one. */
  textRow(text: string): boolean {
    const line = this.line++;
    const isNothing = text.trim() === '' || /^\s*[#%]/.test(text);
    if (isNothing || text.trim() === this.headerLine.trim()) return true;
    const cells = splitRow(text, this.separator);
    if (this.kinds.every((kind, f) => this.cell(kind, f, cells[f]))) {
      this.rows++;
      return true;
    }
    this.invalid++;
    this.invalidFirst ??= { line, text: text.slice(0, 60) };
    return false;
  }

  private cell(kind: CellKind, field: number, cell = ''): boolean {
    if (kind === 'skip') return true;
    const slot = this.slotOf[field] as number;
    const column = this.slots[slot] as Float64Array;
    if (kind === 'name') {
      column[this.rows] = this.names.findText(cell);
      return cell !== '';
    }
    if (kind === 'member') {
      const match = /^(.+)\.(\d{1,9})$/.exec(cell);
      if (match === null) return false;
      column[this.rows] = this.names.findText(match[1] as string);
      (this.slots[slot + 1] as Float64Array)[this.rows] = Number(match[2]);
      return true;
    }
    const value = cellNumber(cell, this.decimal);
    column[this.rows] = value;
    if (Number.isFinite(value)) return true;
    return kind === 'value' && /^([+-]?(nan|inf(inity)?))?$/i.test(cell);
  }
}
