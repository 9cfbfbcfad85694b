import { AckPolicy, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterEach, expect, it } from 'vitest';
import { inboxInPlace } from '../../src/sources/inbox.ts';
import { JetStreamSource } from '../../src/sources/jetstream.ts';
import { startNatsServer } from './nats-server.ts';
import { until } from './until.ts';

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

const STREAM = 'FRAMES';
const MESSAGES = 5;

it('reads again what a connection that was cut had got, where nothing follows', async () => {
  const server = await startNatsServer({ jetStream: true });
  open.push(() => server.stop());
  const connection = await connect({ servers: server.url });
  open.push(() => connection.close());
  const manager = await jetstreamManager(connection);
  await manager.streams.add({ name: STREAM, subjects: ['frames.>'] });
  for (let i = 0; i < MESSAGES; i++) await connection.request('frames.a', String(i));

  const taken: number[] = [];
  const interruptions: string[] = [];
  let hasRoom = false;
  const source = new JetStreamSource({
    connection: () => connection,
    stream: STREAM,
    filters: ['frames.a'],
    window: { messages: 100, bytes: 1_000_000 },
    inbox: inboxInPlace(),
    hasRoom: () => hasRoom,
    next: () => (taken.at(-1) ?? 0) + 1,
    opened: async () => {},
    seen: () => {},
    vanished: () => {},
    missing: async () => {},
    began: () => {},
    interrupted: (reason) => interruptions.push(reason),
  });
  const stop = new AbortController();
  const inlet = {
    message: ({ sequence }: { readonly sequence?: number | undefined }) => {
      taken.push(sequence as number);
    },
    frame: () => {},
  };
  const running = source.run(inlet, stop.signal);
  open.push(async () => {
    stop.abort();
    await running;
  });

  // Somebody else gets what its consumer delivers, as a connection does that is no more.
  let consumer = '';
  await until('it has a consumer', async () => {
    for await (const info of manager.consumers.list(STREAM)) consumer = info.name;
    return consumer !== '';
  });
  expect((await manager.consumers.info(STREAM, consumer)).config.ack_policy).toBe(AckPolicy.None);
  const lost = connection.subscribe('lost', { max: MESSAGES });
  connection.publish(
    `$JS.API.CONSUMER.MSG.NEXT.${STREAM}.${consumer}`,
    JSON.stringify({ batch: MESSAGES }),
    { reply: 'lost' },
  );
  for await (const _message of lost);
  hasRoom = true;
  source.wake();

  await until('all are read', () => taken.length === MESSAGES);
  expect(taken).toEqual([1, 2, 3, 4, 5]);
  expect(interruptions).toContain('the last messages were lost on the way');
});
