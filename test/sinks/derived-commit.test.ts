import type { NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FencedError } from '../../src/sinks/fence.ts';
import { type NatsServer, startNatsServer } from '../integration/nats-server.ts';
import { until } from '../integration/until.ts';
import { CREATED, committing, DerivedServer, record, SILENT, told } from './derived-server.ts';

let nats: NatsServer;
beforeAll(async () => {
  nats = await startNatsServer({ jetStream: true });
});
afterAll(() => nats.stop());

/** The same connection, but for one method. */
function withMethod<Name extends 'request' | 'publish'>(
  connection: NatsConnection,
  method: Name,
  instead: (original: NatsConnection[Name]) => NatsConnection[Name],
): NatsConnection {
  return new Proxy(connection, {
    get: (target, name) => {
      const found: unknown = Reflect.get(target, name);
      if (name === method) return instead((found as NatsConnection[Name]).bind(target) as never);
      return typeof found === 'function' ? found.bind(target) : found;
    },
  });
}

describe('derived records', () => {
  it('are stored in order, each with its place, and a marker says how far they reach', async () => {
    const server = await DerivedServer.of(nats);
    const { commit, claim, frame, flush, said } = committing(server);
    expect(await claim()).toEqual({ sequence: 0, records: null });
    frame(3, 2);
    frame(4, 0);
    frame(7, 1);
    expect(commit.depth.messages).toBe(3);
    await flush();
    expect(await server.places()).toEqual(['3.0', '3.1', '7.0']);
    const [{ subject, id }] = (await server.records()) as [never];
    expect(subject).toBe('spikeformer.derived.power.loihi2.0');
    expect(id).toBe(`${Date.parse(CREATED).toString(36)}-000000000003-0000`);
    expect(await server.marker()).toMatchObject({
      ...{ owner: 'first', epoch: 1, stream: 'SPIKEFORMER', created: CREATED },
      ...{ sequence: 7, records: null },
    });
    expect(commit.position).toEqual({ sequence: 7, records: null });
    expect(commit.depth).toEqual({ messages: 0, bytes: 0 });
    expect(told(said)).toEqual(['stored 3']);
    // One marker, however often it is written.
    const { state } = await server.manager.streams.info(server.stream, {
      subjects_filter: 'spikeformer.control.>',
    });
    expect(state.subjects).toEqual({ 'spikeformer.control.position': 1 });
  });

  it('that are derived again after a restart are left out, by their place', async () => {
    const server = await DerivedServer.of(nats);
    const before = committing(server);
    await before.claim();
    before.frame(1, 2);
    before.frame(2, 3);
    await before.flush();
    const after = committing(server, { owner: 'second' });
    expect(await after.claim()).toMatchObject({ sequence: 2, records: null });
    after.frame(1, 2);
    expect([after.commit.isAgain, after.commit.depth.messages]).toEqual([true, 0]);
    after.frame(2, 3);
    expect([after.commit.isAgain, after.commit.depth.messages]).toEqual([true, 0]);
    after.frame(3, 1);
    expect([after.commit.isAgain, after.commit.depth.messages]).toEqual([false, 1]);
    await after.flush();
    expect(await server.places()).toEqual(['1.0', '1.1', '2.0', '2.1', '2.2', '3.0']);
    expect(await server.marker()).toMatchObject({ owner: 'second', epoch: 2 });
  });

  it('of a frame that was stored in part are stored from there on', async () => {
    const server = await DerivedServer.of(nats);
    // Killed between the batches of one frame: of each the answer is waited for.
    const stop = new AbortController();
    const before = committing(server, {
      events: { ...SILENT, stored: () => stop.abort() },
    });
    await before.claim();
    before.frame(5, 1200);
    await before.commit.close(stop.signal);
    expect(await server.marker()).toMatchObject({ sequence: 5, records: 999 });
    const after = committing(server);
    expect(await after.claim()).toMatchObject({ sequence: 5, records: 999 });
    after.frame(5, 1200);
    expect(after.commit.depth.messages).toBe(201);
    await after.flush();
    const places = await server.places();
    expect(places).toEqual(Array.from({ length: 1200 }, (_, index) => `5.${index}`));
  });

  it('are stored once where the answer to a batch was lost', async () => {
    const server = await DerivedServer.of(nats);
    let lost = 0;
    const deaf = withMethod(server.connection, 'request', (request) => async (...args) => {
      const answer = await request(...args);
      // Of what stores alone: the marker is read by requests as well.
      if (args[0] === 'spikeformer.control.position' && lost++ % 2 === 1) {
        throw new Error('the answer was lost');
      }
      return answer;
    });
    const { claim, frame, flush, said } = committing(server, { connection: () => deaf });
    await claim();
    for (const sequence of [1, 2, 3]) {
      frame(sequence, 2);
      await flush();
    }
    expect(lost).toBeGreaterThan(2);
    expect(await server.places()).toEqual(['1.0', '1.1', '2.0', '2.1', '3.0', '3.1']);
    expect(told(said)).toEqual(['stored 2', 'stored 2', 'stored 2']);
  });

  it('wait where NATS is away, and are stored when it is back', async () => {
    const server = await DerivedServer.of(nats);
    let isUp = true;
    const connection = () => (isUp ? server.connection : undefined);
    const { claim, frame, flush, said } = committing(server, { connection });
    await claim();
    said.length = 0;
    isUp = false;
    frame(1, 1);
    const flushing = flush();
    await until('it has failed', () => said.length > 1);
    isUp = true;
    await flushing;
    expect(said[0]).toBe('failed: not connected to NATS');
    expect(said.slice(-2)).toEqual(['worked', 'stored 1']);
    expect(await server.places()).toEqual(['1.0']);
  });

  it('that were not stored when the service has to end are given up', async () => {
    const server = await DerivedServer.of(nats);
    const { commit, frame, said } = committing(server, { connection: () => undefined });
    frame(1, 1);
    await commit.close(AbortSignal.abort());
    expect(said).toEqual([]);
    const late = new AbortController();
    const closing = commit.close(late.signal);
    late.abort();
    await closing;
    expect(await server.places()).toEqual([]);
  });
});

