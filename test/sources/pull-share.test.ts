import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { expect, it } from 'vitest';
import { PullSession, type PullWindow } from '../../src/sources/pull-session.ts';
import { PullShare } from '../../src/sources/pull-share.ts';

const MAX_PAYLOAD = 1024 * 1024;
const WHOLE = { messages: 1000, bytes: 16 * 1024 * 1024 };

/** A session over a connection that only notes how many messages each request asks for. */
function pulling(window: PullWindow) {
  const asked: number[] = [];
  const bytesMax: number[] = [];
  let callback: (error: Error | null, message: Msg) => void = () => {};
  const connection = {
    info: { max_payload: MAX_PAYLOAD },
    isClosed: () => false,
    subscribe: (_subject: string, options: { callback: typeof callback }) => {
      callback = options.callback;
      return { unsubscribe: () => {} };
    },
    publish: (_subject: string, data: string) => {
      const request = JSON.parse(data);
      asked.push(request.batch);
      bytesMax.push(request.max_bytes);
    },
  };
  const session = new PullSession({
    connection: connection as unknown as NatsConnection,
    ...{ stream: 'S', consumer: 'c', window, take: () => undefined, hasRoom: () => true },
    timers: { nowMs: () => 0, after: () => () => {} },
  });
  let sequence = 0;
  const give = (bytes: number) => {
    sequence++;
    const reply = Buffer.from(`$JS.ACK.S.c.1.${sequence}.${sequence}.1790000000123456789.7`);
    const message = { subject: 'x', _msg: { reply, hdr: -1 }, _rdata: new Uint8Array(bytes) };
    callback(null, message as unknown as Msg);
  };
  return { session, asked, bytesMax, give };
}

const BYTES = 33_000;

it('asks for few messages before it knows how large they are, then for what fits', () => {
  const { asked, give } = pulling(WHOLE);
  expect(asked).toEqual([8, 8]);
  give(BYTES);
  const fitting = Math.floor(WHOLE.bytes / BYTES / 2);
  expect(asked.slice(2)).toEqual([fitting]);
});

it('never asks for more messages than the window has, however small they are', () => {
  const { asked, give } = pulling(WHOLE);
  give(10);
  expect(asked.slice(2)).toEqual([WHOLE.messages / 2]);
});

it('bounds what all readers together have on their way, and gives back the share of one', () => {
  const share = new PullShare(WHOLE);
  const readers = Array.from({ length: 16 }, () => pulling(share.window()));
  for (const { give } of readers) for (let i = 0; i < 200; i++) give(BYTES);
  const one = readers[0] as (typeof readers)[0];
  const outstanding = readers.reduce((sum, { asked }) => {
    return sum + asked.reduce((all, batch) => all + batch, 0) - 200;
  }, 0);
  expect(outstanding * BYTES).toBeLessThanOrEqual(WHOLE.bytes);
  const shared = one.asked.at(-1) as number;
  for (const { session } of readers.slice(1)) session.finish('given back');
  for (let i = 0; i < 200; i++) one.give(BYTES);
  expect(one.asked.at(-1)).toBeGreaterThan(10 * shared);
});

it('asks of all readers together for less than a server keeps before it cuts a connection', () => {
  const share = new PullShare(WHOLE);
  const readers = Array.from({ length: 16 }, () => pulling(share.window()));
  const all = readers.flatMap(({ bytesMax }) => bytesMax);
  expect(all).toHaveLength(32);
  // Each is enough for the largest message, which would never come otherwise.
  expect(Math.min(...all)).toBeGreaterThan(MAX_PAYLOAD);
  expect(all.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThan(64 * 1024 * 1024);
});

it('gives the share back however a session ends, once, and before it asks for anything', () => {
  const share = new PullShare(WHOLE);
  const [own, other] = [share.window(), share.window()];
  const { session } = pulling(own);
  pulling(other).session.finish('cut');
  expect(own.bytes).toBe(WHOLE.bytes);
  session.finish('the server fell silent');
  session.finish('stopped');
  // The next session of the same reader has begun by the time the one before is asked to end.
  const next = pulling(own);
  session.finish('late');
  pulling(other);
  expect(own.bytes).toBe(WHOLE.bytes / 2);
  next.session.finish('stopped');
  expect(other.bytes).toBe(WHOLE.bytes);
});
