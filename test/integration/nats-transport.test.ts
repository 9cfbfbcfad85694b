import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { isInKernelMemory } from '../../src/kernels/memory.ts';
import { claim } from '../../src/sources/claims.ts';
import { connectNats } from '../../src/sources/nats-transport.ts';
import { TestAuthority } from './certificates.ts';
import { connectEmitter, TestReader } from './nats-reader.ts';
import { startNatsServer } from './nats-server.ts';
import { type ScriptedNats, startScriptedNats } from './scripted-nats.ts';
import { until } from './until.ts';

const SPIKES = 'spikeformer.spikes.>';

const open: { stop(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.stop();
});

interface Reading {
  readonly reader: TestReader;
  /** Of each message: whether it was read where kernels work. */
  readonly inPlace: boolean[];
}

async function startReading(nats: Record<string, unknown>): Promise<Reading> {
  const inPlace: boolean[] = [];
  const reader = new TestReader({
    nats,
    // However slow the machine is: what waits in an inbox is a copy.
    limits: { turnMsMax: Number.POSITIVE_INFINITY },
    onMessage: ({ data }) => inPlace.push(isInKernelMemory(data)),
  });
  open.push({ stop: () => reader.stop().catch(() => {}) });
  await until('the source listens', () => reader.hasSaid('listening'));
  return { reader, inPlace };
}

async function startScripted(): Promise<ScriptedNats> {
  const server = await startScriptedNats();
  open.push(server);
  return server;
}

const texts = ({ messages }: TestReader) =>
  messages.map(({ data }) => Buffer.from(data).toString());
const message = (sid: string | undefined, text: string) =>
  `MSG spikeformer.spikes.cpu.0 ${sid} ${text.length}\r\n${text}\r\n`;

const MAX_PAYLOAD = 'max_payload: 32MB, max_pending: 128MB';
const SIZES = [33_000, 524_700, 3_000_000, 10, 20_000_000, 33_000, 0, 900_000, 5];

async function expectLargeFrames(url: string, { reader, inPlace }: Reading): Promise<void> {
  const emitter = await connectEmitter(url);
  open.push({ stop: () => emitter.close() });
  for (const [i, size] of SIZES.entries()) {
    emitter.publish('spikeformer.spikes.cpu.0', new Uint8Array(size).fill(i + 1));
  }
  await until('all are there', () => reader.messages.length === SIZES.length);
  for (const [i, { data }] of reader.messages.entries()) {
    expect(data.length).toBe(SIZES[i]);
    expect(data.every((byte) => byte === i + 1)).toBe(true);
  }
  // What is too large to be read in one piece comes by the client, and in its turn.
  expect(inPlace).toEqual(SIZES.map((size) => size < 16_000_000));
  const counted = reader.link.connection?.stats();
  expect(counted?.inMsgs).toBe(SIZES.length);
  expect(counted?.inBytes).toBe(SIZES.reduce((sum, size) => sum + size, 0));
}

test('frames of all sizes arrive whole, in order, where kernels work', async () => {
  const server = await startNatsServer({ config: MAX_PAYLOAD });
  open.push(server);
  await expectLargeFrames(server.url, await startReading({ servers: server.url }));
});

test('so they do through TLS', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spikescope-tls-'));
  open.push({ stop: async () => rmSync(folder, { recursive: true, force: true }) });
  const authority = new TestAuthority(folder);
  const { cert, key } = authority.issue('server');
  const config = `${MAX_PAYLOAD}\ntls { cert_file: "${cert}", key_file: "${key}" }`;
  const server = await startNatsServer({ config });
  open.push(server);
  const tls = { ca_file: authority.ca.cert };
  const reading = await startReading({ servers: server.url, tls });
  // The emitter of this test has no way through TLS: another reader's connection has.
  const { link } = (await startReading({ servers: server.url, tls })).reader;
  for (const [i, size] of SIZES.entries()) {
    link.connection?.publish('spikeformer.spikes.cpu.0', new Uint8Array(size).fill(i + 1));
  }
  await until('all are there', () => reading.reader.messages.length === SIZES.length);
  expect(reading.reader.messages.map(({ data }) => data.length)).toEqual(SIZES);
  expect(reading.reader.messages.every(({ data }, i) => data.every((byte) => byte === i + 1))).toBe(
    true,
  );
  expect(reading.inPlace).toEqual(SIZES.map((size) => size < 16_000_000));
});

test('a connection that is cut in the middle of a message leaves nothing behind', async () => {
  const server = await startScripted();
  const { reader } = await startReading({ servers: server.url });
  const whole = message(server.sids.get(SPIKES), 'the first one');
  const cuts = [3, 20, whole.length - 5, whole.length - 1];
  for (const [i, cut] of cuts.entries()) {
    server.write(message(server.sids.get(SPIKES), `before ${i}`) + whole.slice(0, cut));
    await until('the first is there', () => reader.messages.length === 2 * i + 1);
    server.cut();
    await until('it is connected again', () => reader.link.connects === i + 2);
    await until('it has subscribed', () => server.sids.has(SPIKES));
    server.write(message(server.sids.get(SPIKES), `after ${i}`));
    await until('the next is there', () => reader.messages.length === 2 * i + 2);
  }
  expect(texts(reader)).toEqual(cuts.flatMap((_, i) => [`before ${i}`, `after ${i}`]));
});

