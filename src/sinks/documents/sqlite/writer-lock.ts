import { hostname } from 'node:os';
import { DatabaseSync } from 'node:sqlite';
import { StoreError } from '../document-store.ts';

const WAIT_MS = 1000;

/**
 * Lets one process at a time write. It is a second, tiny SQLite file beside the store in which a
 * transaction is held open: the system drops that lock when the process dies, however it dies, and
 * whoever comes second can still read in it who was first.
 */
export class WriterLock {
  private readonly db: DatabaseSync;

  private constructor(db: DatabaseSync) {
    this.db = db;
  }

  /** @throws StoreError that says who writes already */
  static take(file: string, sinceMs: number): WriterLock {
    const db = new DatabaseSync(`${file}.lock`, { timeout: WAIT_MS });
    try {
      db.exec('BEGIN IMMEDIATE');
      db.exec('CREATE TABLE IF NOT EXISTS writer (who TEXT NOT NULL) STRICT');
      db.exec('DELETE FROM writer');
      db.prepare('INSERT INTO writer (who) VALUES (?)').run(ownName(sinceMs));
      db.exec('COMMIT');
      db.exec('BEGIN IMMEDIATE');
      return new WriterLock(db);
    } catch (error) {
      const who = isBusy(error) ? writerOf(db) : undefined;
      db.close();
      if (who === undefined) throw error;
      throw new StoreError(
        `${file} is written by ${who}: stop that one, or name another file with \
documents.sqlite.file or another folder with --state`,
      );
    }
  }

  release(): void {
    this.db.close();
  }
}

function ownName(sinceMs: number): string {
  const since = new Date(sinceMs).toISOString();
  return `process ${process.pid} on ${hostname()} since ${since}`;
}

function writerOf(db: DatabaseSync): string {
  try {
    return String(db.prepare('SELECT who FROM writer').get()?.['who'] ?? 'another process');
  } catch {
    return 'another process';
  }
}

/** SQLITE_BUSY with whatever extension. */
function isBusy(error: unknown): boolean {
  const { errcode } = error as { errcode?: number };
  return errcode !== undefined && (errcode & 0xff) === 5;
}
