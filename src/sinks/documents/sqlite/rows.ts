import type { DocumentValue, StoredDocument } from '../document.ts';
import { INDEX_FIELDS, type IndexName } from '../indices.ts';

/** A value as SQLite has it. */
export type SqlValue = string | number | null;

/** A document as the values of its row, in the order of its table's columns. */
export function rowOf({ id, index, timeUs, fields }: StoredDocument): SqlValue[] {
  const ms = Math.floor(timeUs / 1000);
  const row: SqlValue[] = [id, ms, timeUs - ms * 1000];
  for (const name in INDEX_FIELDS[index]) row.push(sqlValue(fields[name]));
  return row;
}

function sqlValue(value: DocumentValue | undefined): SqlValue {
  if (typeof value === 'string' || typeof value === 'number') return value;
  if (value === undefined) return null;
  if (typeof value === 'boolean') return value ? 1 : 0;
  return JSON.stringify(value);
}

/** The document of a row that has the table's columns by name. */
export function documentOfRow(
  index: IndexName,
  row: Readonly<Record<string, unknown>>,
): StoredDocument {
  const fields: Record<string, DocumentValue> = {};
  for (const [name, type] of Object.entries(INDEX_FIELDS[index])) {
    const value = row[name] as SqlValue;
    if (value === null) continue;
    if (type === 'truth') fields[name] = value === 1;
    else fields[name] = type.endsWith('[]') ? (JSON.parse(value as string) as number[]) : value;
  }
  const timeUs = (row['timestamp'] as number) * 1000 + (row['timestamp_us'] as number);
  return { id: row['id'] as string, index, timeUs, fields };
}
