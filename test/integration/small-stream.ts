import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { onTestFinished } from 'vitest';
import { inboxInPlace } from '../../src/sources/inbox.ts';
import { JetStreamSource, type JetStreamSourceParts } from '../../src/sources/jetstream.ts';
import { startNatsServer } from './nats-server.ts';

/** A stream on a server of its own, with a few messages that are there before anybody reads. */
export interface SmallStream {
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
  readonly name: string;
  readonly messages: number;
}

export async function smallStream(): Promise<SmallStream> {
  const [name, messages] = ['FRAMES', 5];
  const server = await startNatsServer({ jetStream: true });
  onTestFinished(() => server.stop());
  const connection = await connect({ servers: server.url });
  onTestFinished(() => connection.close());
  const manager = await jetstreamManager(connection);
  await manager.streams.add({ name, subjects: ['frames.>'] });
  for (let i = 0; i < messages; i++) await connection.request('frames.a', String(i));
  return { connection, manager, name, messages };
}

/** Reads it until the test ends; gives the source, and the sequence numbers that it has taken. */
export function readSmallStream(
  { connection, name }: SmallStream,
  parts: Partial<JetStreamSourceParts>,
): { readonly source: JetStreamSource; readonly taken: readonly number[] } {
  const taken: number[] = [];
  const source = new JetStreamSource({
    connection: () => connection,
    stream: name,
    filters: ['frames.a'],
    window: { messages: 100, bytes: 1_000_000 },
    inbox: inboxInPlace(),
    hasRoom: () => true,
    next: () => (taken.at(-1) ?? 0) + 1,
    opened: async () => {},
    seen: () => {},
    vanished: () => {},
    missing: async () => {},
    began: () => {},
    interrupted: () => {},
    ...parts,
  });
  const stop = new AbortController();
  const inlet = {
    message: ({ sequence }: { readonly sequence?: number | undefined }) => {
      taken.push(sequence as number);
    },
    frame: () => {},
  };
  const running = source.run(inlet, stop.signal);
  onTestFinished(async () => {
    stop.abort();
    await running;
  });
  return { source, taken };
}
