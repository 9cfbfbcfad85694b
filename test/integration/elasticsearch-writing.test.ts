import { afterAll, beforeAll, expect, test } from 'vitest';
import type { StoredDocument } from '../../src/sinks/documents/document.ts';
import type { ElasticsearchStore } from '../../src/sinks/documents/elasticsearch/store.ts';
import { rateRecord, sinkInto } from '../documents/sink-under-test.ts';
import { type ElasticsearchServer, startElasticsearch } from './elasticsearch.ts';
import { openStore } from './elasticsearch-store.ts';
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

const never = new AbortController().signal;
const soon = () => AbortSignal.timeout(30_000);

async function storeFor(prefix: string, url = server.url): Promise<ElasticsearchStore> {
  const store = openStore({ url }, { index_prefix: prefix, request_timeout: '5s' });
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

/** Every id of an index with how often it is there. */
async function idsIn(index: string): Promise<Map<string, number>> {
  await server.client.indices.refresh({ index });
  const counts = new Map<string, number>();
  let after: (string | number)[] | undefined;
  do {
    const page = await server.client.search({
      index,
      size: 10_000,
      _source: false,
      sort: [{ record_id: 'asc' }],
      ...(after !== undefined && { search_after: after }),
    });
    const { hits } = page.hits;
    for (const { _id } of hits) counts.set(_id ?? '', (counts.get(_id ?? '') ?? 0) + 1);
    after = hits.length === 10_000 ? (hits.at(-1)?.sort as string[]) : undefined;
  } while (after !== undefined);
  return counts;
}

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
  const { sink, dead, settled } = sinkInto(store, { batchDocumentsMax: 50 });
  await sink.start();
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
  const store = await storeFor('malformed-');
  const { sink, dead, settled } = sinkInto(store);
  const faults: readonly (readonly [string, object])[] = [
    ['spikes: needs a whole number', { spikes: 'many' }],
    ['spikes: needs a whole number', { spikes: 2.5 }],
    ['mean_rate_hz: needs a finite number', { mean_rate_hz: Number.NaN }],
    ['layer_name: needs a string', { layer_name: 7 }],
    ['surprise: is no field of rates', { surprise: 1 }],
  ];
  const wrong = (i: number) =>
    i % 100 === 42 ? faults[Math.floor(i / 100) % faults.length] : undefined;
  for (let i = 0; i < 5000; i++) sink.take(rateRecord(i, wrong(i)?.[1]));
  await sink.close(soon());
  expect(Object.fromEntries(settled)).toEqual({ 'rates created': 4950, 'rates refused': 50 });
  expect(dead).toHaveLength(50);
  for (const { reason, document } of dead) {
    const position = Number(document.id.slice(-12));
    expect(reason).toContain(wrong(position)?.[0]);
  }
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

test('killed with -9 twice and restarted: every id is there exactly once, none dead', async () => {
  const store = await storeFor('killed-');
  const { sink, dead, dropped, settled, failures } = sinkInto(store, { batchDocumentsMax: 500 });
  const taken = () => [...settled.values()].reduce((sum, count) => sum + count, 0);
  let count = 0;
  const take = (more: number) => {
    for (const end = count + more; count < end; count++) sink.take(rateRecord(count));
  };
  for (let kill = 0; kill < 2; kill++) {
    take(10_000);
    // Killed in the midst of its work, however fast it is: more comes after than has been written.
    const before = taken();
    await until('some are written', () => taken() > before);
    const failed = failures.length;
    const killed = server.kill('SIGKILL');
    take(2000);
    await killed;
    await until('it is missed', () => failures.length > failed);
    await server.start();
  }
  await sink.close(soon());
  expect([dead, [...dropped]]).toEqual([[], []]);
  expect(taken()).toBe(count);
  const ids = await idsIn('killed-rates');
  expect(ids.size).toBe(count);
  expect(new Set(ids.values())).toEqual(new Set([1]));
});

test('what is gone with all data is set up again, not made with any fields that come', async () => {
  const store = await storeFor('gone-');
  const { sink, settled, failures, made } = sinkInto(store);
  await sink.start();
  await server.kill('SIGKILL');
  await server.loseData();
  await server.start();
  sink.take(rateRecord(0));
  await sink.close(soon());
  expect(String(failures[0])).toContain('too busy for 1 of 1 documents');
  expect(made).toContain('data stream gone-rates made');
  expect(Object.fromEntries(settled)).toEqual({ 'rates created': 1 });
  const [found] = Object.values(await server.client.indices.getMapping({ index: 'gone-rates' }));
  expect(found?.mappings.dynamic).toBe('strict');
});
