import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';

/** How far one file was read; files are known by what they are, not by their names. */
const entrySchema = z.object({
  identity: z.string(),
  inode: z.string(),
  head: z.string(),
  /** How often it was emptied and began with the same line again. */
  generation: z.int().min(0),
  offset: z.int().min(0),
});
const schema = z.object({ path: z.string(), files: z.array(entrySchema) });

export type OffsetEntry = z.infer<typeof entrySchema>;

/** Files that went by one name and are remembered. */
const FILES_MAX = 1024;

/**
 * How far the files of one name were read, kept over restarts. Losing it costs time only: what is
 * read again has the ids that it had.
 */
export class Offsets {
  private readonly path: string;
  private readonly file: string;
  private files: OffsetEntry[];

  private constructor(path: string, file: string, files: OffsetEntry[]) {
    this.path = path;
    this.file = file;
    this.files = files;
  }

  /** @throws Error where there is a file of offsets that can't be read */
  static async open(folder: string, path: string): Promise<Offsets> {
    const name = createHash('sha256').update(path).digest('hex').slice(0, 16);
    const file = join(folder, `${name}.json`);
    return new Offsets(path, file, await readEntries(file));
  }

  /** Nothing was read under this name yet. */
  get isEmpty(): boolean {
    return this.files.length === 0;
  }

  of(identity: string): OffsetEntry | undefined {
    return this.files.find((entry) => entry.identity === identity);
  }

  /** The entry of the file with this inode that began with this line. */
  ofCopied(inode: string | undefined, head: string): OffsetEntry | undefined {
    return this.files.find((entry) => entry.inode === inode && entry.head === head);
  }

  /** Notes how far a file was read, and keeps that. */
  async note(entry: OffsetEntry): Promise<void> {
    const others = this.files.filter(({ identity }) => identity !== entry.identity);
    this.files = [...others, entry].slice(-FILES_MAX);
    await mkdir(dirname(this.file), { recursive: true });
    const unfinished = `${this.file}.tmp`;
    await writeFile(unfinished, JSON.stringify({ path: this.path, files: this.files }));
    await rename(unfinished, this.file);
  }
}

async function readEntries(file: string): Promise<OffsetEntry[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  try {
    return schema.parse(JSON.parse(text)).files;
  } catch (error) {
    throw new Error(`${file} holds no offsets (${(error as Error).message}): remove it`);
  }
}
