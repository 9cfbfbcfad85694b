import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { afterEach, expect, test } from 'vitest';
import type { DeadMessage, InboundMessage } from '../../src/component/message.ts';
import { DEAD_LETTER_LIMITS, deadLetters } from '../../src/sinks/dead-letters.ts';
import { NatsOutbox, type OutboxLimits } from '../../src/sinks/nats-outbox.ts';
import { connectEmitter } from './nats-reader.ts';
import { type NatsServer, startNatsServer } from './nats-server.ts';
import { until } from './until.ts';

interface Kept {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers: Readonly<Record<string, string[]>>;
}

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function start(config = ''): Promise<NatsServer> {
  const server = await startNatsServer({ config });
  open.push(() => server.stop());
  return server;
}

async function connectTo(server: NatsServer): Promise<NatsConnection> {
  const connection = await connectEmitter(server.url);
  open.push(() => connection.close());
  return connection;
}

async function collect(connection: NatsConnection): Promise<Kept[]> {
  const kept: Kept[] = [];
  const callback = (_error: Error | null, message: Msg) => {
    const fields = Object.fromEntries(
      (message.headers?.keys() ?? []).map((key) => [key, message.headers?.values(key) ?? []]),
    );
    kept.push({ subject: message.subject, data: new Uint8Array(message.data), headers: fields });
  };
  connection.subscribe('spikeformer.dead.>', { callback });
  await connection.flush();
  return kept;
}

interface Letters {
  readonly offer: (dead: DeadMessage) => void;
  readonly outbox: NatsOutbox;
  readonly drops: Map<string, number>;
}

function startLetters(
  connection: () => NatsConnection | undefined,
  limits: Partial<OutboxLimits> = {},
): Letters {
  const drops = new Map<string, number>();
  const outbox = new NatsOutbox({
    connection,
    limits: { ...DEAD_LETTER_LIMITS, retryMs: 20, ...limits },
    dropped: (reason, count) => drops.set(reason, (drops.get(reason) ?? 0) + count),
  });
  open.push(() => outbox.close(AbortSignal.abort()));
  return { offer: deadLetters('spikeformer', outbox), outbox, drops };
}

function dead(data: Uint8Array, more: Partial<InboundMessage & DeadMessage> = {}): DeadMessage {
  const message: InboundMessage = {
    subject: more.subject ?? 'spikeformer.spikes.cpu.0',
    data,
    contentType: more.contentType,
    arrivedUs: 0,
    sequence: more.sequence,
  };
  const detail = more.detail ?? 'neuron_id: value 3: 7 is not below neuron_count 7';
  return { message, reason: more.reason ?? 'neuron_outside_population', detail };
}

test('a dead message arrives with its bytes and what was wrong with it', async () => {
  const server = await start();
  const kept = await collect(await connectTo(server));
  const connection = await connectTo(server);
  const { offer, outbox, drops } = startLetters(() => connection);
  // A view on a Buffer is what the client hands on.
  const bytes = Buffer.from(Uint8Array.from({ length: 70_000 }, (_, i) => i * 31));
  const expected = new Uint8Array(bytes);
  offer(dead(bytes, { sequence: 42, contentType: 'application/msgpack' }));
  bytes.fill(0);
  offer(dead(new Uint8Array(0), { reason: 'malformed', detail: 'payload: is empty' }));
  await until('both are there', () => kept.length === 2);
  expect(kept[0]?.subject).toBe('spikeformer.dead.neuron_outside_population');
  expect(kept[0]?.data).toEqual(expected);
  const id = kept[0]?.headers['Nats-Msg-Id'];
  expect(id?.[0]).toMatch(/^\w{20,}$/);
  expect(kept[0]?.headers).toEqual({
    'Nats-Msg-Id': id,
    'Spikescope-Subject': ['spikeformer.spikes.cpu.0'],
    'Spikescope-Sequence': ['42'],
    'Spikescope-Reason': ['neuron_outside_population'],
    'Spikescope-Detail': ['neuron_id: value 3: 7 is not below neuron_count 7'],
    'Content-Type': ['application/msgpack'],
  });
  expect(kept[1]?.subject).toBe('spikeformer.dead.malformed');
  expect(kept[1]?.data).toHaveLength(0);
  expect(kept[1]?.headers['Spikescope-Sequence']).toBeUndefined();
  expect(kept[1]?.headers['Nats-Msg-Id']).not.toEqual(id);
  await until('nothing waits', () => outbox.depth.messages === 0);
  expect(outbox.depth.bytes).toBe(0);
  expect(drops.size).toBe(0);
});

