import { headers } from '@nats-io/transport-node';
import { afterEach, expect, test } from 'vitest';
import { FRAME_KINDS } from '../../src/frames/header.ts';
import { connectEmitter, TestReader } from './nats-reader.ts';
import { type NatsServer, startNatsServer } from './nats-server.ts';
import { until } from './until.ts';

const open: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.stop();
});

async function startServer(config = '', port?: number): Promise<NatsServer> {
  const server = await startNatsServer({ config, ...(port !== undefined && { port }) });
  open.push(server);
  return server;
}

function startReader(nats: Record<string, unknown>): TestReader {
  const reader = new TestReader({ nats });
  open.push({ stop: () => reader.stop().catch(() => {}) });
  return reader;
}

async function startEmitter(url: string) {
  const emitter = await connectEmitter(url);
  open.push({ stop: () => emitter.close() });
  return emitter;
}

test('messages of every kind arrive whole, with subject, content type and time', async () => {
  const server = await startServer();
  const reader = startReader({ servers: server.url });
  const emitter = await startEmitter(server.url);
  await until('the source listens', () => reader.hasSaid('listening'));
  const beforeUs = Date.now() * 1000;
  const payload = Uint8Array.from({ length: 100_000 }, (_, i) => i * 7);
  const type = headers();
  type.set('Content-Type', 'application/json');
  for (const kind of FRAME_KINDS) emitter.publish(`spikeformer.${kind}.cpu.0`, payload);
  emitter.publish('spikeformer.spikes.cpu.1', '{}', { headers: type });
  emitter.publish('spikeformer.spikes.cpu', 'no chip');
  emitter.publish('spikeformer.ping.cpu.0', 'not for the source');
  emitter.publish('elsewhere.spikes.cpu.0', 'not for the source');
  emitter.publish('spikeformer.log.cpu.0', 'last');
  await until('all are there', () => reader.messages.length >= FRAME_KINDS.length + 3);
  expect(reader.messages.map((message) => message.subject)).toEqual([
    ...FRAME_KINDS.map((kind) => `spikeformer.${kind}.cpu.0`),
    'spikeformer.spikes.cpu.1',
    'spikeformer.spikes.cpu',
    'spikeformer.log.cpu.0',
  ]);
  expect(reader.messages[3]?.data).toEqual(payload);
  expect(reader.messages[3]?.contentType).toBeUndefined();
  expect(reader.messages[FRAME_KINDS.length]?.contentType).toBe('application/json');
  for (const { arrivedUs, sequence } of reader.messages) {
    expect(arrivedUs).toBeGreaterThan(beforeUs - 1_000_000);
    expect(arrivedUs).toBeLessThan(Date.now() * 1000 + 1_000_000);
    expect(Number.isInteger(arrivedUs)).toBe(true);
    expect(sequence).toBeUndefined();
  }
});

test('a service started before its server waits, says so once, and then works', async () => {
  const probe = await startNatsServer();
  const { port, url } = probe;
  await probe.stop();
  const reader = startReader({ servers: url });
  await until('it says that it waits', () => reader.said.length > 0);
  const emitterUrl = (await startServer('', port)).url;
  await until('the source listens', () => reader.hasSaid('listening'));
  const emitter = await startEmitter(emitterUrl);
  emitter.publish('spikeformer.health.cpu.0', 'here');
  await until('the message is there', () => reader.messages.length === 1);
  expect(reader.said).toEqual([
    `waiting 127.0.0.1:${port} connection refused: connect ECONNREFUSED 127.0.0.1:${port}`,
    `connected 127.0.0.1:${port}`,
    'listening',
  ]);
});

test('a service that waits for its server can be stopped', async () => {
  const probe = await startNatsServer();
  await probe.stop();
  const reader = new TestReader({ nats: { servers: probe.url, reconnect_wait: '5m' } });
  await until('it says that it waits', () => reader.said.length > 0);
  await reader.stop();
  expect(reader.link.connection).toBeUndefined();
});

