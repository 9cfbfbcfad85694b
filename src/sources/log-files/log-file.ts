import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';

/** A line and where it begins in its file. */
export interface FileLine {
  readonly offset: number;
  readonly text: string;
  /** It was longer than LINE_BYTES_MAX: the rest of it is left out. */
  readonly isCut: boolean;
}

export const LINE_BYTES_MAX = 65_536;
/** Read at once: more than a line. */
const CHUNK_BYTES = 4 * LINE_BYTES_MAX;
/** Of the first line, as far as it tells files apart. */
const HEAD_BYTES = 1024;
const NEWLINE = 0x0a;

/**
 * A file of lines, open wherever it is moved to. It is told apart from others by its inode and its
 * first line together: an inode alone is used again, and many files begin alike.
 */
export class LogFile {
  readonly inode: string;
  /** Of its first line: a copy of the file has the same. */
  readonly head: string;
  /** Where the next line begins. */
  offset = 0;
  private readonly handle: FileHandle;
  /** How far a line that is longer than a chunk was looked through. */
  private scannedTo = 0;

  private constructor(handle: FileHandle, inode: string, head: string) {
    this.handle = handle;
    this.inode = inode;
    this.head = head;
  }

  /** Undefined where there is no file, or not yet a line in it. */
  static async open(path: string): Promise<LogFile | undefined> {
    const handle = await openIfThere(path);
    if (handle === undefined) return undefined;
    try {
      const { ino } = await handle.stat({ bigint: true });
      const head = await headOf(handle);
      if (head !== undefined) return new LogFile(handle, String(ino), head);
    } catch (error) {
      await handle.close();
      throw error;
    }
    await handle.close();
    return undefined;
  }

  get identity(): string {
    return digest(this.inode + this.head);
  }

  async size(): Promise<number> {
    return (await this.handle.stat()).size;
  }

  /** Whether it still begins as it did: a file that was emptied and written anew does not. */
  async isSame(): Promise<boolean> {
    return (await headOf(this.handle)) === this.head;
  }

  /** Whole lines from `offset` on, which moves behind them; none when there is no whole one. */
  async lines(): Promise<FileLine[]> {
    for (;;) {
      const chunk = await this.chunkAt(this.offset);
      const end = chunk.lastIndexOf(NEWLINE);
      if (end < 0) return chunk.length < CHUNK_BYTES ? [] : await this.longLine(chunk);
      const lines = cut(chunk.subarray(0, end), this.offset);
      this.offset += end + 1;
      // Empty lines are none.
      if (lines.length > 0) return lines;
    }
  }

  /** The last line, where nobody will end it any more. */
  async lastLine(): Promise<FileLine[]> {
    const chunk = await this.chunkAt(this.offset);
    if (chunk.length === 0) return [];
    const line = lineOf(chunk, this.offset);
    this.offset = Math.max(this.offset + chunk.length, this.scannedTo);
    return [line];
  }

  /** A line that begins as this chunk, as soon as it has an end. */
  private async longLine(first: Buffer): Promise<FileLine[]> {
    this.scannedTo = Math.max(this.scannedTo, this.offset + first.length);
    for (;;) {
      const chunk = await this.chunkAt(this.scannedTo);
      if (chunk.length === 0) return [];
      const end = chunk.indexOf(NEWLINE);
      if (end < 0) {
        this.scannedTo += chunk.length;
        continue;
      }
      const line = lineOf(first, this.offset);
      this.offset = this.scannedTo + end + 1;
      return [line];
    }
  }

  private async chunkAt(position: number): Promise<Buffer> {
    const { buffer, bytesRead } = await this.handle.read({
      buffer: Buffer.alloc(CHUNK_BYTES),
      position,
    });
    return buffer.subarray(0, bytesRead);
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    // Between two of a rotation there is none, or one that is not ours yet.
    if (['ENOENT', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? ''))
      return undefined;
    throw error;
  }
}

/** Undefined where there is no whole line yet. */
async function headOf(handle: FileHandle): Promise<string | undefined> {
  const { buffer, bytesRead } = await handle.read({
    buffer: Buffer.alloc(HEAD_BYTES),
    position: 0,
  });
  const head = buffer.subarray(0, bytesRead);
  const end = head.indexOf(NEWLINE);
  if (end < 0 && bytesRead < HEAD_BYTES) return undefined;
  return digest(end < 0 ? head : head.subarray(0, end));
}

function digest(of: string | Buffer): string {
  return createHash('sha256').update(of).digest('hex').slice(0, 24);
}

/** Lines of bytes without the last newline; empty ones are none. */
export function cut(bytes: Buffer, offset: number): FileLine[] {
  const lines: FileLine[] = [];
  for (let start = 0; start <= bytes.length; ) {
    const newline = bytes.indexOf(NEWLINE, start);
    const end = newline < 0 ? bytes.length : newline;
    const line = lineOf(bytes.subarray(start, end), offset + start);
    if (line.text !== '') lines.push(line);
    start = end + 1;
  }
  return lines;
}

function lineOf(bytes: Buffer, offset: number): FileLine {
  const isCut = bytes.length > LINE_BYTES_MAX;
  const text = bytes.toString('utf8', 0, Math.min(bytes.length, LINE_BYTES_MAX));
  return { offset, text: text.replace(/\r$/, ''), isCut };
}