test('text from outside can not add a header or a subject', async () => {
  const server = await start();
  const kept = await collect(await connectTo(server));
  const connection = await connectTo(server);
  const { offer } = startLetters(() => connection);
  const detail = `a\r\nNats-Msg-Id: b\u2028\u0085${'ü'.repeat(1000)}`;
  const subject = `spikeformer.spikes.\u0000${'x'.repeat(1000)}`;
  offer(dead(new Uint8Array(1), { detail, subject, reason: 'no.token >' }));
  await until('it is there', () => kept.length === 1);
  expect(kept[0]?.subject).toBe('spikeformer.dead.other');
  expect(kept[0]?.headers['Nats-Msg-Id']).toHaveLength(1);
  expect(kept[0]?.headers['Spikescope-Detail']).toEqual([
    `a Nats-Msg-Id: b ${'ü'.repeat(1000)}`.slice(0, 512),
  ]);
  expect(kept[0]?.headers['Spikescope-Subject']?.[0]).toHaveLength(256);
});

test('what exceeds max_payload is cut, and says how long it was', async () => {
  const server = await start('max_payload: 4096');
  const kept = await collect(await connectTo(server));
  const connection = await connectTo(server);
  const { offer, drops } = startLetters(() => connection);
  const bytes = Uint8Array.from({ length: 4096 }, (_, i) => i * 7);
  offer(dead(bytes));
  offer(dead(bytes.subarray(0, 3000)));
  await until('both are there', () => kept.length === 2);
  expect(kept[0]?.headers['Spikescope-Truncated']).toEqual(['4096']);
  const cut = kept[0]?.data ?? new Uint8Array(0);
  expect(cut.length).toBeGreaterThan(3500);
  expect(cut).toEqual(bytes.subarray(0, cut.length));
  expect(kept[1]?.headers['Spikescope-Truncated']).toBeUndefined();
  expect(kept[1]?.data).toHaveLength(3000);
  expect(drops.size).toBe(0);
});

test('where not even the headers fit it is dropped and counted once', async () => {
  const server = await start('max_payload: 128');
  const connection = await connectTo(server);
  const { offer, outbox, drops } = startLetters(() => connection);
  offer(dead(new Uint8Array(10)));
  await until('it is dropped', () => outbox.depth.messages === 0);
  expect(drops).toEqual(new Map([['too_large', 1]]));
});

test('an outage loses none that there is room for; the rest is counted', async () => {
  const server = await start();
  const connection = await connectTo(server);
  const room = 10 * (1000 + 4096);
  let attempts = 0;
  let isReaderThere = true;
  const sender = () => {
    attempts++;
    return isReaderThere ? connection : undefined;
  };
  const { offer, outbox, drops } = startLetters(sender, { bytesMax: room });
  await server.kill();
  const numbered = (n: number) => dead(new Uint8Array(1000).fill(n));
  for (let n = 0; n < 25; n++) offer(numbered(n));
  expect(outbox.depth).toEqual({ messages: 10, bytes: room });
  expect(drops).toEqual(new Map([['queue_full', 15]]));
  await until('some attempts have failed', () => attempts > 3);
  expect(outbox.depth.messages).toBe(10);
  // Who reads is to be there before the first comes.
  isReaderThere = false;
  await server.start();
  const kept = await collect(await connectTo(server));
  isReaderThere = true;
  await until('all are sent', () => outbox.depth.messages === 0);
  await until('the last one is there', () => kept.some(({ data }) => data[0] === 9));
  const seen = new Map(kept.map((one) => [one.headers['Nats-Msg-Id']?.[0], one.data[0]]));
  expect([...seen.values()]).toEqual(Array.from({ length: 10 }, (_, n) => n));
  expect(drops).toEqual(new Map([['queue_full', 15]]));
});

test('before the first connection they wait', async () => {
  const server = await start();
  const kept = await collect(await connectTo(server));
  let connection: NatsConnection | undefined;
  let attempts = 0;
  const { offer, outbox } = startLetters(() => {
    attempts++;
    return connection;
  });
  offer(dead(Uint8Array.of(1)));
  await until('an attempt has failed', () => attempts > 1);
  expect(outbox.depth.messages).toBe(1);
  connection = await connectTo(server);
  await until('it is there', () => kept.length === 1);
});

test('closing sends what waits; what can not be sent is counted', async () => {
  const server = await start();
  const kept = await collect(await connectTo(server));
  const connection = await connectTo(server);
  const first = startLetters(() => connection, { batchBytesMax: 1 });
  for (let n = 0; n < 20; n++) first.offer(dead(Uint8Array.of(n)));
  await first.outbox.close(new AbortController().signal);
  expect(first.drops.size).toBe(0);
  await until('all are there', () => kept.length === 20);
  expect(kept.map(({ data }) => data[0])).toEqual(Array.from({ length: 20 }, (_, n) => n));
  const second = startLetters(() => undefined);
  for (let n = 0; n < 3; n++) second.offer(dead(Uint8Array.of(n)));
  await second.outbox.close(AbortSignal.timeout(50));
  second.offer(dead(Uint8Array.of(9)));
  expect(second.drops).toEqual(new Map([['stopped', 4]]));
  expect(second.outbox.depth).toEqual({ messages: 0, bytes: 0 });
});
