import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { StoredDocument } from '../../../src/sinks/documents/document.ts';
import { type DocumentFilter, StoreError } from '../../../src/sinks/documents/document-store.ts';
import { SCHEMA_VERSION } from '../../../src/sinks/documents/sqlite/schema.ts';
import { type StoreFolder, storeAt, storeFolder } from './store-folder.ts';

const SCHEMAS = join(import.meta.dirname, 'schemas');
const signal = new AbortController().signal;
const FROM_MS = 1_764_000_000_000;
const ALL: DocumentFilter = { index: 'logs', fromMs: FROM_MS, toMs: FROM_MS + 1e9 };

function lines(count: number, from = 0, message = 'm'): StoredDocument[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `l-${String(from + i).padStart(6, '0')}`,
    index: 'logs',
    timeUs: (FROM_MS + from + i) * 1000,
    fields: { level: 'INFO', message },
  }));
}

let folder: StoreFolder;
const open: { close(): Promise<void> }[] = [];
const opened = (...args: Parameters<StoreFolder['open']>) => {
  const store = folder.open(...args);
  open.push(store);
  return store;
};
beforeEach(async () => {
  folder = await storeFolder();
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
  await folder.remove();
});

it('has one writer: a second is told who is first, until that one has closed', async () => {
  const first = opened();
  await first.setup(signal);
  const second = opened();
  const refused = expect(second.setup(signal)).rejects;
  await refused.toThrow(StoreError);
  await expect(second.write(lines(1), signal)).rejects.toThrow(
    new RegExp(`is written by process ${process.pid} on \\S+ since 20`),
  );
  await first.write(lines(1), signal);
  await first.close();
  expect(await second.write(lines(2), signal)).toEqual(['present', 'created']);
});

it('is read by others while one writes', async () => {
  const writer = opened();
  await writer.setup(signal);
  const readers = [opened(), opened()];
  for (let batch = 0; batch < 10; batch++) {
    const writing = writer.write(lines(200, batch * 200), signal);
    // Whatever they see, it is a whole number of batches.
    const seen = await Promise.all(readers.map((reader) => reader.queries.count(ALL)));
    for (const count of seen) expect(count % 200).toBe(0);
    await writing;
    const after = await Promise.all(readers.map((reader) => reader.queries.count(ALL)));
    expect(after).toEqual([(batch + 1) * 200, (batch + 1) * 200]);
  }
});

it('tells a reader what to do where there is no file, or an empty one', async () => {
  const reader = opened();
  await expect(reader.queries.count(ALL)).rejects.toThrow(/is not there.*start spikescope run/);
  await expect(reader.check(signal)).rejects.toThrow(StoreError);
  writeFileSync(folder.file, '');
  await expect(reader.queries.count(ALL)).rejects.toThrow(/is empty: start spikescope run/);
  await opened().setup(signal);
  expect(await reader.queries.count(ALL)).toBe(0);
});

it('leaves a file of a newer version as it is', async () => {
  await opened().setup(signal);
  await open.splice(0)[0]?.close();
  edit(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
  const before = readFileSync(folder.file);
  const told = new RegExp(`has version ${SCHEMA_VERSION + 1}.* knows ${SCHEMA_VERSION}`);
  await expect(opened().setup(signal)).rejects.toThrow(told);
  await expect(opened().write(lines(1), signal)).rejects.toThrow(StoreError);
  await expect(opened().queries.count(ALL)).rejects.toThrow(told);
  expect(readFileSync(folder.file).equals(before)).toBe(true);
});

const OLDER = readdirSync(SCHEMAS).filter((name) => Number.parseInt(name, 10) < SCHEMA_VERSION);

it.each(OLDER)('brings a file of version %s up to date, with its documents', async (version) => {
  edit(readFileSync(join(SCHEMAS, version), 'utf8'));
  edit("INSERT INTO logs (id, timestamp, timestamp_us, message) VALUES ('old', 5, 7, 'kept')");
  await expect(opened().queries.count(ALL)).rejects.toThrow(/an older Spikescope: start/);
  const store = opened();
  expect(await store.setup(signal)).toContain(
    `${folder.file} brought to version ${SCHEMA_VERSION}`,
  );
  expect(await store.queries.list({ ...ALL, fromMs: 0, toMs: 9 }, 'oldest', 9)).toEqual([
    { id: 'old', index: 'logs', timeUs: 5007, fields: { message: 'kept' } },
  ]);
  expect(await store.write(lines(3), signal)).toEqual(['created', 'created', 'created']);
  // What it had and nobody knows any more stays.
  expect(schemaOf(folder.file)).toEqual(expect.arrayContaining(schemaOf(await freshFile())));
});

it('makes what a file lacks: a column, an index, a table', async () => {
  edit(readFileSync(join(SCHEMAS, `${SCHEMA_VERSION}.sql`), 'utf8'));
  edit('ALTER TABLE logs DROP COLUMN service; DROP INDEX logs_level; DROP TABLE health');
  const made = await opened().setup(signal);
  for (const what of ['column service of logs', 'index logs_level', 'table health']) {
    expect(made).toContain(`${what} made`);
  }
  expect(schemaOf(folder.file)).toEqual(schemaOf(await freshFile()));
});

it('changes nothing of a file whose columns are of other types', async () => {
  await opened().setup(signal);
  await open.splice(0)[0]?.close();
  edit('ALTER TABLE logs DROP COLUMN line; ALTER TABLE logs ADD COLUMN line TEXT; DROP TABLE runs');
  await expect(opened().setup(signal)).rejects.toThrow(
    /column line of logs is TEXT and should be INTEGER; nothing was changed/,
  );
  expect(schemaOf(folder.file)).not.toContain('runs');
});

it('says so where the file is not its own, or none at all', async () => {
  edit('CREATE TABLE cats (name TEXT)');
  await expect(opened().setup(signal)).rejects.toThrow(/is a SQLite file of another program/);
  await expect(opened().queries.count(ALL)).rejects.toThrow(/of another program/);
  writeFileSync(folder.file, 'dear diary, '.repeat(1000));
  await expect(opened().setup(signal)).rejects.toThrow(/is no SQLite file.*move it away/);
  await expect(opened().queries.count(ALL)).rejects.toThrow(StoreError);
});

it('says so where the file can not be made, and is asked again in vain', async () => {
  writeFileSync(folder.file, '');
  const store = storeAt(join(folder.file, 'below.sqlite'));
  open.push(store);
  for (const ask of [store.setup(signal), store.write(lines(1), signal)]) {
    await expect(ask).rejects.toThrow(/below\.sqlite can't be made/);
  }
});

function edit(sql: string): void {
  const db = new DatabaseSync(folder.file);
  db.exec(sql);
  db.close();
}

/** Every column by its table and type, and every index. */
function schemaOf(file: string): string[] {
  const db = new DatabaseSync(file);
  const parts = db.prepare("SELECT name, type, sql FROM sqlite_schema WHERE sql <> ''").all();
  const described = parts.flatMap(({ name, type, sql }) => {
    if (type === 'index') return [String(sql)];
    const columns = db.prepare(`PRAGMA table_info("${name}")`).all();
    return [`${name}`, ...columns.map((column) => `${name} ${column['name']} ${column['type']}`)];
  });
  db.close();
  return described.sort();
}

async function freshFile(): Promise<string> {
  const fresh = await storeFolder();
  open.push({ close: () => fresh.remove() });
  const store = fresh.open();
  await store.setup(signal);
  await store.close();
  return fresh.file;
}
