import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
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

/** Keeps one answer about a consumer back until it may come. */
function withLateAnswer(connection: NatsConnection, isDue: () => boolean, mayCome: Promise<void>) {
  const kept: string[] = [];
  const request: NatsConnection['request'] = async (subject, ...rest) => {
    const answer = await connection.request(subject, ...rest);
    if (!subject.startsWith('$JS.API.CONSUMER.INFO.') || !isDue() || kept.length > 0) return answer;
    kept.push(subject.split('.').at(-1) as string);
    await mayCome;
    return answer;
  };
  const late = new Proxy(connection, {
    get: (target, name) => (name === 'request' ? request : Reflect.get(target, name, target)),
  });
  return { late, kept };
}

it('takes what it hears of a consumer that is gone for no word on the next one', async () => {
  const server = await startNatsServer({ jetStream: true });
  open.push(() => server.stop());
  const connection = await connect({ servers: server.url });
  open.push(() => connection.close());
  const manager = await jetstreamManager(connection);
  await manager.streams.add({ name: STREAM, subjects: ['frames.>'] });
  for (let i = 0; i < MESSAGES; i++) await connection.request('frames.a', String(i));

  const taken: number[] = [];
  const pendings: (number | undefined)[] = [];
  let beginnings = 0;
  const mayCome = Promise.withResolvers<void>();
  const isDue = () => taken.length === MESSAGES;
  const { late, kept } = withLateAnswer(connection, isDue, mayCome.promise);
  const source = new JetStreamSource({
    connection: () => late,
    stream: STREAM,
    filters: ['frames.a'],
    window: { messages: 100, bytes: 1_000_000 },
    inbox: inboxInPlace(),
    hasRoom: () => true,
    next: () => (taken.at(-1) ?? 0) + 1,
    opened: async () => {},
    seen: (_view, pending) => pendings.push(pending),
    vanished: () => {},
    missing: async () => {},
    began: () => beginnings++,
    interrupted: () => {},
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

  await until('a look is on its way', () => kept.length === 1);
  await manager.consumers.delete(STREAM, kept[0] as string);
  await until('it reads by another consumer', () => beginnings === 2);
  const before = pendings.length;
  mayCome.resolve();
  await until('it has looked at that', () => pendings.length > before);
  // The consumer before had delivered five, and this one none.
  expect(pendings.slice(before)).toEqual([0]);
  expect(taken).toEqual([1, 2, 3, 4, 5]);
});
