import { StoreError } from '../document-store.ts';

/** Results of SQLite that no retry mends, and what they say of the file. */
const FAULTS: Readonly<Record<number, string>> = {
  8: 'may not be written',
  11: 'is damaged',
  14: "can't be opened",
  26: 'is no SQLite file',
};
/** What making its folder meets. */
const FOLDER_FAULTS = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'ENAMETOOLONG']);

/** An error met at opening the file: the store's own where the file is at fault. */
export function asStoreError(error: unknown, file: string): unknown {
  const { errcode = 0, code = '', message } = error as Error & { errcode?: number; code?: string };
  const fault = FAULTS[errcode & 0xff];
  if (fault === undefined && !FOLDER_FAULTS.has(code)) return error;
  return new StoreError(
    `${file} ${fault ?? "can't be made"} (${message}): move it away, or name another with \
documents.sqlite.file, or another folder with --state`,
  );
}
