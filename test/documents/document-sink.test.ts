import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { StoreError } from '../../src/sinks/documents/document-store.ts';
import { until } from '../integration/until.ts';
import { MemoryStore } from './memory-store.ts';
import { idAt, rateRecord, sinkInto } from './sink-under-test.ts';

const soon = () => AbortSignal.timeout(20_000);

test('records become documents of their index; other records are none', async () => {
  const store = new MemoryStore();
  const { sink, settled } = sinkInto(store);
  sink.take(rateRecord(1));
  sink.take({ record: 'activity', key: [], t0Us: 0, spanUs: 0, fields: { counters: {} } });
  sink.take(rateRecord(2));
  await sink.close(soon());
  expect([...store.documents.keys()]).toEqual([`rates/${idAt(0)}`, `rates/${idAt(2)}`]);
  expect([...settled]).toEqual([['rates created', 2]]);
});

test('a steady trickle is written by age, not only when it ends', async () => {
  const store = new MemoryStore();
  const { sink } = sinkInto(store, { batchMs: 30 });
  const trickle = setInterval(() => sink.take(rateRecord(0)), 5);
  await until('some are written', () => store.documents.size > 3);
  clearInterval(trickle);
  expect(store.offered.length).toBeGreaterThan(0);
  await sink.close(soon());
});

test('no more than two batches are on their way', async () => {
  const store = new MemoryStore();
  let open = () => {};
  store.gate = new Promise((resolve) => {
    open = resolve;
  });
  const { sink } = sinkInto(store, { batchDocumentsMax: 10 });
  for (let i = 0; i < 95; i++) sink.take(rateRecord(i));
  await until('two are on their way', () => store.writing === 2);
  await sleep(30);
  expect(store.offered).toHaveLength(2);
  open();
  await sink.close(soon());
  expect(store.writingMax).toBe(2);
  expect(store.documents.size).toBe(95);
});

test('what is one too many is dropped and counted, the newest; what waits is kept', async () => {
  const store = new MemoryStore();
  store.setupError = new Error('away');
  const { sink, dropped } = sinkInto(store, { documentsMax: 50, batchDocumentsMax: 10 });
  for (let i = 0; i < 60; i++) sink.take(rateRecord(i));
  expect([...dropped]).toEqual([['queue_full', 10]]);
  expect(sink.depth.messages).toBe(50);
  store.setupError = undefined;
  await sink.close(soon());
  expect([...store.documents.keys()]).toEqual(
    Array.from({ length: 50 }, (_, i) => `rates/${idAt(i)}`),
  );
  expect(sink.depth).toEqual({ messages: 0, bytes: 0 });
});

test('a batch is offered until it is taken, each time after a look at the store', async () => {
  const store = new MemoryStore();
  store.writeError = new Error('connection reset');
  const { sink, failures, settled } = sinkInto(store);
  await sink.start();
  for (let i = 0; i < 20; i++) sink.take(rateRecord(i));
  await until('it was tried four times', () => store.offered.length >= 4);
  expect(sink.oldestS).toBeGreaterThan(0);
  store.writeError = undefined;
  await sink.close(soon());
  expect(new Set(store.offered.map((ids) => ids.join())).size).toBe(1);
  expect(store.setups).toBe(store.offered.length);
  expect(failures.length).toBe(store.offered.length - 1);
  expect([...settled]).toEqual([['rates created', 20]]);
});

test('of a batch only what the store was too busy for is offered again', async () => {
  const store = new MemoryStore();
  const odd = (id: string) => Number(id.slice(-1)) % 2 === 1;
  store.isBusyFor = ({ id }) => store.offered.length < 3 && odd(id);
  const { sink, settled } = sinkInto(store);
  for (let i = 0; i < 10; i++) sink.take(rateRecord(i));
  await sink.close(soon());
  const all = Array.from({ length: 10 }, (_, i) => idAt(i));
  expect(store.offered).toEqual([all, all.filter(odd), all.filter(odd)]);
  expect([...settled]).toEqual([['rates created', 10]]);
});

test('refused documents are buried with their reason, and the rest is written', async () => {
  const store = new MemoryStore();
  const { sink, dead, settled } = sinkInto(store, { batchDocumentsMax: 7 });
  for (let i = 0; i < 100; i++) sink.take(rateRecord(i, i % 10 === 3 ? { spikes: 'many' } : {}));
  await sink.close(soon());
  expect(dead.map(({ document }) => document.id)).toEqual(
    Array.from({ length: 10 }, (_, i) => idAt(10 * i + 3)),
  );
  for (const { reason } of dead) expect(reason).toContain('spikes: needs a whole number');
  expect(Object.fromEntries(settled)).toEqual({ 'rates created': 90, 'rates refused': 10 });
});

test('a store that is away at the start is set up when it comes, without a document', async () => {
  const store = new MemoryStore();
  store.setupError = new Error('connection refused');
  const tested = sinkInto(store);
  await tested.sink.start();
  await until('it was tried again', () => store.setups >= 3);
  expect(tested.worked).toBe(0);
  store.setupError = undefined;
  await until('it is set up', () => tested.worked > 0);
  await tested.sink.close(soon());
});

test('a store that disagrees at the start is an error, and nothing is offered to it', async () => {
  const store = new MemoryStore();
  store.setupError = new StoreError('rates: field spikes: wanted long, found text');
  const { sink } = sinkInto(store);
  await expect(sink.start()).rejects.toThrow(store.setupError);
  expect(store.offered).toEqual([]);
});

test('what the store has not taken when the service must end is dropped and counted', async () => {
  const store = new MemoryStore();
  store.writeError = new Error('away');
  const { sink, dropped } = sinkInto(store, { batchDocumentsMax: 10 });
  for (let i = 0; i < 45; i++) sink.take(rateRecord(i));
  const closing = sink.close(AbortSignal.timeout(100));
  sink.take(rateRecord(45));
  await closing;
  sink.take(rateRecord(46));
  expect(Object.fromEntries(dropped)).toEqual({ stopped: 47 });
  expect(sink.depth).toEqual({ messages: 0, bytes: 0 });
});

test('a write that hangs does not keep the service from ending', async () => {
  const store = new MemoryStore();
  store.gate = new Promise(() => {});
  const { sink, dropped } = sinkInto(store);
  for (let i = 0; i < 5; i++) sink.take(rateRecord(i));
  await sink.close(AbortSignal.timeout(50));
  expect(Object.fromEntries(dropped)).toEqual({ stopped: 5 });
});

test('a batch that is taken ends the pause of the other', async () => {
  const store = new MemoryStore();
  let open = () => {};
  store.gate = new Promise((resolve) => {
    open = resolve;
  });
  const write = store.write.bind(store);
  let hasFailed = false;
  store.write = async (batch, signal) => {
    if (hasFailed || batch[0]?.id !== idAt(1)) return await write(batch, signal);
    hasFailed = true;
    throw new Error('away');
  };
  // By itself it would be tried again after some days.
  const days = { firstMs: 1e9, lastMs: 1e9 };
  const { sink, failures } = sinkInto(store, { batchDocumentsMax: 1 }, days);
  for (let i = 0; i < 2; i++) sink.take(rateRecord(i));
  await until('one has failed', () => failures.length === 1);
  open();
  await until('both are written', () => store.documents.size === 2);
  await sink.close(soon());
});
