import { spawn } from 'node:child_process';
import { appendFile, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createHttpServer } from '../../../src/http/server.ts';
import type { StoredDocument } from '../../../src/sinks/documents/document.ts';
import type { DocumentStore } from '../../../src/sinks/documents/document-store.ts';
import { type StoreFolder, storeFolder } from '../../documents/sqlite/store-folder.ts';
import { HTTP_OPTIONS } from '../../http/http-options.ts';
import { until } from '../../integration/until.ts';
import { runProgram } from '../program.ts';

const MAIN = join(import.meta.dirname, '../../../src/cli/main.ts');

let folder: StoreFolder;
let state = '';
let log = '';
const open: (() => Promise<unknown>)[] = [];
beforeEach(async () => {
  folder = await storeFolder();
  state = dirname(folder.file);
  log = join(state, 'trainer.log');
});
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
  await folder.remove();
});

/** Every line that is stored, in the order of time. */
async function stored(store?: DocumentStore): Promise<StoredDocument[]> {
  const reader = store ?? folder.open();
  const all = { index: 'logs', fromMs: 0, toMs: 4e12 } as const;
  const lines = await reader.queries.list(all, 'oldest', 10_000);
  if (store === undefined) await reader.close();
  return lines;
}

const messages = (lines: readonly StoredDocument[]) => lines.map(({ fields }) => fields['message']);

/** Lines of the kit, a second apart. */
function lines(count: number, from = 0): string {
  const texts = Array.from({ length: count }, (_, i) => {
    const timestamp = new Date(1_764_000_000_000 + (from + i) * 1000).toISOString();
    return `${JSON.stringify({ timestamp, level: 'INFO', message: `line ${from + i}` })}\n`;
  });
  return texts.join('');
}

