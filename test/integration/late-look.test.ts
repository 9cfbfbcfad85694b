import type { NatsConnection } from '@nats-io/transport-node';
import { expect, it } from 'vitest';
import { readSmallStream, smallStream } from './small-stream.ts';
import { until } from './until.ts';

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
  const stream = await smallStream();
  const pendings: (number | undefined)[] = [];
  let beginnings = 0;
  const mayCome = Promise.withResolvers<void>();
  const isDue = () => taken.length === stream.messages;
  const { late, kept } = withLateAnswer(stream.connection, isDue, mayCome.promise);
  const { taken } = readSmallStream(stream, {
    connection: () => late,
    seen: (_view, pending) => pendings.push(pending),
    began: () => beginnings++,
  });

  await until('a look is on its way', () => kept.length === 1);
  await stream.manager.consumers.delete(stream.name, kept[0] as string);
  await until('it reads by another consumer', () => beginnings === 2);
  const before = pendings.length;
  mayCome.resolve();
  await until('it has looked at that', () => pendings.length > before);
  // The consumer before had delivered five, and this one none; it may have looked again by now.
  expect(new Set(pendings.slice(before))).toEqual(new Set([0]));
  expect(taken).toEqual([1, 2, 3, 4, 5]);
});
