import { isoTime } from '../../../numerics/iso-time.ts';
import type { StoredDocument } from '../document.ts';
import type { WriteOutcome } from '../document-store.ts';
import { ID_FIELD, TIME_FIELD } from './mapping.ts';

/** What is asked of an answer; the rest would be most of it. */
export const ANSWER_FILTER = [
  'errors',
  'items.*.status',
  'items.*.error.type',
  'items.*.error.reason',
  'items.*.error.caused_by.reason',
].join(',');

const REASON_CHARS_MAX = 500;

/** What became of one document, as far as ANSWER_FILTER asks. */
export interface BulkItem {
  readonly create?: {
    readonly status?: number;
    readonly error?: {
      readonly type?: string;
      readonly reason?: string | null;
      readonly caused_by?: { readonly reason?: string | null };
    };
  };
}

/** The lines of a bulk request that creates documents: two each. */
export function bulkLines(batch: readonly StoredDocument[], prefix: string): string[] {
  const lines: string[] = [];
  for (const { id, index, timeUs, fields } of batch) {
    lines.push(JSON.stringify({ create: { _index: `${prefix}${index}`, _id: id } }));
    lines.push(JSON.stringify({ [TIME_FIELD]: isoTime(timeUs), [ID_FIELD]: id, ...fields }));
  }
  return lines;
}

/**
 * What an item of an answer says. Only what can never be taken is refused: a full disk, a missing
 * privilege or index, or too much work are the store's, and pass.
 */
export function outcomeOf({ create }: BulkItem): WriteOutcome {
  const { status, error } = create ?? {};
  if (status === 200 || status === 201) return 'created';
  if (status === 409 && error?.type === 'version_conflict_engine_exception') return 'present';
  if (status !== 400) return 'busy';
  const reasons = [error?.reason ?? error?.type, error?.caused_by?.reason];
  const said = reasons.filter((reason) => reason !== undefined && reason !== null);
  return { refused: [...new Set(said)].join(': ').slice(0, REASON_CHARS_MAX) };
}
