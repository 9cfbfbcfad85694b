import { FileLock, LockedError } from '../../../component/file-lock.ts';
import { StoreError } from '../document-store.ts';

/** Lets one process at a time write to a store. */
export class WriterLock {
  private readonly lock: FileLock;

  private constructor(lock: FileLock) {
    this.lock = lock;
  }

  /** @throws StoreError that says who writes already */
  static take(file: string, sinceMs: number): WriterLock {
    try {
      return new WriterLock(FileLock.take(`${file}.lock`, sinceMs));
    } catch (error) {
      if (!(error instanceof LockedError)) throw error;
      throw new StoreError(
        `${file} is written by ${error.message}: stop that one, or name another file with \
documents.sqlite.file or another folder with --state`,
      );
    }
  }

  release(): void {
    this.lock.release();
  }
}
