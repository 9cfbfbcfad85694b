import type { StoredDocument } from '../document.ts';
import type { DocumentQueries, DocumentStore, WriteOutcome } from '../document-store.ts';
import type { Deleted, SweepLimits } from './sweeper.ts';
import { WorkerLink } from './worker-link.ts';

export interface SqliteStoreOptions {
  readonly file: string;
  readonly limits: SweepLimits;
  /** Documents were deleted: there was no more room, or they were kept long enough. */
  readonly deleted: (deleted: Deleted) => void;
  /** Deleting failed; it is tried again. */
  readonly failed: (reason: string) => void;
}

/**
 * The embedded store: one SQLite file, written in one worker thread and read in another. Opening it
 * touches nothing: the file is taken by the first `setup` or `write`, and read by the first query.
 */
export class SqliteStore implements DocumentStore {
  readonly name = 'sqlite';
  readonly queries: DocumentQueries;
  private readonly writer: WorkerLink;
  private readonly reader: WorkerLink;

  constructor({ file, limits, deleted, failed }: SqliteStoreOptions) {
    this.writer = new WorkerLink({ role: 'writer', file, limits }, (event) => {
      if ('deleted' in event) deleted(event.deleted);
      else failed(event.failed);
    });
    const reader = new WorkerLink({ role: 'reader', file }, () => {});
    this.reader = reader;
    this.queries = {
      count: (...args) => reader.call('count', args),
      countBy: (...args) => reader.call('countBy', args),
      bucketsBy: (...args) => reader.call('bucketsBy', args),
      list: (...args) => reader.call('list', args),
    };
  }

  setup(signal: AbortSignal): Promise<readonly string[]> {
    return this.writer.call('open', [], signal);
  }

  write(batch: readonly StoredDocument[], signal: AbortSignal): Promise<readonly WriteOutcome[]> {
    return this.writer.call('write', [batch], signal);
  }

  async check(signal: AbortSignal): Promise<void> {
    const link = this.writer.isRunning ? this.writer : this.reader;
    await link.call('check', [], signal);
  }

  async close(): Promise<void> {
    await Promise.all([this.writer.close(), this.reader.close()]);
  }
}
