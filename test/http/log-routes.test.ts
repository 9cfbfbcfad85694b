import { afterAll, beforeAll, expect, it } from 'vitest';
import { reportAnomalies, reportPatterns } from '../../src/http/log-reports.ts';
import type { LogRouteOptions } from '../../src/http/log-routes.ts';
import { createHttpServer, type HttpServer } from '../../src/http/server.ts';
import type { DocumentStore } from '../../src/sinks/documents/document-store.ts';
import { generateDocuments } from '../documents/generate-documents.ts';
import { storeFolder } from '../documents/sqlite/store-folder.ts';
import { until } from '../integration/until.ts';
import { HTTP_OPTIONS } from './http-options.ts';

const NOW_MS = 1_764_000_000_000;
const signal = new AbortController().signal;

let store: DocumentStore;
let server: HttpServer;
const open: (() => Promise<void>)[] = [];
const failed: unknown[] = [];

async function serve(logs: LogRouteOptions): Promise<HttpServer> {
  const options = { ...HTTP_OPTIONS, logs, failed: (...args: unknown[]) => failed.push(args) };
  const started = await createHttpServer(options);
  open.push(() => started.close());
  return started;
}

beforeAll(async () => {
  const folder = await storeFolder();
  store = folder.open();
  open.push(
    () => store.close(),
    () => folder.remove(),
  );
  const range = { seed: 4, count: 2000, fromMs: NOW_MS - 7_200_000, toMs: NOW_MS + 1 };
  await store.write(generateDocuments(range), signal);
  server = await serve({ store, nowMs: () => NOW_MS });
});
afterAll(async () => {
  for (const close of open) await close();
});

const get = async (path: string, from = server) => {
  const response = await fetch(`${from.url}${path}`);
  return { status: response.status, type: response.headers.get('content-type'), response };
};

it('gives the patterns of a range, an hour by default', async () => {
  const { status, type, response } = await get('/api/logs/analyze');
  expect(status).toBe(200);
  expect(type).toMatch(/^application\/json/);
  const range = { fromMs: NOW_MS - 3_600_000, toMs: NOW_MS + 1 };
  expect(await response.text()).toBe(JSON.stringify(await reportPatterns(store.queries, range)));
});

it('gives the anomalies of a range', async () => {
  const { status, response } = await get('/api/logs/anomalies?since=2h&until=30m');
  expect(status).toBe(200);
  const range = { fromMs: NOW_MS - 7_200_000, toMs: NOW_MS - 1_800_000 };
  const expected = await reportAnomalies(store.queries, range);
  expect(expected.length).toBeGreaterThan(0);
  expect(await response.text()).toBe(JSON.stringify(expected));
});

it.each([
  ['since=tomorrow', 'since', /since: needs a time ago.*got "tomorrow"/],
  ['until=1', 'until', /until: /],
  ['since=1h&until=2h', 'since', /before the end/],
  ['since=1h&since=2h', 'since', /more than once/],
  ['sinse=1h', 'sinse', /known are since and until/],
])('refuses %s, and names the parameter', async (query, parameter, text) => {
  for (const name of ['analyze', 'anomalies']) {
    const { status, response } = await get(`/api/logs/${name}?${query}`);
    expect(status).toBe(400);
    expect(await response.json()).toEqual({ parameter, error: expect.stringMatching(text) });
  }
});

it('says so where no documents are kept', async () => {
  const bare = await serve({ store: undefined, nowMs: () => NOW_MS });
  const { status, response } = await get('/api/logs/analyze', bare);
  expect(status).toBe(404);
  expect(await response.json()).toEqual({ error: expect.stringContaining('documents.store') });
});

it('tells the log why a store did not answer, and not who asked', async () => {
  const folder = await storeFolder();
  const missing = folder.open();
  const broken = await serve({ store: missing, nowMs: () => NOW_MS });
  const { status, response } = await get('/api/logs/anomalies', broken);
  await missing.close();
  await folder.remove();
  expect(status).toBe(500);
  expect(await response.text()).not.toContain(folder.file);
  expect(String(failed.at(-1))).toContain(folder.file);
});

it('asks the store for so much at once, and others to come again', async () => {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const count = async () => held.then(() => 0);
  const slow: DocumentStore = Object.create(store, {
    queries: { value: { ...store.queries, count } },
  });
  const busy = await serve({ store: slow, nowMs: () => NOW_MS });
  const asked = Array.from({ length: 6 }, () => get('/api/logs/anomalies', busy));
  const early: Awaited<ReturnType<typeof get>>[] = [];
  for (const each of asked) void each.then((answer) => early.push(answer));
  await until('two are turned away', () => early.length === 2);
  expect(early.map(({ status }) => status)).toEqual([503, 503]);
  expect(early[0]?.response.headers.get('retry-after')).toBe('5');
  release();
  const statuses = (await Promise.all(asked)).map(({ status }) => status);
  expect(statuses.sort()).toEqual([200, 200, 200, 200, 503, 503]);
  expect((await get('/api/logs/anomalies', busy)).status).toBe(200);
});
