import { headers, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  BATCH_MESSAGES_MAX,
  type BatchMessage,
  BatchRefusedError,
  NOT_THE_LAST,
  storeAtomically,
} from '../../src/sinks/atomic-batch.ts';
import { type NatsServer, startNatsServer } from '../integration/nats-server.ts';
import { DerivedServer } from './derived-server.ts';

let nats: NatsServer;
beforeAll(async () => {
  nats = await startNatsServer({ jetStream: true });
});
afterAll(() => nats.stop());

const MS_MAX = 20_000;

function messages(count: number, after?: number): BatchMessage[] {
  return Array.from({ length: count }, (_, i) => {
    const fields = headers();
    if (i === count - 1 && after !== undefined) {
      fields.set('Nats-Expected-Last-Subject-Sequence', String(after));
    }
    const isMarker = i === count - 1;
    const subject = isMarker ? 'spikeformer.control.position' : `spikeformer.derived.power.${i}`;
    return { subject, data: Buffer.from(String(i)), headers: fields };
  });
}

async function stored(server: DerivedServer): Promise<number> {
  return (await server.manager.streams.info(server.stream)).state.messages;
}

it('stores all of it and gives the sequence of the last, up to the most that may be', async () => {
  const server = await DerivedServer.of(nats);
  const store = (count: number) => storeAtomically(server.connection, messages(count), MS_MAX);
  expect(await store(1)).toBe(1);
  expect(await store(3)).toBe(4);
  expect(await store(BATCH_MESSAGES_MAX)).toBe(4 + BATCH_MESSAGES_MAX);
  expect(await stored(server)).toBe(4 + BATCH_MESSAGES_MAX);
  const last = await server.manager.streams.getMessage(server.stream, { seq: 4 });
  expect(last?.subject).toBe('spikeformer.control.position');
});

it('stores nothing of it where the marker is not the one that was named', async () => {
  const server = await DerivedServer.of(nats);
  const { connection } = server;
  const first = await storeAtomically(connection, messages(2, 0), MS_MAX);
  const refused = storeAtomically(connection, messages(5, 0), MS_MAX);
  await expect(refused).rejects.toMatchObject({ name: 'BatchRefusedError', code: NOT_THE_LAST });
  await expect(storeAtomically(connection, messages(1, 0), MS_MAX)).rejects.toBeInstanceOf(
    BatchRefusedError,
  );
  expect(await stored(server)).toBe(2);
  expect(await storeAtomically(connection, messages(3, first), MS_MAX)).toBe(5);
});

it('stores nothing of what is more than the server takes, or is nothing', async () => {
  const server = await DerivedServer.of(nats);
  const tooMany = storeAtomically(server.connection, messages(BATCH_MESSAGES_MAX + 1), MS_MAX);
  await expect(tooMany).rejects.toBeInstanceOf(BatchRefusedError);
  await expect(storeAtomically(server.connection, [], MS_MAX)).rejects.toThrow('needs a message');
  expect(await stored(server)).toBe(0);
});

it('stores nothing of what came in part, and goes on', async () => {
  const server = await DerivedServer.of(nats);
  let left = 2;
  // A connection that dies within the batch.
  const dying = new Proxy(server.connection, {
    get: (target, name) => {
      if (name === 'publish') {
        return (...args: Parameters<NatsConnection['publish']>) => {
          if (left-- === 0) throw new Error('the connection is gone');
          target.publish(...args);
        };
      }
      return Reflect.get(target, name).bind(target);
    },
  });
  await expect(storeAtomically(dying, messages(5, 0), MS_MAX)).rejects.toThrow('is gone');
  await server.connection.flush();
  expect(await stored(server)).toBe(0);
  expect(await storeAtomically(server.connection, messages(5, 0), MS_MAX)).toBe(5);
});

it('leaves open what became of it where nobody answers', async () => {
  const server = await DerivedServer.of(nats);
  await server.manager.streams.delete(server.stream);
  const unheard = storeAtomically(server.connection, messages(2), MS_MAX);
  await expect(unheard).rejects.not.toBeInstanceOf(BatchRefusedError);
  await expect(unheard).rejects.toThrow(/no responders/);
});
