import type { StoredDocument } from './document.ts';
import type { IndexName } from './indices.ts';

/**
 * What became of one document. `present`: it was there already, which is as good as written.
 * `busy`: the store could not take it now, and is offered it again. Refused documents will never be
 * taken as they are; the reason is the store's.
 */
export type WriteOutcome = 'created' | 'present' | 'busy' | { readonly refused: string };

/** The store can't be used as it is: the message says what disagrees, and what to do. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
}

/** Which documents a query means. Bounds of time are whole ms, as both stores keep that. */
export interface DocumentFilter {
  readonly index: IndexName;
  /** [fromMs, toMs) since the Unix epoch. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Fields of type name, guideName or truth that have one of these values. */
  readonly having?: Readonly<Record<string, readonly (string | boolean)[]>>;
  /** Fields of a single value, no prose, that are there. */
  readonly with?: readonly string[];
}

/**
 * Documents that agree in some fields (name, guideName or truth); null for a field that they do not
 * have.
 */
export interface DocumentGroup {
  readonly key: readonly (string | boolean | null)[];
  readonly count: number;
}

/** Counts of a field's values by bounds, as `le` of a Prometheus histogram, not cumulative. */
export interface DocumentBuckets extends DocumentGroup {
  /** [bounds + 1] values at most bounds[i] and above the one before; the last is above all. */
  readonly counts: readonly number[];
}

/**
 * Questions that both stores answer alike, to the byte: counts only, in an order that does not
 * depend on the store (query-rules.ts). What is computed from counts is computed once, in
 * src/analysis. A question that makes no sense for its fields is a RangeError.
 */
export interface DocumentQueries {
  count(filter: DocumentFilter): Promise<number>;
  /** At most `max` groups. */
  countBy(
    filter: DocumentFilter,
    fields: readonly string[],
    max: number,
  ): Promise<readonly DocumentGroup[]>;
  /** Counts by bounds of a numeric field, for each group; documents without it are left out. */
  bucketsBy(
    filter: DocumentFilter,
    fields: readonly string[],
    numeric: string,
    bounds: readonly number[],
    max: number,
  ): Promise<readonly DocumentBuckets[]>;
  /**
   * By time in whole ms, then by id (turned round as a whole for `newest`); at most `max`. Fields
   * are in the order of indices.ts, and `timeUs` is what was written.
   */
  list(filter: DocumentFilter, order: 'oldest' | 'newest', max: number): Promise<StoredDocument[]>;
}

/**
 * Where documents are kept. Documents are only ever created, never changed: what is written twice
 * by the same id is there once.
 */
export interface DocumentStore {
  /** `elasticsearch` or `sqlite`. */
  readonly name: string;
  readonly queries: DocumentQueries;
  /**
   * Makes what is missing and says what that was, one sentence each. Called before the first write,
   * and after one that failed.
   * @throws StoreError where what is there disagrees; nothing has been changed then
   */
  setup(signal: AbortSignal): Promise<readonly string[]>;
  /**
   * One outcome for each document, in their order; what documentFault says of one is why it is
   * refused. Rejects when the store took none of the batch, or nothing is known of it (it is away,
   * or too busy): the same array is then offered again, which the ids make safe.
   */
  write(batch: readonly StoredDocument[], signal: AbortSignal): Promise<readonly WriteOutcome[]>;
  /** Resolves when the store answers. */
  check(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}
