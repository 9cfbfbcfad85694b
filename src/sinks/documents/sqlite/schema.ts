import { type FieldType, INDEX_FIELDS, INDEX_NAMES, type IndexName } from '../indices.ts';

/**
 * What the file looks like: one table an index, its columns from indices.ts, and the slices in
 * which documents were written. A change of any of it is a new version (and `npm run docs` writes
 * what it looks like into test/documents/schemas/).
 */
export const SCHEMA_VERSION = 2;

/** In the head of the file, so that no other program's file is taken for ours. */
export const APPLICATION_ID = 0x53_70_6b_44;

export interface TableColumn {
  readonly name: string;
  readonly type: 'TEXT' | 'INTEGER' | 'REAL';
  readonly isNeeded: boolean;
}

const COLUMN_TYPES: Readonly<Record<FieldType, TableColumn['type']>> = {
  name: 'TEXT',
  guideName: 'TEXT',
  prose: 'TEXT',
  whole: 'INTEGER',
  number: 'REAL',
  truth: 'INTEGER',
  // As JSON: readable with the sqlite3 program, and no longer than in a blob for small counts.
  'whole[]': 'TEXT',
  'number[]': 'TEXT',
};

/** `timestamp` in whole ms, by which is asked, and what µs are left. */
const OWN_COLUMNS: readonly TableColumn[] = [
  { name: 'id', type: 'TEXT', isNeeded: true },
  { name: 'timestamp', type: 'INTEGER', isNeeded: true },
  { name: 'timestamp_us', type: 'INTEGER', isNeeded: true },
];

/**
 * For the questions that are asked: fields that come before the time in an index of their own, with
 * those after it that are counted by, so that the documents themselves need not be read.
 */
const ASKED_BY: Readonly<Partial<Record<IndexName, Readonly<Record<string, readonly string[]>>>>> =
  {
    logs: { level: ['event_type', 'error_type'], event_type: ['model_type', 'hardware_target'] },
    conversions: { event: [] },
    runs: { run_id: [] },
  };

/** Columns of an index's table: id and time, then the fields in their order. */
export function columnsOf(index: IndexName): readonly TableColumn[] {
  const fields = Object.entries(INDEX_FIELDS[index]).map(([name, type]) => ({
    name,
    type: COLUMN_TYPES[type],
    isNeeded: false,
  }));
  return [...OWN_COLUMNS, ...fields];
}

/** A piece of the schema with the statement that makes it. */
export interface SchemaPart {
  readonly name: string;
  readonly sql: string;
}

const SLICES: SchemaPart = {
  name: 'slices',
  sql: `CREATE TABLE "slices" (
  "seq" INTEGER PRIMARY KEY,
  "index_name" TEXT NOT NULL,
  "first_rowid" INTEGER NOT NULL,
  "last_rowid" INTEGER NOT NULL,
  "documents" INTEGER NOT NULL,
  "opened_ms" INTEGER NOT NULL,
  "written_ms" INTEGER NOT NULL
) STRICT`,
};

export function tables(): readonly SchemaPart[] {
  return [SLICES, ...INDEX_NAMES.map((index) => ({ name: index, sql: tableSql(index) }))];
}

export function columnSql({ name, type, isNeeded }: TableColumn): string {
  return `"${name}" ${type}${isNeeded ? ' NOT NULL' : ''}`;
}

function tableSql(index: IndexName): string {
  const columns = columnsOf(index).map((column) => `  ${columnSql(column)}`);
  return `CREATE TABLE "${index}" (\n${columns.join(',\n')}\n) STRICT`;
}

export function tableIndices(): readonly SchemaPart[] {
  return INDEX_NAMES.flatMap((index) => {
    const byTime = { name: `${index}_timestamp`, sql: indexSql(index, ['timestamp']) };
    const byId = { name: `${index}_id`, sql: indexSql(index, ['id']) };
    const asked = Object.entries(ASKED_BY[index] ?? {}).map(([field, counted]) => ({
      name: `${index}_${field}`,
      sql: indexSql(index, [field, 'timestamp', ...counted]),
    }));
    return [byId, byTime, ...asked];
  });
}

function indexSql(index: IndexName, columns: readonly string[]): string {
  const [first = ''] = columns;
  const unique = first === 'id' ? 'UNIQUE ' : '';
  // A field that is absent in most documents takes no room where it is absent.
  const where = first === 'id' || first === 'timestamp' ? '' : ` WHERE "${first}" IS NOT NULL`;
  const list = columns.map((column) => `"${column}"`).join(', ');
  return `CREATE ${unique}INDEX "${index}_${first}" ON "${index}" (${list})${where}`;
}

/** The whole schema as the sqlite3 program would print it. */
export function schemaText(): string {
  const parts = [...tables(), ...tableIndices()].map(({ sql }) => `${sql};`);
  const head = [
    `PRAGMA application_id = ${APPLICATION_ID};`,
    `PRAGMA user_version = ${SCHEMA_VERSION};`,
  ];
  return `${[...head, ...parts].join('\n')}\n`;
}
