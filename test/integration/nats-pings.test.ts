import { connect as connectSocket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { TIMERS, type Timers } from '../../src/component/timers.ts';
import { NatsLink } from '../../src/sources/nats-link.ts';
import { natsOptions } from '../../src/sources/nats-options.ts';
import { NatsPings } from '../../src/sources/nats-pings.ts';
import { connectEmitter } from './nats-reader.ts';
import { type NatsServer, startNatsServer } from './nats-server.ts';
import { until } from './until.ts';

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

const SILENT = {
  waiting: () => {},
  connected: () => {},
  disconnected: () => {},
  refused: () => {},
};

const TIMEOUT_MS = 60_000;

/** Time is up when the test says so: however busy the machine is, answers come before. */
async function start(config = '') {
  const nats = await startNatsServer({ config });
  open.push(() => nats.stop());
  const options = natsOptions.parse({ servers: nats.url, reconnect_wait: '20ms' });
  const link = new NatsLink(options, { ...SILENT, reconnected: () => {} });
  open.push(() => link.close());
  await link.open(new AbortController().signal);
  let aheadMs = 0;
  const waits = new Set<() => void>();
  const timers: Timers = {
    nowMs: () => TIMERS.nowMs() + aheadMs,
    after: (_ms, callback) => {
      waits.add(callback);
      return () => waits.delete(callback);
    },
  };
  const pings = new NatsPings({
    link,
    prefix: 'spikeformer',
    timeoutMs: TIMEOUT_MS,
    timers,
    nowUs: () => 5,
  });
  return {
    nats,
    link,
    pings,
    /** The time of all that is waited for is up. */
    expire: () => {
      for (const callback of waits) callback();
    },
    goAhead: (ms: number) => {
      aheadMs += ms;
    },
  };
}

async function emitterOf(nats: NatsServer) {
  const emitter = await connectEmitter(nats.url);
  open.push(() => emitter.close());
  return emitter;
}

it('gets an answer as a message on the subject it belongs to, with its own bytes', async () => {
  const { nats, pings } = await start();
  const emitter = await emitterOf(nats);
  emitter.subscribe('spikeformer.ping.loihi2.a', {
    callback: (_, ping) => {
      ping.respond(Buffer.from(`asked with ${ping.data.length} bytes`));
    },
  });
  await emitter.flush();
  expect(pings.canAsk).toBe(true);
  const result = await pings.ask('loihi2', 'a');
  expect(result).toMatchObject({
    outcome: 'answer',
    message: { subject: 'spikeformer.health.loihi2.a', contentType: undefined, arrivedUs: 5 },
  });
  const data = result.outcome === 'answer' ? result.message.data : new Uint8Array();
  expect(Buffer.from(data).toString()).toBe('asked with 0 bytes');
});

it('tells nobody there from nobody answering, and answers from each other', async () => {
  const { nats, pings, expire } = await start();
  const emitter = await emitterOf(nats);
  emitter.subscribe('spikeformer.ping.loihi2.silent', { callback: () => {} });
  emitter.subscribe('spikeformer.ping.cpu.*', {
    callback: (_, ping) => {
      ping.respond(Buffer.from(ping.subject));
    },
  });
  await emitter.flush();
  const silent = pings.ask('loihi2', 'silent');
  const [absent, ...results] = await Promise.all([
    pings.ask('loihi2', 'absent'),
    ...Array.from({ length: 200 }, (_, i) => pings.ask('cpu', String(i))),
  ]);
  expire();
  expect([await silent, absent]).toEqual([{ outcome: 'timed_out' }, { outcome: 'no_responders' }]);
  for (const [i, result] of results.entries()) {
    const data = result.outcome === 'answer' ? result.message.data : new Uint8Array();
    expect(Buffer.from(data).toString()).toBe(`spikeformer.ping.cpu.${i}`);
  }
});

it('reads on after an answer whose headers make no sense', async () => {
  const { nats, pings } = await start();
  const hostile = connectSocket(nats.port, '127.0.0.1');
  open.push(async () => hostile.destroy());
  hostile.write('CONNECT {"verbose":false,"headers":true}\r\nSUB spikeformer.ping.loihi2.a 1\r\n');
  let text = '';
  hostile.on('data', (data) => {
    const lines = (text + data.toString()).split('\r\n');
    text = lines.pop() as string;
    for (const line of lines) {
      const reply = /^MSG spikeformer\.ping\.loihi2\.a 1 (\S+) /.exec(line)?.[1];
      // A line feed alone, at which the client's reading of headers throws; and no payload.
      const head = 'NATS/1.0\r\nA: b\nc\r\n\r\n';
      if (reply) hostile.write(`HPUB ${reply} ${head.length} ${head.length}\r\n${head}\r\n`);
      if (line === 'PING') hostile.write('PONG\r\n');
    }
  });
  await until('the server has it', async () => {
    return (await pings.ask('loihi2', 'a')).outcome === 'answer';
  });
  expect(await pings.ask('loihi2', 'b')).toEqual({ outcome: 'no_responders' });
});

it('says nothing when the connection is lost, and lets chips come back first', async () => {
  const { nats, link, pings, goAhead, expire } = await start();
  const emitter = await emitterOf(nats);
  emitter.subscribe('spikeformer.ping.loihi2.a', { callback: () => {} });
  await emitter.flush();
  const asked = pings.ask('loihi2', 'a');
  await nats.kill();
  await until('it knows', () => !link.isConnected);
  expire();
  expect(await asked).toEqual({ outcome: 'undecided' });
  expect(pings.canAsk).toBe(false);
  await nats.start();
  await until('it is back', () => link.isConnected);
  expect(pings.canAsk).toBe(false);
  goAhead(6000);
  expect(pings.canAsk).toBe(true);
  expect((await pings.ask('loihi2', 'b')).outcome).toBe('no_responders');
});

it('says nothing of a chip when the process was held up past the time-out', async () => {
  const { nats, pings, goAhead, expire } = await start();
  const emitter = await emitterOf(nats);
  emitter.subscribe('spikeformer.ping.loihi2.a', { callback: () => {} });
  await emitter.flush();
  const asked = pings.ask('loihi2', 'a');
  goAhead(TIMEOUT_MS + 5000);
  expire();
  expect(await asked).toEqual({ outcome: 'undecided' });
});

it('can ask nobody where the server allows no answers, nor waits when closed', async () => {
  const config = `
    authorization {
      users = [{ user: u, password: p, permissions: { subscribe: { deny: "_INBOX.>" } } }]
    }
    no_auth_user: u
  `;
  const { pings, expire } = await start(config);
  expect(pings.canAsk).toBe(true);
  const refused = pings.ask('loihi2', 'a');
  await until('it is refused', () => !pings.canAsk);
  expire();
  expect((await refused).outcome).toBe('undecided');
  const { pings: others } = await start();
  const asked = [others.ask('loihi2', 'a')];
  others.close();
  expect(await Promise.all(asked)).toEqual([{ outcome: 'undecided' }]);
});
