import { randomBytes } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { StoredDocument } from './document.ts';

/** A document that a store refused, and why. */
export interface DeadDocument {
  readonly reason: string;
  readonly document: StoredDocument;
}

export interface DeadLimits {
  readonly documentsMax: number;
  readonly bytesMax: number;
}

export interface DeadTally {
  readonly documents: number;
  readonly bytes: number;
}

/** When, by chance, and how many documents and bytes are in the file. */
const FILE_NAME = /^\d{13}-[0-9a-f]{8}-(\d+)-(\d+)\.ndjson$/;
/**
 * File systems tell time in ticks, of up to 10 ms on Linux and 2 s on FAT: a folder that changed
 * just before it was read may change once more and still give the same time.
 */
const MTIME_TICK_MS = 2000;
const NOTHING: DeadTally = { documents: 0, bytes: 0 };

/**
 * Dead documents in a folder: a file of lines for each time that some died, written once and then
 * only removed, so that a service can add while somebody resubmits. Bounded: what is too much is
 * not kept.
 */
export class DeadDocuments {
  readonly folder: string;
  private readonly limits: DeadLimits;
  private seen = { mtimeMs: Number.NaN, tally: NOTHING, isSettled: false };

  constructor(folder: string, limits: DeadLimits) {
    this.folder = folder;
    this.limits = limits;
  }

  /** How much there is; the folder is read only when it has changed. */
  get tally(): DeadTally {
    const mtimeMs = statSync(this.folder, { throwIfNoEntry: false })?.mtimeMs;
    if (mtimeMs === undefined) return NOTHING;
    if (mtimeMs !== this.seen.mtimeMs || !this.seen.isSettled) {
      const isSettled = Math.abs(Date.now() - mtimeMs) > MTIME_TICK_MS;
      this.seen = { mtimeMs, tally: sumOf(this.files()), isSettled };
    }
    return this.seen.tally;
  }

  /** Keeps as many as there is room for, and says how many that were. */
  async add(dead: readonly DeadDocument[]): Promise<number> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const { documents, bytes } = sumOf(this.files());
    const lines: string[] = [];
    let room = this.limits.bytesMax - bytes;
    for (const each of dead.slice(0, Math.max(0, this.limits.documentsMax - documents))) {
      const line = lineOf(each);
      room -= Buffer.byteLength(line);
      if (room < 0) break;
      lines.push(line);
    }
    if (lines.length > 0) await this.write(lines);
    return lines.length;
  }

  /** Names of the files, oldest first. */
  files(): string[] {
    try {
      return readdirSync(this.folder)
        .filter((name) => FILE_NAME.test(name))
        .sort();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  }

  /** @throws Error naming file and line, where somebody has changed it to what can't be read */
  async read(file: string): Promise<DeadDocument[]> {
    const path = join(this.folder, file);
    const lines = (await readFile(path, 'utf8')).split('\n');
    return lines.flatMap((line, i) => {
      if (line.trim() === '') return [];
      try {
        return [deadDocumentOf(JSON.parse(line))];
      } catch (error) {
        throw new Error(`${path}:${i + 1}: ${(error as Error).message}`);
      }
    });
  }

  /** Leaves these of a file; a crash between leaves some of them twice, which their ids tell. */
  async replace(file: string, left: readonly DeadDocument[]): Promise<void> {
    if (left.length > 0) await this.write(left.map(lineOf));
    await rm(join(this.folder, file), { force: true });
  }

  /** A file is there whole or not at all. */
  private async write(lines: readonly string[]): Promise<void> {
    const text = lines.join('');
    const chance = randomBytes(4).toString('hex');
    const counts = `${lines.length}-${Buffer.byteLength(text)}`;
    const path = join(this.folder, `${Date.now()}-${chance}-${counts}.ndjson`);
    const file = await open(`${path}.new`, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${path}.new`, path);
  }
}

function sumOf(files: readonly string[]): DeadTally {
  let documents = 0;
  let bytes = 0;
  for (const name of files) {
    const [, count, size] = FILE_NAME.exec(name) ?? [];
    documents += Number(count);
    bytes += Number(size);
  }
  return { documents, bytes };
}

/** A dead document as people see and mend it, in a file and on the terminal alike. */
export interface DeadForm {
  readonly id: string;
  readonly index: string;
  readonly time_us: number;
  readonly reason: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export function deadFormOf({ reason, document }: DeadDocument): DeadForm {
  const { id, index, timeUs, fields } = document;
  return { id, index, time_us: timeUs, reason, fields };
}

/** @throws Error where it is no such document; whether its fields fit is the store's to say */
export function deadDocumentOf(value: unknown): DeadDocument {
  const form = value as Partial<DeadForm> | null;
  if (typeof form?.id !== 'string' || typeof form.index !== 'string') {
    throw new Error('needs an object with id, index, time_us and fields');
  }
  if (typeof form.fields !== 'object' || form.fields === null) {
    throw new Error(`${form.id} needs fields, an object`);
  }
  const { id, index, time_us, fields, reason = '' } = form;
  return { reason, document: { id, index, timeUs: time_us, fields } as StoredDocument };
}

function lineOf(dead: DeadDocument): string {
  const text = JSON.stringify(deadFormOf(dead), (_, value: unknown) =>
    // What a store refuses may be anything at all.
    typeof value === 'bigint' ? String(value) : value,
  );
  return `${text}\n`;
}
