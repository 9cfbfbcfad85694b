import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { INDEX_NAMES, type IndexName } from '../indices.ts';

const DOCUMENTS_MAX = 4096;
/** How long a slice is written to: how much longer than promised a document may be kept. */
const OPEN_MS_MAX = 3_600_000;

/** Documents of one index that were written one after another: their rows follow each other. */
export interface Slice {
  readonly seq: number;
  readonly index: IndexName;
  firstRow: number;
  lastRow: number;
  documents: number;
  readonly openedMs: number;
  /** When the last of them was written. */
  writtenMs: number;
}

/**
 * The order in which documents were written, by slices: what goes first when there is no more room,
 * or when they have been kept long enough. Event time says nothing of that: a recording may be of
 * 1970, and is kept as long as any other.
 */
export class Slices {
  /** Oldest first. */
  private list: Slice[];
  private readonly open = new Map<IndexName, Slice>();
  private readonly insert: StatementSync;
  private readonly update: StatementSync;
  private readonly shrink: StatementSync;
  private readonly remove: StatementSync;
  private nextSeq: number;

  constructor(db: DatabaseSync) {
    this.insert = db.prepare('INSERT INTO slices VALUES (?, ?, ?, ?, ?, ?, ?)');
    this.update = db.prepare(
      'UPDATE slices SET last_rowid = ?, documents = ?, written_ms = ? WHERE seq = ?',
    );
    this.shrink = db.prepare('UPDATE slices SET first_rowid = ?, documents = ? WHERE seq = ?');
    this.remove = db.prepare('DELETE FROM slices WHERE seq = ?');
    const rows = db.prepare('SELECT * FROM slices ORDER BY seq').all();
    this.list = rows.map(sliceOf).filter(({ index }) => INDEX_NAMES.includes(index));
    this.nextSeq = (this.list.at(-1)?.seq ?? 0) + 1;
  }

  /** Notes rows that were just written; in their transaction. */
  note(index: IndexName, firstRow: number, lastRow: number, documents: number, nowMs: number) {
    const slice = this.open.get(index);
    if (slice !== undefined && !isFull(slice, nowMs)) {
      slice.lastRow = lastRow;
      slice.documents += documents;
      slice.writtenMs = nowMs;
      this.update.run(lastRow, slice.documents, nowMs, slice.seq);
      return;
    }
    const seq = this.nextSeq++;
    const times = { openedMs: nowMs, writtenMs: nowMs };
    const fresh: Slice = { seq, index, firstRow, lastRow, documents, ...times };
    this.insert.run(seq, index, firstRow, lastRow, documents, nowMs, nowMs);
    this.list.push(fresh);
    this.open.set(index, fresh);
  }

  /** The first that was written, of those that `isOver` says so of. */
  oldest(isOver: (slice: Slice) => boolean): Slice | undefined {
    return this.list.find(isOver);
  }

  /** Its first rows, up to this one, are deleted; in their transaction. */
  shorten(slice: Slice, lastRow: number, documents: number): void {
    if (lastRow >= slice.lastRow) {
      this.forget(slice);
      return;
    }
    slice.firstRow = lastRow + 1;
    slice.documents -= documents;
    this.shrink.run(slice.firstRow, slice.documents, slice.seq);
  }

  private forget(slice: Slice): void {
    this.remove.run(slice.seq);
    this.list = this.list.filter((other) => other !== slice);
    if (this.open.get(slice.index) === slice) this.open.delete(slice.index);
  }
}

function isFull({ documents, openedMs }: Slice, nowMs: number): boolean {
  // A clock that was set back must not keep a slice open for ever either.
  return documents >= DOCUMENTS_MAX || Math.abs(nowMs - openedMs) >= OPEN_MS_MAX;
}

function sliceOf(row: Readonly<Record<string, unknown>>): Slice {
  return {
    seq: row['seq'] as number,
    index: row['index_name'] as IndexName,
    firstRow: row['first_rowid'] as number,
    lastRow: row['last_rowid'] as number,
    documents: row['documents'] as number,
    openedMs: row['opened_ms'] as number,
    writtenMs: row['written_ms'] as number,
  };
}
