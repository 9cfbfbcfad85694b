import type { NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FencedError } from '../../src/sinks/derived-commit.ts';
import { type NatsServer, startNatsServer } from '../integration/nats-server.ts';
import { until } from '../integration/until.ts';
import { CREATED, committing, DerivedServer, record } from './derived-server.ts';

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
    expect(said).toEqual(['stored 3']);
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
      events: { stored: () => stop.abort(), failed: () => {}, worked: () => {} },
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
    expect(said).toEqual(['stored 2', 'stored 2', 'stored 2']);
  });

  it('wait where NATS is away, and are stored when it is back', async () => {
    const server = await DerivedServer.of(nats);
    let isUp = true;
    const connection = () => (isUp ? server.connection : undefined);
    const { claim, frame, flush, said } = committing(server, { connection });
    await claim();
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

describe('the derived stream', () => {
  it('may be emptied: what was stored does not come again, what follows is stored', async () => {
    const server = await DerivedServer.of(nats);
    const { claim, frame, flush } = committing(server);
    await claim();
    frame(1, 2);
    await flush();
    await server.manager.streams.purge(server.stream);
    frame(2, 1);
    await flush();
    expect(await server.places()).toEqual(['2.0']);
    expect(await server.marker()).toMatchObject({ owner: 'first', sequence: 2 });
  });

  it('may be deleted: it is made anew, and what waits is stored', async () => {
    const server = await DerivedServer.of(nats);
    const { claim, frame, flush, said } = committing(server);
    await claim();
    frame(1, 2);
    await flush();
    await server.manager.streams.delete(server.stream);
    frame(2, 1);
    await flush();
    expect(await server.places()).toEqual(['2.0']);
    expect(said.slice(-2)).toEqual(['worked', 'stored 1']);
  });

  it('without a marker is as far as the checkpoint knows', async () => {
    const server = await DerivedServer.of(nats);
    const { claim, frame, commit } = committing(server);
    expect(await claim(CREATED, { sequence: 8, records: 1 })).toEqual({ sequence: 8, records: 1 });
    frame(8, 2);
    expect(commit.depth.messages).toBe(1);
  });

  it('with the marker of another stream of frames is no position for this one', async () => {
    const server = await DerivedServer.of(nats);
    const before = committing(server);
    await before.claim();
    before.frame(90, 1);
    await before.flush();
    const after = committing(server);
    const other = '2026-11-29T09:00:00Z';
    expect(await after.claim(other)).toEqual({ sequence: 0, records: null });
    after.frame(1, 1);
    await after.flush();
    expect(await server.places()).toEqual(['90.0', '1.0']);
    expect(await server.marker()).toMatchObject({ created: other, sequence: 1, epoch: 2 });
  });

  it('with something else in the place of the marker is left alone, with words', async () => {
    const server = await DerivedServer.of(nats);
    await server.connection.request('spikeformer.control.position', '{"v":2}');
    const stop = new AbortController();
    const said: string[] = [];
    const { commit } = committing(server, {
      events: {
        stored: () => {},
        worked: () => {},
        failed: (reason) => {
          said.push(reason);
          stop.abort();
        },
      },
    });
    await commit.claim(CREATED, undefined, stop.signal);
    expect(said[0]).toMatch(/is no marker of this version: another version of Spikescope wrote it/);
    const { state } = await server.manager.streams.info(server.stream);
    expect(state.messages).toBe(1);
  });
});

it('frames of another stream are followed when what waits is stored', async () => {
  const server = await DerivedServer.of(nats);
  const { commit, claim, frame } = committing(server);
  await claim();
  const stop = new AbortController();
  const running = commit.run(stop.signal);
  frame(50, 2);
  const other = '2026-11-29T09:00:00Z';
  await commit.follow(other, stop.signal);
  expect(await server.places()).toEqual(['50.0', '50.1']);
  expect(await server.marker()).toMatchObject({ created: other, sequence: 0 });
  frame(1, 1);
  await commit.whenStored(1);
  expect(await server.places()).toEqual(['50.0', '50.1', '1.0']);
  stop.abort();
  await running;
});

it('reading pauses above half of what may wait, and goes on when it is stored', async () => {
  const server = await DerivedServer.of(nats);
  const limits = { everyMs: 5, waitingBytesMax: 20_000 };
  const { commit, claim, flush, said } = committing(server, { limits });
  await claim();
  commit.begin(1);
  expect(commit.hasRoom).toBe(true);
  commit.take(record('power', 6000));
  expect(commit.hasRoom).toBe(true);
  commit.take(record('power', 6000));
  expect(commit.hasRoom).toBe(false);
  await flush();
  expect(commit.hasRoom).toBe(true);
  expect(said).toEqual(['room', 'stored 2']);
});

it('a marker moves on where frames derive nothing, so that they are not read again', async () => {
  const server = await DerivedServer.of(nats);
  const { commit, claim, frame } = committing(server);
  await claim();
  frame(1, 1);
  const stop = new AbortController();
  const running = commit.run(stop.signal);
  for (let sequence = 2; sequence < 40; sequence++) frame(sequence, 0);
  await until('the marker is there', async () => (await server.marker())?.sequence === 39);
  expect(commit.position).toEqual({ sequence: 39, records: null });
  stop.abort();
  await running;
});

it('a record that is too large for the server holds up nothing', async () => {
  const server = await DerivedServer.of(nats);
  const { commit, claim, frame, flush, said } = committing(server);
  await claim();
  frame(1, 1);
  commit.begin(2);
  commit.take(record('power', 2 * 1024 * 1024));
  frame(3, 1);
  await Promise.race([flush(), until('never', () => said.length > 8)]);
  console.log(said);
  expect(await server.places()).toEqual(['1.0', '3.0']);
});
