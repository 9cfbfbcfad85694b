import { statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { StoredDocument } from '../../../src/sinks/documents/document.ts';
import type { IndexName } from '../../../src/sinks/documents/indices.ts';
import { until } from '../../integration/until.ts';
import { KEEPS_ALL, type StoreFolder, storeFolder } from './store-folder.ts';

const signal = new AbortController().signal;
const MB = 2 ** 20;

let folder: StoreFolder;
let close: () => Promise<void> = async () => {};
beforeEach(async () => {
  folder = await storeFolder();
});
afterEach(async () => {
  await close();
  await folder.remove();
});

/** Documents of an index whose event time says nothing of when they are written. */
function documents(index: IndexName, count: number, from: number, chars = 100): StoredDocument[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `${index}-${from + i}`,
    index,
    timeUs: 1_000_000 * ((from + i) % 7),
    fields: { [index === 'logs' ? 'message' : 'error_message']: 'x'.repeat(chars) },
  }));
}

const counts = { fromMs: -1e12, toMs: 1e13 };
const deletedOf = (index: IndexName) =>
  folder.deleted
    .filter((each) => each.index === index)
    .reduce((sum, each) => sum + each.documents, 0);

/** The numbers of the documents that the file has of an index. */
function numbersIn(index: IndexName): number[] {
  const db = new DatabaseSync(folder.file, { readOnly: true });
  const rows = db.prepare(`SELECT id FROM ${index}`).all();
  db.close();
  return rows.map(({ id }) => Number(String(id).split('-')[1])).sort((a, b) => a - b);
}

/** Of 40,000 documents, in a file for some 20,000. */
const DELETED_LEAST = 15_000;

it('holds so many bytes: what was written first goes, of any index, and is counted', async () => {
  const store = folder.open({ bytesMax: 4 * MB });
  close = () => store.close();
  const written = { logs: 0, conversions: 0 };
  for (let batch = 0; batch < 80; batch++) {
    const index = batch % 4 === 0 ? 'conversions' : 'logs';
    await store.write(documents(index, 500, written[index]), signal);
    written[index] += 500;
  }
  const deleted = () => deletedOf('logs') + deletedOf('conversions');
  await until('it has deleted', () => deleted() >= DELETED_LEAST);
  // It may still be deleting: what is there and what was told are compared when it has ended.
  await store.close();
  for (const index of ['logs', 'conversions'] as const) {
    const first = deletedOf(index);
    expect(first).toBeGreaterThan(0);
    const left = Array.from({ length: written[index] - first }, (_, i) => first + i);
    expect(numbersIn(index)).toEqual(left);
  }
  expect(folder.deleted.map(({ reason }) => reason)).not.toContain('age');
  // One slice, and what SQLite needs of pages that are not full, may stand above the bound.
  expect(statSync(folder.file).size).toBeLessThan(8 * MB);
  expect(folder.failed).toEqual([]);
});

it('keeps documents of each index so long, from when they were written', async () => {
  const first = folder.open();
  await first.write([...documents('logs', 300, 0), ...documents('conversions', 300, 0)], signal);
  await first.close();
  const store = folder.open({ keptMs: { ...KEEPS_ALL.keptMs, logs: 0 } });
  close = () => store.close();
  await store.write(documents('conversions', 1, 300), signal);
  await until('the lines are gone', async () => deletedOf('logs') === 300);
  expect(await store.queries.count({ ...counts, index: 'logs' })).toBe(0);
  expect(await store.queries.count({ ...counts, index: 'conversions' })).toBe(301);
  expect(folder.deleted).toEqual([{ index: 'logs', reason: 'age', documents: 300 }]);
});

it('gives the room of what was deleted back to the system', async () => {
  const first = folder.open();
  for (let batch = 0; batch < 10; batch++) {
    await first.write(documents('logs', 60, batch * 60, 60_000), signal);
  }
  await first.close();
  const size = statSync(folder.file).size;
  expect(size).toBeGreaterThan(34 * MB);
  const store = folder.open({ keptMs: { ...KEEPS_ALL.keptMs, logs: 0 } });
  close = () => store.close();
  await store.write(documents('conversions', 1, 0), signal);
  await until('the file is smaller', async () => {
    await store.write(documents('conversions', 1, 0), signal);
    return statSync(folder.file).size < 17 * MB;
  });
  expect(folder.failed).toEqual([]);
});