test('what a server breaks the protocol with ends the connection at once', async () => {
  const server = await startScripted();
  const { reader } = await startReading({ servers: server.url });
  server.write(`${message(server.sids.get(SPIKES), 'one')}no protocol at all\r\n`);
  await until('it is connected again', () => reader.link.connects === 2);
  await until('it has subscribed', () => server.sids.has(SPIKES));
  server.write(message(server.sids.get(SPIKES), 'two'));
  await until('both are there', () => reader.messages.length === 2);
  expect(texts(reader)).toEqual(['one', 'two']);
});

test('messages past the client keep their place among those that it reads', async () => {
  const server = await startScripted();
  const order: string[] = [];
  const { reader } = await startReading({ servers: server.url });
  const { connection } = reader.link;
  const other = connection?.subscribe('other', {
    callback: (_error, { data }) => void order.push(`client ${Buffer.from(data)}`),
  });
  await connection?.flush();
  reader.inbox.connect(
    {
      message: ({ data }) => order.push(`source ${Buffer.from(data)}`),
      frame: () => {},
    },
    () => {},
  );
  const sid = server.sids.get(SPIKES);
  const script = [0, 1, 2, 3, 4, 5].map((i) =>
    i % 2 === 0 ? message(sid, String(i)) : `MSG other ${other?.getID()} 1\r\n${i}\r\nPING\r\n`,
  );
  const expected = [0, 1, 2, 3, 4, 5].map((i) => `${i % 2 === 0 ? 'source' : 'client'} ${i}`);
  // In one read, and in reads of all lengths.
  server.write(script.join(''));
  await until('all are there', () => order.length === 6);
  expect(order.splice(0)).toEqual(expected);
  for (let cut = 1; cut < script.join('').length; cut += 7) {
    server.write(script.join('').slice(0, cut));
    await new Promise((resolve) => setTimeout(resolve, 2));
    server.write(script.join('').slice(cut));
    await until('all are there', () => order.length === 6);
    expect(order.splice(0)).toEqual(expected);
  }
  const counted = reader.link.connection?.stats().inMsgs;
  expect((counted ?? 0) % 6).toBe(0);
});

test('pings are answered where nothing comes but messages past the client', async () => {
  const server = await startScripted();
  const connection = await connectNats({ servers: server.url, pingInterval: 20, maxPingOut: 1000 });
  open.push({ stop: () => connection.close() });
  const pending: number[] = [];
  void (async () => {
    for await (const status of connection.status()) {
      if (status.type === 'ping') pending.push(status.pendingPings);
    }
  })();
  let taken = 0;
  const subscription = connection.subscribe('spikes', { callback: () => {} });
  claim(connection, subscription, () => taken++);
  await connection.flush();
  const load = setInterval(() => {
    server.write(`MSG spikes ${subscription.getID()} 1\r\nx\r\n`.repeat(100));
  }, 1);
  try {
    // Each is the only one that waits: those before it were answered.
    await until('pings are answered', () => pending.filter((count) => count === 1).length > 5);
  } finally {
    clearInterval(load);
  }
  await connection.flush();
  expect(taken).toBeGreaterThan(100);
  expect(subscription.getReceived()).toBe(taken);
  expect(connection.stats().inMsgs).toBe(taken);
});

test('another client of the process does not take the way of reading away', async () => {
  const server = await startNatsServer({});
  open.push(server);
  const { reader, inPlace } = await startReading({ servers: server.url });
  // Sets its own transport for all.
  const emitter = await connectEmitter(server.url);
  open.push({ stop: () => emitter.close() });
  await server.kill();
  await until('it says so', () => reader.hasSaid('disconnected'));
  await server.start();
  await until('it is connected again', () => reader.link.connects === 2);
  await until('it arrives', () => {
    emitter.publish('spikeformer.spikes.cpu.0', 'again');
    return inPlace.length > 0;
  });
  expect(inPlace.every((is) => is)).toBe(true);
  // A client that was not told to read like this has the stock transport, set or not.
  const data: Uint8Array[] = [];
  emitter.subscribe('kept', { callback: (_error, { data: one }) => void data.push(one) });
  for (let i = 0; i < 100; i++) emitter.publish('kept', String(i).repeat(1000));
  await emitter.flush();
  await until('all are there', () => data.length === 100);
  expect(data.map((one) => Buffer.from(one).toString())).toEqual(
    Array.from({ length: 100 }, (_, i) => String(i).repeat(1000)),
  );
});