it('storing ends at the signal while nothing is taken, and what waits is kept', async () => {
  const server = await DerivedServer.of(nats);
  let isUp = true;
  const connection = () => (isUp ? server.connection : undefined);
  const { commit, claim, frame, flush, said } = committing(server, { connection });
  await claim();
  said.length = 0;
  isUp = false;
  frame(1, 2);
  const stop = new AbortController();
  const running = commit.run(stop.signal);
  await until('it has failed', () => said.length > 1);
  stop.abort();
  await running;
  expect(commit.depth.messages).toBe(2);
  isUp = true;
  await flush();
  expect(await server.places()).toEqual(['1.0', '1.1']);
});

describe('another process', () => {
  it('takes over, and the first stores nothing more and says why it ends', async () => {
    const server = await DerivedServer.of(nats);
    const first = committing(server);
    await first.claim();
    first.frame(1, 1);
    await first.flush();
    const second = committing(server, { owner: 'second (process 8)' });
    await second.claim();
    second.frame(2, 1);
    await second.flush();
    first.frame(2, 1);
    const running = first.commit.run(new AbortController().signal);
    await expect(running).rejects.toBeInstanceOf(FencedError);
    await expect(running).rejects.toThrow(
      /another Spikescope \(second \(process 8\)\) has taken over the derived stream SPIKEFORMER_/,
    );
    expect(await server.places()).toEqual(['1.0', '2.0']);
    // And it goes on to store nothing, however often it tries.
    await expect(first.flush()).rejects.toBeInstanceOf(FencedError);
    second.frame(3, 1);
    await second.flush();
    expect(await server.places()).toEqual(['1.0', '2.0', '3.0']);
  });

  it('is found by the next commit, even where its marker is where this one would be', async () => {
    const server = await DerivedServer.of(nats);
    const [first, second] = [committing(server), committing(server, { owner: 'second' })];
    await first.claim();
    first.frame(4, 1);
    await second.claim();
    second.frame(4, 1);
    await second.flush();
    await expect(first.flush()).rejects.toBeInstanceOf(FencedError);
    expect(await server.places()).toEqual(['4.0']);
  });
});

it('a record that the server has no room for is counted, and holds up nothing', async () => {
  const server = await DerivedServer.of(nats);
  const { commit, claim, frame, flush, said } = committing(server);
  await claim();
  frame(1, 1);
  commit.begin(2);
  commit.take(record('power', 1024 * 1024 - 200));
  commit.take(record('power', 1000));
  frame(3, 1);
  await flush();
  expect(await server.places()).toEqual(['1.0', '2.1', '3.0']);
  expect(told(said)).toEqual(['room', 'stored 3', 'too large 1']);
  expect(commit.position).toEqual({ sequence: 3, records: null });
});
