import { stat } from 'node:fs/promises';
import { type FileLine, LogFile } from './log-file.ts';
import type { Offsets } from './offsets.ts';
import { rotatedSiblings } from './rotated.ts';

/** Lines that were read of one file, and what acknowledges them. */
export interface LineBatch {
  readonly lines: readonly FileLine[];
  /** Of what file they are: the same after a restart, another when it was rotated. */
  readonly source: string;
  /** They are stored: what follows is read from there on, also after a restart. */
  done(): Promise<void>;
}

/** A file that is read; its lines have the ids of `identity`, which is a copied file's own. */
interface Reading {
  readonly file: LogFile;
  readonly identity: string;
  readonly generation: number;
  /** Under another name by now: it ends where it ends. */
  isRotated: boolean;
}

/**
 * A path that lines are written to, over rotations: by renaming, by copying and emptying, also
 * while nobody read. What is under other names is read to its end first. Reads when asked to.
 */
export class FollowedPath {
  readonly path: string;
  private readonly offsets: Offsets;
  private queue: Reading[] = [];

  constructor(path: string, offsets: Offsets) {
    this.path = path;
    this.offsets = offsets;
  }

  /** The next lines; undefined when there are none now. `isLast`: nobody writes it any more. */
  async next(isLast: boolean): Promise<LineBatch | undefined> {
    if (this.queue.length === 0) this.queue = await this.open();
    for (let reading = this.queue[0]; reading !== undefined; reading = this.queue[0]) {
      const isEmptied = !reading.isRotated && (await this.hasChanged(reading));
      const lines = isEmptied ? [] : await readFrom(reading, isLast);
      if (lines.length > 0) return this.batchOf(reading, lines);
      if (!isEmptied && !reading.isRotated) return undefined;
      this.queue.shift();
      await this.leave(reading, isEmptied);
      if (this.queue.length === 0) this.queue = await this.open();
    }
    return undefined;
  }

  private batchOf(reading: Reading, lines: FileLine[]): LineBatch {
    return {
      lines,
      source: `${reading.identity}-${reading.generation}`,
      done: () => this.note(reading.file, reading.generation),
    };
  }

  /** A copy is known by itself from then on, whatever becomes of what it was copied from. */
  private async note(file: LogFile, generation: number): Promise<void> {
    const { identity, inode, head, offset } = file;
    await this.offsets.note({ identity, inode, head, generation, offset });
  }

  /** What was renamed is read to its end, which may lie behind the last line that was there. */
  private async leave({ file, generation }: Reading, isEmptied: boolean): Promise<void> {
    if (!isEmptied) await this.note(file, generation);
    await file.close();
  }

  /** Whether the file was emptied. Where another has its name, what it still holds is read. */
  private async hasChanged(reading: Reading): Promise<boolean> {
    const { file } = reading;
    const inode = await inodeOf(this.path);
    reading.isRotated = inode !== undefined && inode !== file.inode;
    if (reading.isRotated) return false;
    return (await file.size()) < file.offset || !(await file.isSame());
  }

  /** What was rotated and is not read to its end, then the file itself. */
  private async open(): Promise<Reading[]> {
    const readings: Reading[] = [];
    const isFirst = this.offsets.isEmpty;
    for (const sibling of await rotatedSiblings(this.path)) {
      const reading = await this.openRotated(sibling, isFirst);
      if (reading !== undefined) readings.push(reading);
    }
    const file = await LogFile.open(this.path);
    if (file !== undefined) readings.push(await this.resume(file));
    return readings;
  }

  /** `isFirst`: it was there before anybody followed, and is taken for read. */
  private async openRotated(path: string, isFirst: boolean): Promise<Reading | undefined> {
    const file = await LogFile.open(path);
    if (file === undefined) return undefined;
    const own = this.offsets.of(file.identity);
    const copied = own ?? this.offsets.ofCopied(await inodeOf(this.path), file.head);
    const { generation = 0, offset = 0, identity = file.identity } = copied ?? {};
    file.offset = offset;
    const size = await file.size();
    if (!isFirst && offset < size) return { file, identity, generation, isRotated: true };
    file.offset = size;
    if (own === undefined) await this.note(file, generation);
    await file.close();
    return undefined;
  }

  /** From where it was read to; from the start, as another, when it was emptied since. */
  private async resume(file: LogFile): Promise<Reading> {
    const known = this.offsets.of(file.identity);
    const isShorter = known !== undefined && (await file.size()) < known.offset;
    if (known !== undefined && !isShorter) file.offset = known.offset;
    const generation = (known?.generation ?? 0) + (isShorter ? 1 : 0);
    return { file, identity: file.identity, generation, isRotated: false };
  }

  async close(): Promise<void> {
    for (const { file } of this.queue.splice(0)) await file.close();
  }
}

async function readFrom({ file, isRotated }: Reading, isLast: boolean): Promise<FileLine[]> {
  const lines = await file.lines();
  return lines.length === 0 && (isLast || isRotated) ? await file.lastLine() : lines;
}

async function inodeOf(path: string): Promise<string | undefined> {
  try {
    return String((await stat(path, { bigint: true })).ino);
  } catch {
    return undefined;
  }
}
