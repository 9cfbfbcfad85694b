import { appendFile, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import {
  type DeadDocument,
  DeadDocuments,
  type DeadLimits,
} from '../../src/sinks/documents/dead-documents.ts';
import type { StoredDocument } from '../../src/sinks/documents/document.ts';
import { allDead, resubmit } from '../../src/sinks/documents/resubmit.ts';
import { MemoryStore } from './memory-store.ts';

const open: string[] = [];
afterEach(async () => {
  for (const folder of open.splice(0)) await rm(folder, { recursive: true, force: true });
});

const ROOM: DeadLimits = { documentsMax: 1000, bytesMax: 1e6 };
const never = new AbortController().signal;

async function deadFolder(limits = ROOM): Promise<DeadDocuments> {
  const folder = await mkdtemp(join(tmpdir(), 'spikescope-dead-'));
  open.push(folder);
  return new DeadDocuments(join(folder, 'state', 'dead'), limits);
}

function document(id: string, fields: object = { line: 'seven' }): StoredDocument {
  return { id, index: 'logs', timeUs: 1_700_000_000_000_123, fields: fields as never };
}

function died(...ids: string[]): DeadDocument[] {
  return ids.map((id) => ({ reason: `line: ${id} is wrong`, document: document(id) }));
}

const idsOf = (dead: readonly DeadDocument[]) => dead.map(({ document: { id } }) => id);

test('what died is there for other processes, as it was, for nobody else to read', async () => {
  const dead = await deadFolder();
  expect(dead.tally).toEqual({ documents: 0, bytes: 0 });
  expect(await dead.add(died('a', 'b'))).toBe(2);
  expect(await dead.add(died('c'))).toBe(1);
  const other = new DeadDocuments(dead.folder, ROOM);
  expect(await allDead(other)).toEqual(died('a', 'b', 'c'));
  expect(other.tally.documents).toBe(3);
  for (const file of dead.files()) {
    expect((await stat(join(dead.folder, file))).mode & 0o777).toBe(0o600);
  }
});

test('documents of any value are kept: what is refused may be anything', async () => {
  const dead = await deadFolder();
  const odd = { big: 2n ** 60n, nested: { a: [1, null] }, none: undefined, nan: Number.NaN };
  expect(await dead.add([{ reason: 'odd', document: document('odd', odd) }])).toBe(1);
  const [kept] = await allDead(dead);
  expect(kept?.document.fields).toEqual({
    big: String(2n ** 60n),
    nested: { a: [1, null] },
    nan: null,
  });
});

test('no more are kept than there is room for', async () => {
  const few = await deadFolder({ ...ROOM, documentsMax: 3 });
  expect(await few.add(died('a', 'b'))).toBe(2);
  expect(await few.add(died('c', 'd', 'e'))).toBe(1);
  expect(await few.add(died('f'))).toBe(0);
  expect(idsOf(await allDead(few))).toEqual(['a', 'b', 'c']);
  const small = await deadFolder({ ...ROOM, bytesMax: 300 });
  expect(await small.add(died('a', 'b', 'c', 'd'))).toBe(2);
  expect(small.tally.bytes).toBeLessThanOrEqual(300);
});

test('the tally follows what another process removes', async () => {
  const dead = await deadFolder();
  await dead.add(died('a'));
  await dead.add(died('b', 'c'));
  expect(dead.tally.documents).toBe(3);
  await rm(join(dead.folder, dead.files()[0] as string));
  expect(dead.tally.documents).toBe(2);
});

test('a change within one tick of the file system is no less seen', async () => {
  const dead = await deadFolder();
  await dead.add(died('a'));
  const tick = new Date();
  await utimes(dead.folder, tick, tick);
  expect(dead.tally.documents).toBe(1);
  await rm(join(dead.folder, dead.files()[0] as string));
  await utimes(dead.folder, tick, tick);
  expect(dead.tally.documents).toBe(0);
});

test('a file that was half written is none, and a line that is none is named', async () => {
  const dead = await deadFolder();
  await dead.add(died('a'));
  const [file] = dead.files();
  await writeFile(join(dead.folder, `${file}.new`), '{"id": "b"');
  expect(idsOf(await allDead(dead))).toEqual(['a']);
  await appendFile(join(dead.folder, file as string), '{"id": "c", "index": "logs"}\n');
  await expect(allDead(dead)).rejects.toThrow(`${file}:2: c needs fields`);
});

test('resubmitted ones that are taken go, the others stay with their new reason', async () => {
  const dead = await deadFolder();
  const store = new MemoryStore();
  await store.write([document('there', { line: 1 })], never);
  await dead.add(died('a', 'b'));
  await dead.add(died('there', 'busy'));
  store.isBusyFor = ({ id }) => id === 'busy';
  const repaired = ['a', 'there', 'busy'].map((id) => document(id, { line: 7 }));
  const offered = [...repaired, document('b', { line: 8.5 }), document('new', { line: 'x' })];
  const counts = await resubmit(dead, offered, store, never);
  expect(counts).toEqual({ created: 1, present: 1, refused: 2, busy: 1 });
  expect([...store.documents.keys()].sort()).toEqual(['logs/a', 'logs/there']);
  const left = await allDead(dead);
  expect(idsOf(left).sort()).toEqual(['b', 'busy', 'new']);
  const b = left.find(({ document: { id } }) => id === 'b');
  expect(b?.reason).toContain('8.5');
  expect(b?.document.fields).toEqual({ line: 8.5 });
});

test('resubmitting again after a crash in between writes nothing twice', async () => {
  const dead = await deadFolder();
  const store = new MemoryStore();
  await dead.add([{ reason: 'once', document: document('a', { line: 1 }) }]);
  const offered = (await allDead(dead)).map((each) => each.document);
  // The store took it, and the process was killed before the folder was changed.
  await store.write(offered, never);
  expect(await resubmit(dead, offered, store, never)).toMatchObject({ created: 0, present: 1 });
  expect(await readdir(dead.folder)).toEqual([]);
});
