import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterEach, describe, expect, it } from 'vitest';
import { TIMERS, type Timers } from '../../src/component/timers.ts';
import { isInKernelMemory } from '../../src/kernels/memory.ts';
import { connectNats } from '../../src/sources/nats-transport.ts';
import { PullSession } from '../../src/sources/pull-session.ts';
import { type ScriptedNats, startScriptedNats } from './scripted-nats.ts';
import { until } from './until.ts';

const open: { stop(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.stop();
});

interface Pulling {
  readonly server: ScriptedNats;
  readonly session: PullSession;
  /** `<stream sequence> <text>` of what was taken. */
  readonly taken: string[];
  readonly inPlace: boolean[];
  readonly ends: string[];
}

/** Its clock stands: a machine that is held up makes no server silent. */
const STANDING: Timers = { ...TIMERS, nowMs: () => 0 };

async function startPulling(
  way: (url: string) => Promise<NatsConnection>,
  timers = STANDING,
): Promise<Pulling> {
  const server = await startScriptedNats();
  open.push(server);
  const connection = await way(server.url);
  open.push({ stop: () => connection.close() });
  const pulling = { server, taken: [], inPlace: [], ends: [] } as Omit<Pulling, 'session'>;
  const session = new PullSession({
    connection,
    stream: 'S',
    consumer: 'c',
    window: { messages: 8, bytes: 1_000_000 },
    timers,
    take: (message, { streamSequence, deliveries }) => {
      const data = message.data();
      pulling.taken.push(`${streamSequence} ${Buffer.from(data)}`);
      pulling.inPlace.push(isInKernelMemory(data));
      return deliveries > 1 ? 'delivered again' : undefined;
    },
    hasRoom: () => true,
  });
  void session.ended.then((reason) => pulling.ends.push(reason));
  await until('the session has asked', () => requests(server) === 2);
  return { ...pulling, session };
}

const requests = ({ published }: ScriptedNats) =>
  published.filter((subject) => subject === '$JS.API.CONSUMER.MSG.NEXT.S.c').length;

function sidOf({ sids }: ScriptedNats): string {
  const [sid] = [...sids].filter(([subject]) => subject.startsWith('_INBOX')).map(([, s]) => s);
  return sid as string;
}

function delivery(server: ScriptedNats, sequence: number, deliveries = 1): string {
  const reply = `$JS.ACK.S.c.${deliveries}.${sequence}.${sequence}.1790000000123456789.7`;
  const block = 'NATS/1.0\r\nNats-Msg-Id: 1\r\n\r\n';
  const head = `HMSG spikeformer.spikes.cpu.0 ${sidOf(server)} ${reply}`;
  return `${head} ${block.length} ${block.length + 4}\r\n${block}data\r\n`;
}

function status(server: ScriptedNats, line: string, left?: number): string {
  const pending = left === undefined ? '' : `Nats-Pending-Messages: ${left}\r\n`;
  const block = `NATS/1.0 ${line}\r\n${pending}\r\n`;
  return `HMSG x ${sidOf(server)} ${block.length} ${block.length}\r\n${block}\r\n`;
}

describe.each([
  ['past the client', (url: string) => connectNats({ servers: url }), true],
  ['by a stock client', (url: string) => connect({ servers: url }), false],
])('a pull session whose messages come %s', (_name, way, isPast) => {
  it('takes deliveries, hears heartbeats, and asks again when half is there', async () => {
    const { server, taken, inPlace, ends } = await startPulling(way);
    server.write(delivery(server, 11) + status(server, '100 Idle Heartbeat'));
    server.write(delivery(server, 12) + delivery(server, 13));
    await until('three are taken', () => taken.length === 3);
    expect(requests(server)).toBe(2);
    server.write(delivery(server, 14));
    await until('more is asked for', () => requests(server) === 3);
    expect(taken).toEqual(['11 data', '12 data', '13 data', '14 data']);
    expect(inPlace).toEqual([isPast, isPast, isPast, isPast]);
    expect(ends).toEqual([]);
  });

  it.each([
    '404 No Messages',
    '408 Request Timeout',
    '409 Message Size Exceeds MaxBytes',
    '409 Batch Completed',
  ])('asks anew where a request has ended with %s', async (line) => {
    const { server, ends } = await startPulling(way);
    server.write(status(server, line, 4));
    await until('more is asked for', () => requests(server) === 3);
    expect(ends).toEqual([]);
  });

  it.each([
    ['409 Consumer Deleted', (server: ScriptedNats) => status(server, '409 Consumer Deleted')],
    ['503 No Responders', (server: ScriptedNats) => status(server, '503 No Responders')],
    [
      '0 not a message of the consumer',
      (server: ScriptedNats) => `MSG x ${sidOf(server)} 2\r\nhi\r\n`,
    ],
    ['delivered again', (server: ScriptedNats) => delivery(server, 12, 2)],
  ])('ends with %s, and takes nothing after it', async (reason, last) => {
    const { server, taken, ends } = await startPulling(way);
    server.write(delivery(server, 11) + last(server) + delivery(server, 13));
    await until('it has ended', () => ends.length === 1);
    expect(ends).toEqual([reason]);
    expect(taken.map((text) => text.slice(0, 2))).toEqual(
      reason === 'delivered again' ? ['11', '12'] : ['11'],
    );
  });
});

it('ends where the server falls silent, and not where the process itself was held up', async () => {
  const clock = { nowMs: 0, look: () => {} };
  const { ends } = await startPulling((url) => connect({ servers: url }), {
    nowMs: () => clock.nowMs,
    after: (_ms, callback) => {
      clock.look = callback;
      return () => {};
    },
  });
  const looksAfter = (ms: number) => {
    clock.nowMs += ms;
    clock.look();
  };
  looksAfter(60_000);
  for (let i = 0; i < 3; i++) looksAfter(500);
  await Promise.resolve();
  expect(ends).toEqual([]);
  for (let i = 0; i < 3; i++) looksAfter(500);
  await until('it has ended', () => ends.length === 1);
  expect(ends).toEqual(['the server fell silent']);
});
