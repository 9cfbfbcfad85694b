import { hostname } from 'node:os';
import { DatabaseSync } from 'node:sqlite';

const WAIT_MS = 1000;

/** Another process holds the lock; the message is who. */
export class LockedError extends Error {
  override readonly name = 'LockedError';
}

/**
 * Lets one process at a time do something. It is a tiny SQLite file in which a transaction is held
 * open: the system drops that lock when the process dies, however it dies, and whoever comes second
 * can still read in it who was first.
 */
export class FileLock {
  private readonly db: DatabaseSync;

  private constructor(db: DatabaseSync) {
    this.db = db;
  }

  /** @throws LockedError that says who holds it already */
  static take(file: string, sinceMs: number): FileLock {
    const db = new DatabaseSync(file, { timeout: WAIT_MS });
    try {
      db.exec('BEGIN IMMEDIATE');
      db.exec('CREATE TABLE IF NOT EXISTS writer (who TEXT NOT NULL) STRICT');
      db.exec('DELETE FROM writer');
      db.prepare('INSERT INTO writer (who) VALUES (?)').run(ownName(sinceMs));
      db.exec('COMMIT');
      db.exec('BEGIN IMMEDIATE');
      return new FileLock(db);
    } catch (error) {
      const who = isBusy(error) ? holderOf(db) : undefined;
      db.close();
      if (who === undefined) throw error;
      throw new LockedError(who);
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

function holderOf(db: DatabaseSync): string {
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
