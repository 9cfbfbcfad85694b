import { connect, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from 'vitest';
import { type AskExecutor, askOverNats, type QuestionEnd } from '../../src/sources/ask-executor.ts';
import { NatsLink } from '../../src/sources/nats-link.ts';
import { natsOptions } from '../../src/sources/nats-options.ts';
import { type NatsServer, startNatsServer } from './nats-server.ts';
import { until } from './until.ts';

const SILENT = {
  waiting: () => {},
  connected: () => {},
  disconnected: () => {},
  reconnected: () => {},
  refused: () => {},
};

/** Users by what they may do. */
const CONFIG = `authorization { users: [
  { user: any, password: any },
  { user: mute, password: mute, permissions: { publish: "other.>" } }
  { user: deaf, password: deaf, permissions: { subscribe: "other.>" } }
] }`;

let nats: NatsServer;
let executor: NatsConnection;
const open: NatsLink[] = [];

beforeAll(async () => {
  nats = await startNatsServer({ config: CONFIG });
  const again = { reconnectTimeWait: 50, maxReconnectAttempts: -1 };
  executor = await connect({ servers: nats.url, user: 'any', pass: 'any', ...again });
});

afterAll(async () => {
  await executor.close();
  await nats.stop();
});

afterEach(async () => {
  for (const link of open.splice(0)) await link.close();
});

/** Asks as the service does, over a connection like its own. */
async function asker(user = 'any'): Promise<AskExecutor> {
  const servers = nats.url.replace('//', `//${user}:${user}@`);
  const link = new NatsLink(natsOptions.parse({ servers, reconnect_wait: '50ms' }), SILENT);
  open.push(link);
  await link.open(new AbortController().signal);
  return askOverNats(() => link.connection);
}

/** An executor that answers as a test says. */
async function answering(subject: string, answer: (request: Msg) => void): Promise<void> {
  executor.subscribe(subject, {
    callback: (_, request) => {
      answer(request);
    },
  });
  await executor.flush();
}

const HOUR = 3_600_000;

function ask(
  askExecutor: AskExecutor,
  subject: string,
  more: { timeoutMs?: number; silenceMs?: number; signal?: AbortSignal } = {},
): Promise<{ end: QuestionEnd; texts: string[] }> {
  const texts: string[] = [];
  const { timeoutMs = HOUR, silenceMs = HOUR } = more;
  const take = ({ data }: { data: Uint8Array }) => {
    texts.push(Buffer.from(data).toString());
    return texts.at(-1) === 'last';
  };
  const question = { subject, data: Buffer.from('{}'), timeoutMs, silenceMs, take };
  const asked = askExecutor(question, more.signal ?? new AbortController().signal);
  return asked.then((end) => ({ end, texts }));
}

test('takes messages until the last one', async () => {
  await answering('a.answers', (request) => {
    for (const text of ['one', 'two', 'last', 'late']) request.respond(text);
  });
  expect(await ask(await asker(), 'a.answers')).toEqual({
    end: { is: 'answered' },
    texts: ['one', 'two', 'last'],
  });
});

test('keeps what it took when more comes: answers of 200 questions at once', async () => {
  await answering('a.many', (request) => {
    const filler = 'x'.repeat(20_000);
    request.respond(`${request.reply} ${filler}`);
    request.respond('last');
  });
  const askExecutor = await asker();
  const all = await Promise.all(Array.from({ length: 200 }, () => ask(askExecutor, 'a.many')));
  const first = all.map(({ texts }) => texts[0] as string);
  expect(new Set(first).size).toBe(200);
  for (const text of first) expect(text).toMatch(/^_INBOX\S+ x{20000}$/);
});

test('says that nobody listens, at once', async () => {
  expect((await ask(await asker(), 'a.nobody')).end).toEqual({ is: 'nobody' });
});

test('ends at its time-out, however alive the other side is', async () => {
  const beats: NodeJS.Timeout[] = [];
  onTestFinished(() => beats.forEach(clearInterval));
  await answering('a.endless', (request) => {
    beats.push(setInterval(() => request.respond('running'), 5));
  });
  const askExecutor = await asker();
  // On a busy machine nothing comes within a short time, which would say little.
  let heard = 0;
  for (let timeoutMs = 300; heard < 2; timeoutMs *= 2) {
    const { end, texts } = await ask(askExecutor, 'a.endless', { timeoutMs });
    expect(end).toEqual({ is: 'timeout' });
    heard = texts.length;
  }
});

test('waits long for the first message, and not for those after it', async () => {
  await answering('a.silent', (request) => {
    setTimeout(() => request.respond('running'), 500);
  });
  const { end, texts } = await ask(await asker(), 'a.silent', { silenceMs: 50 });
  expect([end, texts]).toEqual([{ is: 'lost' }, ['running']]);
});

test('stops when it is told to, before and while it waits', async () => {
  const requests: Msg[] = [];
  await answering('a.stop', (request) => requests.push(request));
  const askExecutor = await asker();
  expect((await ask(askExecutor, 'a.stop', { signal: AbortSignal.abort() })).end).toEqual({
    is: 'stopped',
  });
  const stopping = new AbortController();
  const before = requests.length;
  const asked = ask(askExecutor, 'a.stop', { signal: stopping.signal });
  await until('it is asked', () => requests.length > before);
  stopping.abort();
  expect((await asked).end).toEqual({ is: 'stopped' });
});

test('nobody is there for one who may not ask, or may not hear the answer', async () => {
  await answering('a.denied', (request) => request.respond('last'));
  expect((await ask(await asker('any'), 'a.denied')).end).toEqual({ is: 'answered' });
  for (const user of ['mute', 'deaf']) {
    expect([user, (await ask(await asker(user), 'a.denied')).end]).toEqual([
      user,
      { is: 'nobody' },
    ]);
  }
});

test('says that it has no connection', async () => {
  const without = await ask(
    askOverNats(() => undefined),
    'a.denied',
  );
  expect(without.end).toEqual({ is: 'unreachable', reason: 'not connected to NATS' });
});

test('an answer finds its way when the connection was lost meanwhile', async () => {
  const requests: Msg[] = [];
  await answering('a.again', (request) => requests.push(request));
  const askExecutor = await asker();
  const asked = ask(askExecutor, 'a.again');
  await until('it is asked', () => requests.length === 1);
  await nats.kill('SIGKILL');
  await nats.start();
  const link = open.at(-1) as NatsLink;
  await until('both are back', async () => {
    if (!link.isConnected) return false;
    return await executor.flush().then(
      () => true,
      () => false,
    );
  });
  await link.connection?.flush();
  requests[0]?.respond('last');
  expect((await asked).end).toEqual({ is: 'answered' });
});
