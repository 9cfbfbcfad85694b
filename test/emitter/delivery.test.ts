import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { FrameDelivery } from '../../src/emitter/delivery.ts';
import { EmitterTally } from '../../src/emitter/emitter-tally.ts';
import { healthFrame } from '../../src/emitter/frame-builders.ts';
import { frameMessage } from '../../src/emitter/frame-message.ts';
import { NatsSession } from '../../src/emitter/nats-session.ts';
import { Outbox } from '../../src/emitter/outbox.ts';
import { type EmitterProblem, ProblemReports } from '../../src/emitter/problem-reports.ts';
import { SequenceCounter } from '../../src/emitter/sequence-counter.ts';
import { type NatsServer, startNatsServer } from '../integration/nats-server.ts';
import { until } from '../integration/until.ts';

/** The emitter's seconds pass as fast as these tests want them to; the server is real. */
let nats: NatsServer;
let session: NatsSession;

beforeEach(async () => {
  nats = await startNatsServer({ jetStream: true });
  session = await open();
});

afterEach(async () => {
  await session.close();
  await nats.stop();
});

function open(): Promise<NatsSession> {
  return NatsSession.open([nats.url], {}, { refused: () => {} });
}

function makeDelivery(acknowledged: boolean) {
  const problems: EmitterProblem[] = [];
  const reports = new ProblemReports((problem) => problems.push(problem));
  const tally = new EmitterTally();
  const outbox = new Outbox(1024 * 1024, (reason) => tally.dropped(reason, 1, 0));
  const delivery = new FrameDelivery(outbox, acknowledged, tally, reports, () => {});
  const counter = new SequenceCounter('test');
  const add = () => {
    const chip = { deviceType: 'cpu', chipId: '0', t0Us: 5, status: 'ok' } as const;
    outbox.add(frameMessage(healthFrame(chip), { counter }), 1);
    delivery.pump();
  };
  return { delivery, outbox, tally, problems, add };
}

it('a server that hangs is given up, and what it may not have goes to the next', async () => {
  const { delivery, outbox, tally, add } = makeDelivery(false);
  delivery.attach(session);
  add();
  await until('it has arrived', () => tally.publishedFrames === 1);
  nats.signal('SIGSTOP');
  add();
  // The host was busy for a while: no time passes by the emitter's clock.
  for (let s = 0; s < 9; s++) delivery.tick();
  expect(session.isClosed).toBe(false);
  for (let s = 0; s < 2; s++) delivery.tick();
  expect(await session.ended).toBe('the server does not answer');
  expect(outbox.frames).toBe(1);
  nats.signal('SIGCONT');
  session = await open();
  delivery.attach(session);
  await until('it has arrived', () => tally.publishedFrames === 2);
  expect(tally.resentFrames).toBe(1);
  expect(outbox.frames).toBe(0);
});

it('a quiet connection is asked whether it is there', async () => {
  const { delivery } = makeDelivery(false);
  delivery.attach(session);
  nats.signal('SIGSTOP');
  for (let s = 0; s < 35 && !session.isClosed; s++) delivery.tick();
  expect(await session.ended).toBe('the server does not answer');
  nats.signal('SIGCONT');
});

it('what no stream answered for is sent again, and stored once', async () => {
  const connection = await connect({ servers: nats.url });
  // A listener that is no stream: nobody acknowledges, and nobody says that there is no stream.
  let heard = 0;
  const listener = connection.subscribe('spikeformer.health.>', {
    callback: () => {
      heard++;
    },
  });
  await connection.flush();
  const { delivery, outbox, tally, add, problems } = makeDelivery(true);
  delivery.attach(session);
  for (let i = 0; i < 3; i++) add();
  for (let s = 0; s < 5; s++) delivery.tick();
  await until('all are heard again', () => heard === 6);
  expect(tally.resentFrames).toBe(3);
  const manager = await jetstreamManager(connection);
  await manager.streams.add({ name: 'S', subjects: ['spikeformer.health.>'] });
  for (let s = 0; s < 12 && outbox.frames > 0; s++) {
    delivery.tick();
    await session.flush();
  }
  await until('the stream has answered', () => outbox.frames === 0);
  expect((await manager.streams.info('S')).state.messages).toBe(3);
  expect(tally.publishedFrames).toBe(3);
  expect(problems).toEqual([]);
  listener.unsubscribe();
  await connection.close();
});

it('an answer that is none is no acknowledgement', async () => {
  const connection = await connect({ servers: nats.url });
  const texts = ['', 'nonsense', '[]', '{"error":{"code":500,"description":"busy"}}'];
  connection.subscribe('spikeformer.health.>', {
    callback: (_error, message) => {
      message.respond(texts.shift() ?? '{"stream":"S","seq":1}');
    },
  });
  await connection.flush();
  const { delivery, outbox, tally, add, problems } = makeDelivery(true);
  delivery.attach(session);
  add();
  const wanted = texts.length;
  for (let s = 0; s < 40 && outbox.frames > 0; s++) {
    delivery.tick();
    await session.flush();
    await connection.flush();
  }
  expect(tally.publishedFrames).toBe(1);
  expect(tally.resentFrames).toBeGreaterThanOrEqual(wanted);
  expect(problems[0]).toMatchObject({ reason: 'connection' });
  await connection.close();
});
