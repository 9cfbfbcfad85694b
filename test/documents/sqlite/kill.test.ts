import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, expect, it } from 'vitest';
import { randomFrom } from '../../conformance/generate-frames.ts';
import { type StoreFolder, storeFolder } from './store-folder.ts';

const CHILD = join(import.meta.dirname, 'writing-child.ts');
const KILLS = 8;

let folder: StoreFolder | undefined;
afterEach(() => folder?.remove());

/**
 * A process that writes, killed with -9 after some acknowledged batches and a moment more; gives
 * how many documents it had been told are there.
 */
async function writeAndKill(args: readonly string[], batches: number, moreMs: number) {
  const child = spawn(process.execPath, [CHILD, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  let fault = '';
  const ended = new Promise((resolve) => child.once('close', resolve));
  child.stderr.on('data', (text) => {
    fault += text;
  });
  child.stdout.on('data', (text) => {
    said += text;
    // What it says between this and the signal's arrival counts as well.
    if (said.split('\n').length > batches) setTimeout(() => child.kill('SIGKILL'), moreMs);
  });
  await ended;
  expect(fault).toBe('');
  expect(child.signalCode).toBe('SIGKILL');
  return Number(said.slice(0, said.lastIndexOf('\n')).split('\n').at(-1));
}

function read(file: string): DatabaseSync {
  const db = new DatabaseSync(file);
  expect(db.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
  return db;
}

it('has every document that it acknowledged, killed with -9 whenever', async () => {
  folder = await storeFolder();
  const random = randomFrom(9);
  let acknowledged = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const batches = 1 + Math.floor(random() * 30);
    const args = [folder.file, String(acknowledged), String(2 ** 40)];
    acknowledged = await writeAndKill(args, batches, random() * 20);
    const db = read(folder.file);
    const there = db
      .prepare('SELECT id FROM logs UNION ALL SELECT id FROM conversions')
      .all()
      .map(({ id }) => id as string);
    db.close();
    const ids = new Set(there);
    expect(ids.size).toBe(there.length);
    for (let i = 0; i < acknowledged; i++) {
      if (!ids.has(`d-${i}`)) throw new Error(`d-${i} of ${acknowledged} is lost`);
    }
  }
  expect(acknowledged).toBeGreaterThan(KILLS * 100);
});

it('is killed while it deletes: what it says of its rows stays right, and it goes on', async () => {
  folder = await storeFolder();
  const random = randomFrom(10);
  let next = 0;
  for (let kill = 0; kill < KILLS / 2; kill++) {
    const args = [folder.file, String(next), String(2 ** 20)];
    next = await writeAndKill(args, 60, random() * 20);
    const db = read(folder.file);
    for (const index of ['logs', 'conversions']) {
      const { rows } = db.prepare(`SELECT COUNT(*) AS rows FROM ${index}`).get() as {
        rows: number;
      };
      const slices = db
        .prepare('SELECT first_rowid, last_rowid, documents FROM slices WHERE index_name = ?')
        .all(index);
      const sum = slices.reduce((total, slice) => total + Number(slice['documents']), 0);
      expect(sum).toBe(rows);
    }
    const newest = db.prepare('SELECT COUNT(*) AS n FROM logs WHERE id = ?').get(`d-${next - 2}`);
    expect(newest).toEqual({ n: 1 });
    db.close();
  }
});