/** `logs ship` as a process that goes on. */
function start(...args: readonly string[]) {
  const child = spawn(process.execPath, [MAIN, 'logs', 'ship', ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (text) => {
    out += text;
  });
  child.stderr.on('data', (text) => {
    err += text;
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  open.push(() => {
    child.kill('SIGKILL');
    return ended;
  });
  return { child, ended, totals: () => JSON.parse(out) as object, log: () => err };
}

/** How far all files were read, as it is noted. */
async function bytesRead(): Promise<number> {
  const [name = ''] = (await readdir(join(state, 'ship'))).filter((each) => each.endsWith('.json'));
  const { files } = JSON.parse(await readFile(join(state, 'ship', name), 'utf8')) as {
    readonly files: readonly { readonly offset: number }[];
  };
  return files.reduce((sum, { offset }) => sum + offset, 0);
}

it('ships files to their ends, and the same lines never twice', async () => {
  await writeFile(log, `${lines(3)}plain text\n`);
  const args = ['logs', 'ship', log, '--once', '--state', state];
  const first = await runProgram(...args);
  expect([first.code, first.stderr]).toEqual([0, '']);
  expect(JSON.parse(first.stdout)).toMatchObject({ lines: 4, created: 4, present: 0, refused: 0 });
  const there = await stored();
  expect(messages(there)).toEqual(['line 0', 'line 1', 'line 2', 'plain text']);
  for (const { fields } of there) expect(fields['service']).toBe('trainer');
  await appendFile(log, lines(1, 3));
  expect(JSON.parse((await runProgram(...args)).stdout)).toMatchObject({ lines: 1, created: 1 });
  // Where it does not know any more what it read, the ids do.
  await rm(join(state, 'ship'), { recursive: true });
  expect(JSON.parse((await runProgram(...args)).stdout)).toMatchObject({
    ...{ lines: 5, created: 0, present: 5 },
  });
});

it('ships stdin to its end', async () => {
  const { child, ended, totals } = start('--service', 'api', '--state', state);
  child.stdin.end(`${lines(2)}\nthe last, without an end`);
  expect(await ended).toBe(0);
  expect(totals()).toMatchObject({ lines: 3, created: 3 });
  const there = await stored();
  expect(messages(there)).toEqual(['line 0', 'line 1', 'the last, without an end']);
  expect(there[0]?.fields['service']).toBe('api');
});

it('follows a file over its rotation until it is told to stop', async () => {
  const { child, ended, totals, log: said } = start(log, '--state', state);
  await until('it waits', () => said().includes(`waiting for ${log}`));
  await writeFile(log, lines(2));
  const reader = folder.open();
  open.push(() => reader.close());
  const all = { index: 'logs', fromMs: 0, toMs: 4e12 } as const;
  const count = () => reader.queries.count(all).catch(() => 0);
  await until('two lines are there', async () => (await count()) === 2);
  await appendFile(log, lines(1, 2));
  await rename(log, `${log}.1`);
  await writeFile(log, lines(2, 3));
  await until('five lines are there', async () => (await count()) === 5);
  // It hears of what the store has a little later, and then notes how far it came.
  await until('it knows', async () => (await bytesRead()) === lines(5).length);
  child.kill('SIGTERM');
  expect(await ended).toBe(0);
  expect(totals()).toMatchObject({ lines: 5, created: 5, present: 0 });
  expect(messages(await stored())).toEqual([0, 1, 2, 3, 4].map((i) => `line ${i}`));
});

it('has every line once after it was killed with -9 while it shipped', async () => {
  let count = 0;
  const grow = async (more: number) => {
    await appendFile(log, lines(more, count));
    count += more;
  };
  for (let kill = 0; kill < 3; kill++) {
    const before = count;
    await grow(2000);
    const { child, ended } = start(log, '--state', state);
    const reader = folder.open();
    const all = { index: 'logs', fromMs: 0, toMs: 4e12 } as const;
    await until(
      'some lines are there',
      async () => (await reader.queries.count(all).catch(() => 0)) > before,
    );
    // However fast it is, there is more to ship when it is killed.
    await grow(1000);
    child.kill('SIGKILL');
    await ended;
    await reader.close();
  }
  const { code } = await runProgram('logs', 'ship', log, '--once', '--state', state);
  expect(code).toBe(0);
  const there = messages(await stored());
  expect(there).toEqual(Array.from({ length: count }, (_, i) => `line ${i}`));
});

it('ships through the service that has the store, and waits while that is away', async () => {
  const store = folder.open();
  await store.setup(new AbortController().signal);
  open.push(() => store.close());
  await writeFile(log, lines(700));
  const direct = await runProgram('logs', 'ship', log, '--once', '--state', state);
  expect(direct.code).toBe(1);
  expect(direct.stderr).toMatch(/is written by process \d+.*\n.*--to http:/);
  const token = 'a-token-of-this-test';
  const options = { ...HTTP_OPTIONS, token, logs: { store, nowMs: () => 0 } };
  const first = await createHttpServer(options);
  const port = Number(new URL(first.url).port);
  await first.close();
  await writeFile(join(state, 'token'), `${token}\n`);
  const {
    ended,
    totals,
    log: said,
  } = start(
    ...[log, '--once', '--to', first.url, '--token-file', join(state, 'token'), '--state', state],
  );
  await until('it waits', () => said().includes('waiting for the store: '));
  const service = await createHttpServer({ ...options, port });
  open.push(() => service.close());
  expect(await ended).toBe(0);
  expect(totals()).toMatchObject({ lines: 700, created: 700 });
  expect(messages(await stored(store))).toEqual(Array.from({ length: 700 }, (_, i) => `line ${i}`));
  const refused = await runProgram('logs', 'ship', log, '--once', '--to', service.url);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('401');
});

it('says what is wrong with what it was given', async () => {
  const said = async (...args: readonly string[]) => {
    const { code, stderr } = await runProgram('logs', 'ship', ...args, '--state', state);
    return `${code} ${stderr}`;
  };
  expect(await said(log, '--once')).toMatch(/^2 .*trainer\.log is not there/);
  expect(await said(state, '--once')).toMatch(/^2 .* is no file/);
  expect(await said('--to', 'localhost:9464')).toMatch(/^2 .*--to needs the URL/);
});
