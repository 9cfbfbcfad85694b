import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { StoredDocument } from '../document.ts';
import { documentFault } from '../document-fault.ts';
import type { WriteOutcome } from '../document-store.ts';
import { INDEX_NAMES, type IndexName } from '../indices.ts';
import { asStoreError } from './file-fault.ts';
import { fileState, migrate } from './migrate.ts';
import { rowOf } from './rows.ts';
import { columnsOf } from './schema.ts';
import { Slices } from './slices.ts';
import { Sweeper, type SweepLimits } from './sweeper.ts';
import { WriterLock } from './writer-lock.ts';

export interface WriterOptions {
  readonly file: string;
  readonly limits: SweepLimits;
}

/** Another program that looks into the file may hold it for a moment. */
const BUSY_MS_MAX = 5000;
/** What the log that is written ahead keeps on disk when it is empty. */
const WAL_BYTES_KEPT = 64 * 1024 * 1024;

/**
 * The one who writes the file, in its worker. Each batch is one transaction that is on the disk
 * when it is acknowledged, so neither `kill -9` nor a power cut takes away what was.
 */
export class SqliteWriter {
  readonly made: readonly string[];
  readonly sweeper: Sweeper;
  private readonly db: DatabaseSync;
  private readonly lock: WriterLock;
  private readonly inserts: ReadonlyMap<IndexName, StatementSync>;
  private slices: Slices;

  /**
   * Opens the file, and makes what is missing of it.
   * @throws StoreError where another process writes it, or it is no file of this version
   */
  constructor({ file, limits }: WriterOptions, nowMs: number) {
    let lock: WriterLock | undefined;
    let db: DatabaseSync | undefined;
    try {
      mkdirSync(dirname(file), { recursive: true });
      lock = WriterLock.take(file, nowMs);
      db = openForWriting(file);
      this.made = migrate(db, file);
      this.slices = new Slices(db);
    } catch (error) {
      db?.close();
      lock?.release();
      throw asStoreError(error, file);
    }
    this.lock = lock;
    this.db = db;
    const statements = INDEX_NAMES.map((index) => [index, prepareInsert(this.db, index)] as const);
    this.inserts = new Map(statements);
    this.sweeper = new Sweeper(this.db, () => this.slices, limits);
  }

  /** One transaction; throws when it failed as a whole, and then none of the batch is there. */
  write(batch: readonly StoredDocument[], nowMs: number): WriteOutcome[] {
    this.db.exec('BEGIN IMMEDIATE');
    try {
      const outcomes = this.insertAll(batch, nowMs);
      this.db.exec('COMMIT');
      return outcomes;
    } catch (error) {
      if (this.db.isTransaction) this.db.exec('ROLLBACK');
      this.slices = new Slices(this.db);
      throw error;
    }
  }

  private insertAll(batch: readonly StoredDocument[], nowMs: number): WriteOutcome[] {
    const written = new Map<IndexName, Written>();
    const outcomes = batch.map((document): WriteOutcome => {
      const fault = documentFault(document);
      if (fault !== undefined) return { refused: fault };
      const insert = this.inserts.get(document.index) as StatementSync;
      const { changes, lastInsertRowid } = insert.run(...rowOf(document));
      if (changes === 0) return 'present';
      noteRow(written, document.index, Number(lastInsertRowid));
      return 'created';
    });
    for (const [index, { first, last, documents }] of written) {
      this.slices.note(index, first, last, documents, nowMs);
    }
    return outcomes;
  }

  /** Answers when the file can be read and written. */
  check(): void {
    this.db.prepare('SELECT 1 FROM slices LIMIT 1').get();
  }

  close(): void {
    try {
      this.db.exec('PRAGMA optimize');
    } finally {
      this.db.close();
      this.lock.release();
    }
  }
}

interface Written {
  readonly first: number;
  last: number;
  documents: number;
}

function noteRow(written: Map<IndexName, Written>, index: IndexName, row: number): void {
  const known = written.get(index);
  if (known === undefined) {
    written.set(index, { first: row, last: row, documents: 1 });
    return;
  }
  known.last = row;
  known.documents++;
}

function openForWriting(file: string): DatabaseSync {
  const db = new DatabaseSync(file, { timeout: BUSY_MS_MAX });
  try {
    // What is not to be written is not even switched to another journal.
    fileState(db, file);
    // Only of use before the first table is made.
    db.exec('PRAGMA auto_vacuum = INCREMENTAL');
    db.exec('PRAGMA journal_mode = WAL');
    db.exec('PRAGMA synchronous = FULL');
    db.exec(`PRAGMA journal_size_limit = ${WAL_BYTES_KEPT}`);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function prepareInsert(db: DatabaseSync, index: IndexName): StatementSync {
  const columns = columnsOf(index).map(({ name }) => `"${name}"`);
  const places = columns.map(() => '?').join(', ');
  return db.prepare(`INSERT OR IGNORE INTO "${index}" (${columns.join(', ')}) VALUES (${places})`);
}
