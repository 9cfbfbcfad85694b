import type { DerivedRecord } from '../../component/derived-record.ts';
import { INDEX_FIELDS, INDEX_OF_RECORD, type IndexName, LEFT_OUT } from './indices.ts';

/** A value of a field; a list holds values of one type. */
export type DocumentValue = string | number | boolean | readonly number[] | readonly string[];

/** A document as both stores hold it: the same id, fields and index in each. */
export interface StoredDocument {
  /** The same for the same record, so that writing it again changes nothing. */
  readonly id: string;
  readonly index: IndexName;
  /** µs since the Unix epoch; `timestamp` in the store, which keeps ms at least. */
  readonly timeUs: number;
  /** By their names in the index, without `timestamp`; what is not known is absent. */
  readonly fields: Readonly<Record<string, DocumentValue>>;
  /** It was offered before, and nobody knows what became of it. */
  readonly mayBeThere?: true;
}

/** A derived record as a document; undefined for records that are not stored. */
export function documentOf(
  record: DerivedRecord,
  id: string,
  isAgain = false,
): StoredDocument | undefined {
  const index = INDEX_OF_RECORD[record.record];
  if (index === undefined) return undefined;
  const leftOut = LEFT_OUT[record.record];
  const fields: Record<string, DocumentValue> = {};
  for (const name in record.fields) {
    if (leftOut?.includes(name)) continue;
    const value = record.fields[name];
    // Half a pair of surrogates, as JSON can bring it, is no character a store could give back.
    if (typeof value === 'string') fields[name] = value.toWellFormed();
    else if (value !== undefined && value !== null) fields[name] = value as DocumentValue;
  }
  if (index !== 'logs') Object.assign(fields, { t0_us: record.t0Us, span_us: record.spanUs });
  const document = { id, index, timeUs: record.t0Us, fields };
  return isAgain ? { ...document, mayBeThere: true } : document;
}

/** Fields in the order of their index, as every store lists them. */
export function inIndexOrder(
  index: IndexName,
  fields: StoredDocument['fields'],
): StoredDocument['fields'] {
  const known = Object.keys(INDEX_FIELDS[index]).filter((name) => fields[name] !== undefined);
  return Object.fromEntries(known.map((name) => [name, fields[name] as DocumentValue]));
}
