import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type NatsServer, startNatsServer } from '../integration/nats-server.ts';
import { until } from '../integration/until.ts';
import { CREATED, committing, DerivedServer, record, SILENT } from './derived-server.ts';

let nats: NatsServer;
beforeAll(async () => {
  nats = await startNatsServer({ jetStream: true });
});
afterAll(() => nats.stop());

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
        ...SILENT,
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
  // The server has it before we have its answer.
  await until('it is known', () => commit.position.sequence === 39);
  expect(commit.position).toEqual({ sequence: 39, records: null });
  stop.abort();
  await running;
});
