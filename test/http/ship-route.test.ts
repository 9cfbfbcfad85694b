import { afterAll, beforeAll, expect, it } from 'vitest';
import { createHttpServer, type HttpServer } from '../../src/http/server.ts';
import { type StoreFolder, storeFolder } from '../documents/sqlite/store-folder.ts';
import { HTTP_OPTIONS } from './http-options.ts';

let folder: StoreFolder;
let server: HttpServer;
let close: () => Promise<unknown>;
beforeAll(async () => {
  folder = await storeFolder();
  const store = folder.open();
  server = await createHttpServer({ ...HTTP_OPTIONS, logs: { store, nowMs: () => 0 } });
  close = () => Promise.all([server.close(), store.close()]);
});
afterAll(async () => {
  await close();
  await folder.remove();
});

const NDJSON = 'application/x-ndjson';
const line = (id: string, fields: object = { message: 'm' }, more: object = {}) =>
  JSON.stringify({ id, index: 'logs', timeUs: 5, fields, ...more });

async function post(body: string, type = NDJSON) {
  const headers = { 'content-type': type };
  const response = await fetch(`${server.url}/api/logs/ship`, { method: 'POST', headers, body });
  return { status: response.status, told: (await response.json()) as Record<string, unknown> };
}

it('stores documents and tells what became of each', async () => {
  const body = [line('a'), line('b', { line: 'seven' }), line('a'), ''].join('\n');
  expect(await post(body)).toEqual({
    status: 200,
    told: { outcomes: ['created', { refused: expect.stringMatching(/^line: /) }, 'present'] },
  });
});

it.each([
  ['no JSON', 'no'],
  ['null', 'null'],
  ['of another index', line('c', {}, { index: 'runs' })],
  ['without an id', line('c', {}, { id: 7 })],
  ['without a time', line('c', {}, { timeUs: '5' })],
  ['without fields', line('c', {}, { fields: null })],
])('takes nothing of a request where a line is %s, and names the line', async (what, bad) => {
  const { status, told } = await post(`${line(what.replaceAll(' ', '-'))}\n${bad}\n`);
  expect(status).toBe(400);
  expect(told['error']).toContain('line 2');
  // The line before it was not taken either.
  expect((await post(line(what.replaceAll(' ', '-')))).told).toEqual({ outcomes: ['created'] });
});

it.each(['text/plain', 'application/json', 'application/x-www-form-urlencoded'])(
  'takes nothing of type %s, which a page elsewhere could send',
  async (type) => {
    expect((await post(line('x'), type)).status).toBe(415);
  },
);

it('takes so much at once', async () => {
  const many = Array.from({ length: 1001 }, (_, i) => line(`m-${i}`)).join('\n');
  expect(await post(many)).toMatchObject({ status: 400 });
  expect((await post(line('large', { message: 'x'.repeat(5_000_000) }))).status).toBe(413);
});
