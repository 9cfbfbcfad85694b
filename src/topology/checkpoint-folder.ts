import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import {
  type CheckpointContent,
  type CheckpointHeader,
  checkCheckpoint,
  encodeCheckpoint,
  readCheckpoint,
} from './checkpoint-file.ts';

/** Kept beside the newest, for when that can't be read. */
const GENERATIONS = 2;
const NAME = /^checkpoint-(\d+)\.spkc$/;
const UNFINISHED = 'checkpoint.unfinished';
/** The last one that could not be read, for who wants to know why. */
const REFUSED = 'checkpoint.refused';

/** One checkpoint file in its folder. */
export interface CheckpointEntry {
  readonly path: string;
  readonly generation: number;
}

/** One that was looked at; all of its bytes were read. */
export interface CheckedCheckpoint extends CheckpointEntry {
  readonly bytes: number;
  readonly header: CheckpointHeader | Error;
}

/** The newest checkpoint that could be read, and why newer ones could not. */
export interface FoundCheckpoint {
  readonly content: CheckpointContent | undefined;
  readonly refused: readonly { readonly path: string; readonly reason: string }[];
}

/**
 * The checkpoints of one service, newest last. Each is written beside the others, flushed to the
 * disk and only then named, so that whatever cuts a writing off leaves the ones before.
 */
export class CheckpointFolder {
  private readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** From the newest to the oldest. */
  async entries(): Promise<CheckpointEntry[]> {
    let names: string[];
    try {
      names = await readdir(this.folder);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
    return names
      .map((name) => ({ path: join(this.folder, name), generation: Number(NAME.exec(name)?.[1]) }))
      .filter(({ generation }) => !Number.isNaN(generation))
      .sort((a, b) => b.generation - a.generation);
  }

  async newest(): Promise<FoundCheckpoint> {
    const refused: { path: string; reason: string }[] = [];
    for (const { path } of await this.entries()) {
      try {
        return { content: await readCheckpoint(path), refused };
      } catch (error) {
        refused.push({ path, reason: (error as Error).message });
      }
    }
    return { content: undefined, refused };
  }

  /** Takes what can't be read out of the row of checkpoints, so that it counts for none. */
  async setAside(refused: FoundCheckpoint['refused']): Promise<void> {
    for (const { path } of refused) await rename(path, join(this.folder, REFUSED));
  }

  /**
   * What each says of itself, newest first, or why it can't be used. A service may write meanwhile:
   * what it removed since the folder was read is left out.
   */
  async checked(): Promise<CheckedCheckpoint[]> {
    const entries = await this.entries();
    const all = await Promise.all(entries.map(check));
    return all.filter((each) => each !== undefined);
  }

  /** Where the last one that a service could not use is, where there is one. */
  async refused(): Promise<string | undefined> {
    const path = join(this.folder, REFUSED);
    return (await bytesOf(path)) === undefined ? undefined : path;
  }

  /** Writes a checkpoint; gives its bytes. What fails leaves the earlier ones as they were. */
  async write(content: CheckpointContent): Promise<number> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const parts = await encodeCheckpoint(content, () => turn());
    const before = await this.entries();
    const unfinished = join(this.folder, UNFINISHED);
    try {
      await writeDurably(unfinished, parts);
      const generation = (before[0]?.generation ?? 0) + 1;
      await rename(unfinished, join(this.folder, `checkpoint-${generation}.spkc`));
      await syncFolder(this.folder);
    } catch (error) {
      await rm(unfinished, { force: true }).catch(() => {});
      throw error;
    }
    for (const { path } of before.slice(GENERATIONS - 1)) await rm(path, { force: true });
    return parts.reduce((bytes, part) => bytes + part.byteLength, 0);
  }
}

async function check(entry: CheckpointEntry): Promise<CheckedCheckpoint | undefined> {
  const header = await checkCheckpoint(entry.path).catch((error: unknown) => error as Error);
  const bytes = await bytesOf(entry.path);
  return bytes === undefined ? undefined : { ...entry, bytes, header };
}

/** Undefined where there is no such file. */
async function bytesOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function writeDurably(path: string, parts: readonly Uint8Array[]): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    const bytes = parts.reduce((sum, part) => sum + part.byteLength, 0);
    const { bytesWritten } = await file.writev(parts);
    if (bytesWritten < bytes) throw new Error(`${path}: ${bytesWritten} of ${bytes} bytes written`);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A name is on the disk when its folder is. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
