import { readdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { RecordingError } from './recording-error.ts';

/** A recording in a folder of recordings, as far as the folder itself tells of it. */
export interface FolderEntry {
  /** Its name in the folder: what it is opened by. */
  readonly name: string;
  readonly kind: 'file' | 'folder';
  /** Of the file, or of all files of the folder. */
  readonly bytes: number;
  /** When it was last changed, ms since the epoch. */
  readonly changedMs: number;
}

export interface FolderListing {
  readonly entries: readonly FolderEntry[];
  /** Entries past the bound. */
  readonly left: number;
}

const ENTRIES_MAX = 500;
const FILES_MAX = 4096;

/**
 * The recordings of one folder: each file and each folder in it. A name is one that the folder
 * lists, and nothing else; what it leads to lies inside.
 */
export class RecordingFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** What is there, by name. */
  async list(): Promise<FolderListing> {
    const names = await this.names();
    const entries: FolderEntry[] = [];
    for (const name of names.slice(0, ENTRIES_MAX)) {
      // What goes away meanwhile, or leads elsewhere, is not there.
      const entry = await this.look(name).catch(() => undefined);
      if (entry !== undefined) entries.push(entry);
    }
    return { entries, left: Math.max(0, names.length - ENTRIES_MAX) };
  }

  /**
   * What a name stands for.
   * @throws RecordingError for one that the folder does not list, or that leads out of it
   */
  async find(name: string): Promise<FolderEntry & { readonly path: string }> {
    // Compared with what is there, so that no form of ".." can name anything else.
    if (!(await this.names()).includes(name)) {
      const text = `there is no recording ${JSON.stringify(name)}.`;
      throw new RecordingError('not_found', text);
    }
    const entry = await this.look(name);
    return { ...entry, path: join(this.path, name) };
  }

  private async names(): Promise<string[]> {
    const entries = await readdir(this.path, { withFileTypes: true });
    const kinds = entries.filter((entry) => {
      return entry.isFile() || entry.isDirectory() || entry.isSymbolicLink();
    });
    const names = kinds.map(({ name }) => name).filter((name) => !name.startsWith('.'));
    return names.sort();
  }

  private async look(name: string): Promise<FolderEntry> {
    const real = await this.within(join(this.path, name), name);
    const found = await stat(real);
    if (!found.isDirectory()) {
      return { name, kind: 'file', bytes: found.size, changedMs: found.mtimeMs };
    }
    const inside = await readdir(real, { withFileTypes: true });
    let [bytes, changedMs] = [0, found.mtimeMs];
    for (const each of inside.slice(0, FILES_MAX)) {
      if (!each.isFile() && !each.isSymbolicLink()) continue;
      const file = await stat(await this.within(join(real, each.name), name));
      bytes += file.size;
      changedMs = Math.max(changedMs, file.mtimeMs);
    }
    return { name, kind: 'folder', bytes, changedMs };
  }

  /** Where a path leads to in the end. */
  private async within(path: string, name: string): Promise<string> {
    const [home, real] = [await realpath(this.path), await realpath(path)];
    if (real.startsWith(home + sep)) return real;
    const text = `${JSON.stringify(name)} leads out of the folder of recordings.`;
    throw new RecordingError('not_found', text);
  }
}
