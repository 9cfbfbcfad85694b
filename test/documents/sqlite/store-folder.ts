import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { INDEX_NAMES, type IndexName } from '../../../src/sinks/documents/indices.ts';
import { SqliteStore } from '../../../src/sinks/documents/sqlite/sqlite-store.ts';
import type { Deleted, SweepLimits } from '../../../src/sinks/documents/sqlite/sweeper.ts';

/** A folder for one store's file, and what was said of it. */
export interface StoreFolder {
  readonly file: string;
  readonly deleted: Deleted[];
  readonly failed: string[];
  open(limits?: Partial<SweepLimits>): SqliteStore;
  remove(): Promise<void>;
}

/** Keeps everything for a hundred years. */
export const KEEPS_ALL: SweepLimits = {
  bytesMax: 2 ** 40,
  keptMs: Object.fromEntries(INDEX_NAMES.map((index) => [index, 3.2e12])) as Record<
    IndexName,
    number
  >,
};

export async function storeFolder(): Promise<StoreFolder> {
  const folder = await mkdtemp(join(tmpdir(), 'spikescope-sqlite-'));
  const file = join(folder, 'documents.sqlite');
  const deleted: Deleted[] = [];
  const failed: string[] = [];
  return {
    file,
    deleted,
    failed,
    open: (limits = {}) =>
      new SqliteStore({
        file,
        limits: { ...KEEPS_ALL, ...limits },
        deleted: (each) => deleted.push(each),
        failed: (reason) => failed.push(reason),
      }),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A store that keeps everything, in a file that others may have made. */
export function storeAt(file: string): SqliteStore {
  return new SqliteStore({ file, limits: KEEPS_ALL, deleted: () => {}, failed: () => {} });
}