test('a server killed under load: the source is back by itself, the gap visible', async () => {
  const server = await startServer();
  const reader = startReader({ servers: server.url });
  const emitter = await startEmitter(server.url);
  await until('the source listens', () => reader.hasSaid('listening'));
  let seq = 0;
  const load = setInterval(() => {
    for (let i = 0; i < 50; i++) emitter.publish('spikeformer.spikes.cpu.0', String(seq++));
  }, 1);
  try {
    await until('frames flow', () => reader.messages.length > 1000);
    await server.kill('SIGKILL');
    await until('it says that the server is gone', () => reader.hasSaid('disconnected'));
    const lastBefore = Number(textOf(reader.messages.at(-1)?.data));
    const countBefore = reader.messages.length;
    await until('frames are lost', () => seq > lastBefore + 500);
    await server.start();
    await until('frames flow again', () => reader.messages.length > countBefore + 1000);
    expect(reader.said.map((line) => line.split(' ')[0])).toEqual([
      'connected',
      'listening',
      'disconnected',
      'reconnected',
    ]);
    const seqs = reader.messages.map(({ data }) => Number(textOf(data)));
    const jumps = seqs.filter((value, i) => i > 0 && value !== (seqs[i - 1] as number) + 1);
    expect(jumps).toHaveLength(1);
    expect(jumps[0]).toBeGreaterThan(lastBefore + 1);
  } finally {
    clearInterval(load);
  }
});

test('draining on stop loses nothing that the server has handed over', async () => {
  const server = await startServer();
  let slowness = 0;
  const reader = new TestReader({
    nats: { servers: server.url },
    limits: { turnMsMax: 1 },
    onMessage: () => {
      for (let i = 0; i < 300; i++) slowness += Math.sqrt(i);
    },
  });
  open.push({ stop: () => reader.link.close() });
  const emitter = await startEmitter(server.url);
  await until('the source listens', () => reader.hasSaid('listening'));
  // To drain may take seconds only; a machine that does much else takes several times as long.
  const sent = 10_000;
  for (let i = 0; i < sent; i++) emitter.publish('spikeformer.spikes.cpu.0', String(i));
  // After the answer to its ping the server has given all of them to the source's connection.
  await emitter.flush();
  await reader.stop();
  expect(slowness).toBeGreaterThan(0);
  expect(reader.messages.map(({ data }) => Number(textOf(data)))).toEqual(
    Array.from({ length: sent }, (_, i) => i),
  );
  expect(reader.inbox.depth).toEqual({ messages: 0, bytes: 0 });
  expect(reader.drops.size).toBe(0);
});

test('a frozen server does not keep the service from stopping', async () => {
  const server = await startServer();
  const reader = startReader({ servers: server.url });
  await until('the source listens', () => reader.hasSaid('listening'));
  server.signal('SIGSTOP');
  await reader.stop();
  expect(reader.link.isConnected).toBe(false);
});

test('headers that the client can not parse stop nothing', async () => {
  const server = await startServer();
  const reader = startReader({ servers: server.url });
  await until('the source listens', () => reader.hasSaid('listening'));
  const { createConnection } = await import('node:net');
  const socket = createConnection(server.port, '127.0.0.1');
  open.push({ stop: async () => void socket.destroy() });
  const bad = 'NATS/1.0\r\nbad key: a\nb\r\n\r\n';
  socket.write('CONNECT {"verbose":false,"headers":true}\r\n');
  socket.write(`HPUB spikeformer.spikes.cpu.0 ${bad.length} ${bad.length + 2}\r\n${bad}{}\r\n`);
  socket.write('PUB spikeformer.spikes.cpu.0 2\r\nok\r\n');
  await until('both are there', () => reader.messages.length === 2);
  expect(reader.messages.map(({ data }) => textOf(data))).toEqual(['{}', 'ok']);
  expect(reader.messages[0]?.contentType).toBeUndefined();
});

test('an inlet that throws ends the run with its error', async () => {
  const server = await startServer();
  const reader = new TestReader({
    nats: { servers: server.url },
    onMessage: () => {
      throw new Error('a fault of the program');
    },
  });
  open.push({ stop: () => reader.link.close() });
  const emitter = await startEmitter(server.url);
  await until('the source listens', () => reader.hasSaid('listening'));
  emitter.publish('spikeformer.spikes.cpu.0', 'x');
  await expect(reader.ended).rejects.toThrow('a fault of the program');
});

function textOf(bytes: Uint8Array | undefined): string {
  return new TextDecoder().decode(bytes);
}
