import { AckPolicy } from '@nats-io/jetstream';
import { expect, it } from 'vitest';
import { readSmallStream, smallStream } from './small-stream.ts';
import { until } from './until.ts';

it('reads again what a connection that was cut had got, where nothing follows', async () => {
  const stream = await smallStream();
  const interruptions: string[] = [];
  let hasRoom = false;
  const { source, taken } = readSmallStream(stream, {
    hasRoom: () => hasRoom,
    interrupted: (reason) => interruptions.push(reason),
  });

  // Somebody else gets what its consumer delivers, as a connection does that is no more.
  let consumer = '';
  await until('it has a consumer', async () => {
    for await (const info of stream.manager.consumers.list(stream.name)) consumer = info.name;
    return consumer !== '';
  });
  expect((await stream.manager.consumers.info(stream.name, consumer)).config.ack_policy).toBe(
    AckPolicy.None,
  );
  const lost = stream.connection.subscribe('lost', { max: stream.messages });
  stream.connection.publish(
    `$JS.API.CONSUMER.MSG.NEXT.${stream.name}.${consumer}`,
    JSON.stringify({ batch: stream.messages }),
    { reply: 'lost' },
  );
  for await (const _message of lost);
  hasRoom = true;
  source.wake();

  await until('all are read', () => taken.length === stream.messages);
  expect(taken).toEqual([1, 2, 3, 4, 5]);
  expect(interruptions).toContain('the last messages were lost on the way');
});
