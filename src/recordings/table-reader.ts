import { type FileHandle, open } from 'node:fs/promises';
import { basename } from 'node:path';
import { isCutOffLine } from './cut-off-line.ts';
import type { NameTable } from './name-table.ts';
import type { ReadingNotes } from './reading-notes.ts';
import { RecordingError } from './recording-error.ts';
import { type CellKind, RowScanner } from './row-scanner.ts';
import type { TextTable } from './text-table.ts';

/** A line may be so long: 16 MiB, a wide table of about two million cells. */
const LINE_BYTES_MAX = 1 << 24;
const TAIL_BYTES = 1 << 16;
const LF = 10;
const CR = 13;

export interface TableReaderOptions {
  readonly path: string;
  readonly table: TextTable;
  readonly kinds: readonly CellKind[];
  readonly names: NameTable;
  readonly rowsMax: number;
  readonly chunkBytes: number;
  /** Whether whoever writes such files ends every line, so that a bare end means a cut. */
  readonly endsLines: boolean;
  /** Whether the last column is the time, which counts up. */
  readonly timeIsLast: boolean;
}

/** Reads a table of text in chunks; holds one chunk and one batch of rows. */
export class TableReader {
  readonly scanner: RowScanner;
  private readonly options: TableReaderOptions;
  private readonly file: FileHandle;
  private readonly notes: ReadingNotes;
  private bytes: Buffer;
  /** [start, lines) are whole lines to be scanned, [lines, filled) is the begin of the next. */
  private start = 0;
  private lines = 0;
  private filled = 0;
  private offset: number;
  private isAtEnd = false;

  private constructor(options: TableReaderOptions, file: FileHandle, notes: ReadingNotes) {
    this.options = options;
    this.file = file;
    this.notes = notes;
    this.bytes = Buffer.allocUnsafe(options.chunkBytes);
    this.offset = options.table.dataOffset;
    this.scanner = new RowScanner(options.table, options.kinds, options.rowsMax, options.names);
  }

  static async open(options: TableReaderOptions, notes: ReadingNotes): Promise<TableReader> {
    return new TableReader(options, await open(options.path, 'r'), notes);
  }

  /**
   * Reads the next rows into the scanner's slots; how many, 0 at the end. With `chunksMax` it takes
   * no more of the file than that.
   */
  async fill(chunksMax = Number.POSITIVE_INFINITY): Promise<number> {
    const { scanner } = this;
    let chunks = 0;
    scanner.rows = 0;
    while (scanner.rows < scanner.capacity) {
      if (this.start < this.lines) {
        this.start = scanner.scan(this.bytes, this.start, this.lines);
      } else if (this.isAtEnd || chunks++ >= chunksMax) {
        break;
      } else {
        await this.readChunk();
      }
    }
    if (scanner.rows === 0) this.countInvalid();
    return scanner.rows;
  }

  async close(): Promise<void> {
    await this.file.close();
  }

  private async readChunk(): Promise<void> {
    this.bytes.copyWithin(0, this.start, this.filled);
    this.filled -= this.start;
    this.start = 0;
    if (this.filled === this.bytes.length) this.grow();
    const room = this.bytes.length - this.filled;
    const { bytesRead } = await this.file.read(this.bytes, this.filled, room, this.offset);
    this.offset += bytesRead;
    const before = this.filled;
    this.filled += bytesRead;
    if (bytesRead === 0) {
      // Lines that end in CR alone may still wait; what lies behind `filled` is of an older chunk.
      if (this.filled < this.bytes.length) this.bytes[this.filled] = 0;
      this.lines = this.filled === 0 ? 0 : this.bytes.lastIndexOf(CR, this.filled - 1) + 1;
      if (this.lines === 0) await this.readLastLine();
      return;
    }
    this.lines = lastLineEnd(this.bytes, before, this.filled);
  }

  private grow(): void {
    if (this.bytes.length >= LINE_BYTES_MAX) {
      const where = `${basename(this.options.path)} line ${this.scanner.line}`;
      const size = LINE_BYTES_MAX / 2 ** 20;
      throw new RecordingError('table', `${where}: more than ${size} MiB in one line: is it text?`);
    }
    const bytes = Buffer.allocUnsafe(this.bytes.length * 2);
    this.bytes.copy(bytes, 0, 0, this.filled);
    this.bytes = bytes;
  }

  /** What stands after the last line end: a row without one, or the begin of one. */
  private async readLastLine(): Promise<void> {
    this.isAtEnd = true;
    this.lines = 0;
    const rest = this.bytes.toString('utf8', this.start, this.filled);
    this.start = 0;
    this.filled = 0;
    if (rest.trim() === '') return;
    const { scanner, options, notes } = this;
    const name = basename(options.path);
    const line = scanner.line;
    const before = await this.linesBefore(rest);
    if (!isCutOffLine(rest, before, options.table, options.timeIsLast)) {
      const { invalid } = scanner;
      if (scanner.textRow(rest)) {
        if (!options.endsLines) return;
        notes.truncated = true;
        notes.remark(`${name} ends without a line end: line ${line} is read, more may be lost.`);
        return;
      }
      scanner.invalid = invalid;
    }
    notes.truncated = true;
    notes.remark(`${name} ends inside line ${line} (${JSON.stringify(rest.slice(0, 40))}): \
the file was cut off there; that line is left out.`);
  }

  /** The lines before the last one, to judge it by. */
  private async linesBefore(rest: string): Promise<string[]> {
    const end = this.offset - Buffer.byteLength(rest);
    const from = Math.max(this.options.table.dataOffset, end - TAIL_BYTES);
    const bytes = Buffer.alloc(Math.max(0, end - from));
    const { bytesRead } = await this.file.read(bytes, 0, bytes.length, from);
    const lines = bytes.toString('utf8', 0, bytesRead).split(/\r\n|\n|\r/);
    return lines.filter((line) => line !== '').slice(-2);
  }

  private countInvalid(): void {
    const { scanner, options, notes } = this;
    if (scanner.invalid === 0) return;
    notes.samplesInvalid += scanner.invalid;
    const { line, text } = scanner.invalidFirst ?? { line: 0, text: '' };
    notes.remark(`${basename(options.path)}: ${scanner.invalid} lines are no samples and left out; \
the first is line ${line}: ${JSON.stringify(text)}.`);
    scanner.invalid = 0;
  }
}

/** One past the last line end below `to`; those below `from` are known. 0 for none. */
function lastLineEnd(bytes: Buffer, from: number, to: number): number {
  const lf = bytes.lastIndexOf(LF, to - 1);
  if (lf >= from) return lf + 1;
  // A CR at the very end may be the first half of CR LF.
  const cr = to < 2 ? -1 : bytes.lastIndexOf(CR, to - 2);
  return cr + 1;
}
