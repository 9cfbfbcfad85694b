import { afterAll, beforeAll, expect, test } from 'vitest';
import type { StoredDocument } from '../../src/sinks/documents/document.ts';
import type { ElasticsearchStore } from '../../src/sinks/documents/elasticsearch/store.ts';
import { rateRecord, type SinkUnderTest, sinkInto } from '../documents/sink-under-test.ts';
import { writeThroughKills } from './documents-through-kills.ts';
import { type ElasticsearchServer, RESTARTS_MS_MAX, startElasticsearch } from './elasticsearch.ts';
import { openStore } from './elasticsearch-store.ts';
import { rightlyDead, writeMalformed } from './malformed-documents.ts';
import { storedIds } from './stored-ids.ts';
import { startGate } from './tcp-gate.ts';
import { until } from './until.ts';

let server: ElasticsearchServer;
const open: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  server = await startElasticsearch({ settings: { 'http.max_content_length': '1mb' } });
});
afterAll(async () => {
  for (const close of open.splice(0).reverse()) await close();
  await server.stop();
});

const RESTARTS = { timeout: RESTARTS_MS_MAX };
const never = new AbortController().signal;
const soon = () => AbortSignal.timeout(200_000);

async function storeFor(prefix: string, url = server.url): Promise<ElasticsearchStore> {
  const store = openStore({ url }, { index_prefix: prefix });
  open.push(() => store.close());
  await store.setup(never);
  return store;
}

function lines(count: number, from = 0): StoredDocument[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `line-${from + i}`,
    index: 'logs' as const,
    timeUs: 1_764_000_000_000_000 + i,
    fields: { level: 'INFO', message: `line ${from + i}` },
  }));
}

/** A sink that has set its store up: a starved one goes on with that after it has started. */
async function started(tested: SinkUnderTest): Promise<void> {
  await tested.sink.start();
  await until('it is set up', () => tested.worked > 0);
}

const idsIn = (index: string) => storedIds(server.client, index);

test('what a changed mapping refuses is dead; mended it is taken', async () => {
  const store = await storeFor('changed-');
  const { client } = server;
  const wanted = (await client.indices.getIndexTemplate({ name: 'changed-rates' }))
    .index_templates[0]?.index_template;
  const roll = async (type: 'ip' | 'keyword') => {
    const properties = { ...wanted?.template?.mappings?.properties, neuron_type: { type } };
    await client.indices.putIndexTemplate({
      name: 'changed-rates',
      index_patterns: ['changed-rates'],
      priority: 500,
      data_stream: {},
      template: { mappings: { dynamic: 'strict', properties } },
    });
    await client.indices.rollover({ alias: 'changed-rates' });
  };
  const tested = sinkInto(store, { batchDocumentsMax: 50 });
  const { sink, dead, settled } = tested;
  await started(tested);
  await roll('ip');
  for (let i = 0; i < 200; i++) {
    sink.take(rateRecord(i, { neuron_type: i % 20 === 7 ? 'lif' : '10.0.0.1' }));
  }
  await sink.close(soon());
  expect(Object.fromEntries(settled)).toEqual({ 'rates created': 190, 'rates refused': 10 });
  expect(dead).toHaveLength(10);
  for (const { reason, document } of dead) {
    expect(document.fields['neuron_type']).toBe('lif');
    expect(reason).toMatch(/failed to parse field \[neuron_type\].*'lif'/);
  }
  await roll('keyword');
  const again = await store.write(
    dead.map(({ document }) => document),
    never,
  );
  expect(again).toEqual(dead.map(() => 'created'));
  expect((await idsIn('changed-rates')).size).toBe(200);
});

test('1 % malformed on purpose: exactly those are dead, each with its reason', async () => {
  const tested = await writeMalformed(await storeFor('malformed-'), 5000);
  const { dead, dropped, settled } = tested;
  expect(Object.fromEntries(settled)).toEqual({ 'rates created': 4950, 'rates refused': 50 });
  expect([dead.length, rightlyDead(tested), dropped.size]).toEqual([50, 50, 0]);
  expect((await idsIn('malformed-rates')).size).toBe(4950);
});

test('a batch that may have been written before a rollover is not written twice', async () => {
  const gate = await startGate(server.port);
  open.push(() => gate.close());
  const store = await storeFor('rolled-', gate.url);
  const batch = lines(100);
  gate.losesAnswers = true;
  await expect(store.write(batch, never)).rejects.toThrow('did not take documents');
  gate.losesAnswers = false;
  expect((await idsIn('rolled-logs')).size).toBe(100);
  await server.client.indices.rollover({ alias: 'rolled-logs' });
  expect(new Set(await store.write(batch, never))).toEqual(new Set(['present']));
  const ids = await idsIn('rolled-logs');
  expect(ids.size).toBe(100);
  expect(new Set(ids.values())).toEqual(new Set([1]));
});

test('a batch that is too large for a request is cut until it fits', async () => {
  const store = openStore(server, { index_prefix: 'large-', gzip: false });
  open.push(() => store.close());
  await store.setup(never);
  const message = 'word '.repeat(1000);
  const batch = lines(500).map((line) => ({ ...line, fields: { ...line.fields, message } }));
  expect(new Set(await store.write(batch, never))).toEqual(new Set(['created']));
  expect((await idsIn('large-logs')).size).toBe(500);
});

test(
  'killed with -9 twice and restarted: every id is there exactly once, none dead',
  RESTARTS,
  async () => {
    const plan = { kills: 2, before: 10_000, after: 2000 };
    const { documents, dead, dropped, settled } = await writeThroughKills(
      server,
      await storeFor('killed-'),
      plan,
    );
    expect(documents).toBe(24_000);
    expect([dead, [...dropped]]).toEqual([[], []]);
    expect([...settled.values()].reduce((sum, count) => sum + count, 0)).toBe(documents);
    const ids = await idsIn('killed-rates');
    expect(ids.size).toBe(documents);
    expect(new Set(ids.values())).toEqual(new Set([1]));
  },
);

test(
  'what is gone with all data is set up again, not made with any fields that come',
  RESTARTS,
  async () => {
    const store = await storeFor('gone-');
    const tested = sinkInto(store);
    const { sink, settled, failures, made } = tested;
    await started(tested);
    await server.kill('SIGKILL');
    await server.loseData();
    await server.start();
    sink.take(rateRecord(0));
    await sink.close(soon());
    expect(failures.map(String).join()).toMatch(/did not take documents: .*gone-rates/);
    expect(made).toContain('data stream gone-rates made');
    expect(Object.fromEntries(settled)).toEqual({ 'rates created': 1 });
    const [found] = Object.values(await server.client.indices.getMapping({ index: 'gone-rates' }));
    expect(found?.mappings.dynamic).toBe('strict');
  },
);
