import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { IndexName } from '../indices.ts';
import type { Slice, Slices } from './slices.ts';

export interface SweepLimits {
  /** Bytes of pages in use. */
  readonly bytesMax: number;
  readonly keptMs: Readonly<Record<IndexName, number>>;
}

/** Documents that were deleted, and why. */
export interface Deleted {
  readonly index: IndexName;
  readonly reason: 'age' | 'size';
  readonly documents: number;
}

/** Free pages that stay in the file for what comes next. */
const FREE_BYTES_KEPT = 16 * 1024 * 1024;
/** Rows deleted in one step. */
const ROWS_A_STEP = 512;
/** Pages given back to the system in one step. */
const PAGES_A_STEP = 256;

/**
 * Keeps the file within its bounds, some rows at a step, so that a batch never waits for more than
 * those: oldest first, whatever their index, when the pages in use are too many; of an index, when
 * they were kept as long as they should be.
 */
export class Sweeper {
  private readonly db: DatabaseSync;
  private readonly slices: () => Slices;
  private readonly limits: SweepLimits;
  private readonly pages: StatementSync;
  private readonly free: StatementSync;
  private readonly pageBytes: number;
  private hasFreed = false;

  constructor(db: DatabaseSync, slices: () => Slices, limits: SweepLimits) {
    this.db = db;
    this.slices = slices;
    this.limits = limits;
    this.pages = db.prepare('PRAGMA page_count');
    this.free = db.prepare('PRAGMA freelist_count');
    this.pageBytes = Number(db.prepare('PRAGMA page_size').get()?.['page_size']);
  }

  get usedBytes(): number {
    return (this.pageCount - this.freeCount) * this.pageBytes;
  }

  private get pageCount(): number {
    return Number(this.pages.get()?.['page_count']);
  }

  private get freeCount(): number {
    return Number(this.free.get()?.['freelist_count']);
  }

  /** One step; gives what was deleted, or undefined when there is nothing to be done. */
  step(nowMs: number): Deleted | 'freed' | undefined {
    const slices = this.slices();
    const isFull = this.usedBytes > this.limits.bytesMax;
    const slice = slices.oldest((each) => isFull || this.isOver(each, nowMs));
    if (slice !== undefined) return this.delete(slices, slice, isFull ? 'size' : 'age');
    if (this.freeCount * this.pageBytes > FREE_BYTES_KEPT) {
      this.db.exec(`PRAGMA incremental_vacuum(${PAGES_A_STEP})`);
      this.hasFreed = true;
      return 'freed';
    }
    // The file itself becomes shorter when what was written ahead of it is put into it.
    if (this.hasFreed) this.db.exec('PRAGMA wal_checkpoint(PASSIVE)');
    this.hasFreed = false;
    return undefined;
  }

  private isOver({ index, writtenMs }: Slice, nowMs: number): boolean {
    return nowMs - writtenMs > this.limits.keptMs[index];
  }

  private delete(slices: Slices, slice: Slice, reason: Deleted['reason']): Deleted {
    const { index, firstRow } = slice;
    const lastRow = Math.min(slice.lastRow, firstRow + ROWS_A_STEP - 1);
    this.db.exec('BEGIN IMMEDIATE');
    try {
      const remove = this.db.prepare(`DELETE FROM "${index}" WHERE rowid BETWEEN ? AND ?`);
      const { changes } = remove.run(firstRow, lastRow);
      slices.shorten(slice, lastRow, Number(changes));
      this.db.exec('COMMIT');
      return { index, reason, documents: Number(changes) };
    } catch (error) {
      if (this.db.isTransaction) this.db.exec('ROLLBACK');
      throw error;
    }
  }
}
