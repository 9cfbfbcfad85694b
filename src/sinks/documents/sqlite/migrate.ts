import type { DatabaseSync } from 'node:sqlite';
import { StoreError } from '../document-store.ts';
import { INDEX_NAMES } from '../indices.ts';
import {
  APPLICATION_ID,
  columnSql,
  columnsOf,
  SCHEMA_VERSION,
  type SchemaPart,
  tableIndices,
  tables,
} from './schema.ts';

/** How a file stands to this program. */
export type FileState = 'empty' | 'current' | 'older';

/**
 * @throws StoreError for a file of another program, or of a newer Spikescope
 */
export function fileState(db: DatabaseSync, file: string): FileState {
  const version = pragma(db, 'user_version');
  const isEmpty = db.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined;
  if (isEmpty) return 'empty';
  if (pragma(db, 'application_id') !== APPLICATION_ID) {
    throw new StoreError(
      `${file} is a SQLite file of another program: name another with documents.sqlite.file`,
    );
  }
  if (version > SCHEMA_VERSION) {
    throw new StoreError(
      `${file} has version ${version}, and this Spikescope knows ${SCHEMA_VERSION}: it was written \
by a newer one, so use that, or name another file with documents.sqlite.file`,
    );
  }
  return version === SCHEMA_VERSION ? 'current' : 'older';
}

function pragma(db: DatabaseSync, name: string): number {
  return Number(db.prepare(`PRAGMA ${name}`).get()?.[name]);
}

/**
 * Makes what is missing, in one transaction: tables, columns of fields that are new, indices.
 * What an older version had and this one does not know stays as it is. Says what it made.
 * @throws StoreError where a column has another type than its field; nothing is changed then
 */
export function migrate(db: DatabaseSync, file: string): string[] {
  const state = fileState(db, file);
  requireSameTypes(db, file);
  const made: string[] = [];
  db.exec('BEGIN IMMEDIATE');
  try {
    made.push(...makeParts(db, 'table', tables()));
    made.push(...addColumns(db));
    dropOtherIndices(db);
    made.push(...makeParts(db, 'index', tableIndices()));
    if (state !== 'current') {
      db.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
      db.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
    }
    db.exec('COMMIT');
  } catch (error) {
    db.exec('ROLLBACK');
    throw error;
  }
  if (state === 'empty')
    return [`${file} made, with a table for each of ${INDEX_NAMES.join(', ')}`];
  const raised = state === 'older' ? [`${file} brought to version ${SCHEMA_VERSION}`] : [];
  return [...raised, ...made];
}

function makeParts(
  db: DatabaseSync,
  type: 'table' | 'index',
  parts: readonly SchemaPart[],
): string[] {
  const rows = db.prepare('SELECT name FROM sqlite_schema WHERE type = ?').all(type);
  const known = new Set(rows.map((row) => row['name']));
  const missing = parts.filter(({ name }) => !known.has(name));
  for (const { sql } of missing) db.exec(sql);
  return missing.map(({ name }) => `${type} ${name} made`);
}

/** Indices hold nothing of their own: one that should be another is made anew. */
function dropOtherIndices(db: DatabaseSync): void {
  const wanted = new Map(tableIndices().map(({ name, sql }) => [name, sql]));
  const rows = db.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'index'").all();
  for (const { name, sql } of rows) {
    const should = wanted.get(String(name));
    if (should !== undefined && should !== sql) db.exec(`DROP INDEX "${name}"`);
  }
}

function addColumns(db: DatabaseSync): string[] {
  const made: string[] = [];
  for (const index of INDEX_NAMES) {
    const known = columnTypes(db, index);
    for (const column of columnsOf(index)) {
      if (known.has(column.name)) continue;
      db.exec(`ALTER TABLE "${index}" ADD COLUMN ${columnSql(column)}`);
      made.push(`column ${column.name} of ${index} made`);
    }
  }
  return made;
}

function requireSameTypes(db: DatabaseSync, file: string): void {
  for (const index of INDEX_NAMES) {
    const known = columnTypes(db, index);
    for (const { name, type } of columnsOf(index)) {
      const has = known.get(name);
      if (has === undefined || has === type) continue;
      throw new StoreError(
        `${file}: column ${name} of ${index} is ${has} and should be ${type}; nothing was changed: \
move the file away, or name another with documents.sqlite.file`,
      );
    }
  }
}

function columnTypes(db: DatabaseSync, table: string): ReadonlyMap<string, string> {
  const rows = db.prepare(`PRAGMA table_info("${table}")`).all();
  return new Map(rows.map((row) => [String(row['name']), String(row['type'])]));
}
