import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { StoredDocument } from '../document.ts';
import {
  type DocumentBuckets,
  type DocumentFilter,
  type DocumentGroup,
  StoreError,
} from '../document-store.ts';
import { INDEX_FIELDS, type IndexName } from '../indices.ts';
import {
  checkBuckets,
  checkFilter,
  checkGroupFields,
  firstGroups,
  GROUPS_MAX,
  LIST_MAX,
} from '../query-rules.ts';
import { asStoreError } from './file-fault.ts';
import { fileState } from './migrate.ts';
import { documentOfRow, type SqlValue } from './rows.ts';

const BUSY_MS_MAX = 5000;

/** Answers questions from the file while another writes it; changes nothing. */
export class SqliteReader {
  private readonly db: DatabaseSync;

  /** @throws StoreError where there is no file yet, or it is none of this version */
  constructor(file: string) {
    this.db = openForReading(file);
  }

  count(filter: DocumentFilter): number {
    checkFilter(filter);
    const { where, values } = whereOf(filter);
    const row = this.db.prepare(`SELECT COUNT(*) AS n ${where}`).get(...values);
    return Number(row?.['n']);
  }

  countBy(filter: DocumentFilter, fields: readonly string[], max: number): DocumentGroup[] {
    checkFilter(filter);
    checkGroupFields(filter.index, fields);
    const { where, values } = whereOf(filter);
    const columns = fields.map(quoted).join(', ');
    const rows = this.db
      .prepare(`SELECT COUNT(*) AS n, ${columns} ${where} GROUP BY ${columns} LIMIT ?`)
      .all(...values, GROUPS_MAX + 1);
    const groups = rows.map((row) => ({
      key: keyOf(filter.index, fields, row),
      count: Number(row['n']),
    }));
    return firstGroups(groups, max);
  }

  bucketsBy(
    filter: DocumentFilter,
    fields: readonly string[],
    numeric: string,
    bounds: readonly number[],
    max: number,
  ): DocumentBuckets[] {
    checkFilter(filter);
    checkGroupFields(filter.index, fields);
    checkBuckets(filter.index, numeric, bounds);
    const { where, values } = whereOf(filter);
    const columns = fields.map(quoted).join(', ');
    const value = quoted(numeric);
    // How many are at most each bound; what lies between two is their difference.
    const below = bounds.map((_, i) => `SUM(${value} <= ?) AS b${i}`).join(', ');
    const rows = this.db
      .prepare(
        `SELECT COUNT(*) AS n, ${below}, ${columns} ${where} AND ${value} IS NOT NULL ` +
          `GROUP BY ${columns} LIMIT ?`,
      )
      .all(...bounds, ...values, GROUPS_MAX + 1);
    const groups = rows.map((row) => {
      const count = Number(row['n']);
      const upTo = [...bounds.map((_, i) => Number(row[`b${i}`])), count];
      const counts = upTo.map((total, i) => total - (upTo[i - 1] ?? 0));
      return { key: keyOf(filter.index, fields, row), count, counts };
    });
    return firstGroups(groups, max);
  }

  list(filter: DocumentFilter, order: 'oldest' | 'newest', max: number): StoredDocument[] {
    checkFilter(filter);
    const { where, values } = whereOf(filter);
    const direction = order === 'oldest' ? 'ASC' : 'DESC';
    return this.db
      .prepare(`SELECT * ${where} ORDER BY timestamp ${direction}, id ${direction} LIMIT ?`)
      .all(...values, Math.min(max, LIST_MAX))
      .map((row) => documentOfRow(filter.index, row));
  }

  close(): void {
    this.db.close();
  }
}

function openForReading(file: string): DatabaseSync {
  if (!existsSync(file)) {
    throw new StoreError(
      `${file} is not there: no documents have been written; start spikescope run, or name the \
store's file with --state or documents.sqlite.file`,
    );
  }
  const db = new DatabaseSync(file, { readOnly: true, timeout: BUSY_MS_MAX });
  try {
    const state = fileState(db, file);
    if (state === 'current') return db;
    throw new StoreError(
      state === 'empty'
        ? `${file} is empty: start spikescope run, which makes the tables`
        : `${file} is of an older Spikescope: start spikescope run, which brings it up to date`,
    );
  } catch (error) {
    db.close();
    throw asStoreError(error, file);
  }
}

/** What follows SELECT …: the table, and which of its rows. */
function whereOf({ index, fromMs, toMs, having = {}, with: there = [] }: DocumentFilter): {
  readonly where: string;
  readonly values: SqlValue[];
} {
  const terms = ['timestamp >= ?', 'timestamp < ?'];
  const values: SqlValue[] = [fromMs, toMs];
  for (const [field, wanted] of Object.entries(having)) {
    terms.push(`${quoted(field)} IN (${wanted.map(() => '?').join(', ')})`);
    for (const value of wanted) values.push(typeof value === 'boolean' ? Number(value) : value);
  }
  for (const field of there) terms.push(`${quoted(field)} IS NOT NULL`);
  return { where: `FROM ${quoted(index)} WHERE ${terms.join(' AND ')}`, values };
}

function keyOf(
  index: IndexName,
  fields: readonly string[],
  row: Readonly<Record<string, unknown>>,
): DocumentGroup['key'] {
  return fields.map((field) => {
    const value = row[field] as string | number | null;
    return typeof value === 'number' && INDEX_FIELDS[index][field] === 'truth'
      ? value === 1
      : value;
  }) as DocumentGroup['key'];
}

/** Names come from indices.ts: the questions were checked against it. */
function quoted(name: string): string {
  return `"${name}"`;
}
