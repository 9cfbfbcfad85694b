import { existsSync } from 'node:fs';
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
  /** False where the disk was so full that there was no room for a lock. */
  readonly isHeld: boolean;

  private constructor(db: DatabaseSync, isHeld: boolean) {
    this.db = db;
    this.isHeld = isHeld;
  }

  /** @throws LockedError that says who holds it already */
  static take(file: string, sinceMs: number): FileLock {
    const db = new DatabaseSync(file, { timeout: WAIT_MS });
    try {
      db.exec('BEGIN IMMEDIATE');
      signName(db, ownName(sinceMs));
      db.exec('BEGIN IMMEDIATE');
      return new FileLock(db, true);
    } catch (error) {
      if (codeOf(error) === SQLITE_FULL) return new FileLock(db, false);
      const who = isBusy(error) ? holderOf(db) : undefined;
      db.close();
      if (who === undefined) throw error;
      throw new LockedError(who);
    }
  }

  /** Who holds it now; undefined where nobody does, or this user may not find out. */
  static holder(file: string): string | undefined {
    if (!existsSync(file)) return undefined;
    let db: DatabaseSync | undefined;
    try {
      db = new DatabaseSync(file, { timeout: 0 });
      db.exec('BEGIN IMMEDIATE');
      db.exec('ROLLBACK');
      return undefined;
    } catch (error) {
      return db !== undefined && isBusy(error) ? holderOf(db) : undefined;
    } finally {
      db?.close();
    }
  }

  release(): void {
    this.db.close();
  }
}

/** Says in the file who has it; a full disk has no room for that, and is no reason to wait. */
function signName(db: DatabaseSync, name: string): void {
  try {
    db.exec('CREATE TABLE IF NOT EXISTS writer (who TEXT NOT NULL) STRICT');
    db.exec('DELETE FROM writer');
    db.prepare('INSERT INTO writer (who) VALUES (?)').run(name);
    db.exec('COMMIT');
  } catch (error) {
    if (codeOf(error) !== SQLITE_FULL) throw error;
    if (db.isTransaction) db.exec('ROLLBACK');
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

const SQLITE_BUSY = 5;
const SQLITE_FULL = 13;

function isBusy(error: unknown): boolean {
  return codeOf(error) === SQLITE_BUSY;
}

/** Without its extension. */
function codeOf(error: unknown): number | undefined {
  const { errcode } = error as { errcode?: number };
  return errcode === undefined ? undefined : errcode & 0xff;
}
