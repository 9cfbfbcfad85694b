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

/**
 * The lines of a bulk request that creates documents: two each. Put together by hand, which takes
 * half the time of copying each document to have it written.
 */
export function bulkLines(batch: readonly StoredDocument[], prefix: string): string[] {
  const lines: string[] = [];
  for (const { id, index, timeUs, fields } of batch) {
    const shownId = JSON.stringify(id);
    lines.push(`{"create":{"_index":"${prefix}${index}","_id":${shownId}}}`);
    const own = `"${TIME_FIELD}":"${isoTime(timeUs)}","${ID_FIELD}":${shownId}`;
    const rest = JSON.stringify(fields);
    lines.push(rest === '{}' ? `{${own}}` : `{${own},${rest.slice(1)}`);
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
  return { refused: reasonOf(error) };
}

type ItemError = NonNullable<BulkItem['create']>['error'];

function reasonOf(error: ItemError): string {
  const reasons = [error?.reason ?? error?.type, error?.caused_by?.reason];
  const said = reasons.filter((reason) => reason !== undefined && reason !== null);
  return [...new Set(said)].join(': ').slice(0, REASON_CHARS_MAX);
}

/** Why a document was put off, for people. */
export function itemFault({ create }: BulkItem): string {
  const { status, error } = create ?? {};
  return `it answered ${status} ${error?.type ?? ''}: ${reasonOf(error)}`;
}

/** An item for a document that no request can hold. */
export function refusedItem(reason: string): BulkItem {
  return { create: { status: 400, error: { reason } } };
}
