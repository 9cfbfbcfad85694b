import { setTimeout as sleep } from 'node:timers/promises';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { setUpStreams, streamNames, wantedStreams } from '../../src/sources/jetstream-streams.ts';
import { streamOptions } from '../../src/sources/stream-options.ts';
import { type NatsServer, startNatsServer } from '../../test/integration/nats-server.ts';
import { openPublisher, send } from './blast.ts';
import { type Service, sumOf } from './consumer.ts';
import type { SpikeStream } from './spike-stream.ts';

const PREFIX = 'spikeformer';
const STREAM_BYTES_MAX = 8 * 1024 ** 3;
/** Reserved at once for all streams, whoever else fills the disk meanwhile. */
const SETTINGS = 'max_file: 32GB';
/** What the server has taken and not stored; past a bound of its own it drops. */
const UNSTORED_BYTES_MAX = 32 * 1024 * 1024;
const UNSTORED_MESSAGES_MAX = 4000;
const SLICE_BYTES = 1024 * 1024;
const POLL_MS = 100;
const STALL_MS_MAX = 20_000;

/** A nats-server whose stream holds frames before anybody reads them. */
export class PreloadedServer {
  readonly server: NatsServer;
  private readonly connection: NatsConnection;
  private readonly manager: JetStreamManager;
  private readonly names = streamNames(streamOptions.parse({}).name);

  private readonly partitions: number;

  private constructor(
    server: NatsServer,
    connection: NatsConnection,
    manager: JetStreamManager,
    partitions: number,
  ) {
    this.partitions = partitions;
    this.server = server;
    this.connection = connection;
    this.manager = manager;
  }

  static async start(partitions = 1): Promise<PreloadedServer> {
    const server = await startNatsServer({ jetStream: SETTINGS });
    const connection = await connect({ servers: server.url });
    const manager = await jetstreamManager(connection);
    const preloaded = new PreloadedServer(server, connection, manager, partitions);
    await preloaded.setUp();
    return preloaded;
  }

  /** The last message that is stored. */
  async stored(): Promise<number> {
    return (await this.manager.streams.info(this.names.frames)).state.last_seq;
  }

  /** Stores frames as fast as the server takes them, or at a rate. */
  async load(stream: SpikeStream, messages: number, perS = Number.POSITIVE_INFINITY) {
    const socket = await openPublisher(this.server.port);
    const bytes = stream.bytesPerMessage;
    const slice = Math.max(1, Math.floor(Math.min(SLICE_BYTES / bytes, perS / 50)));
    const ahead = Math.min(UNSTORED_MESSAGES_MAX, Math.floor(UNSTORED_BYTES_MAX / bytes));
    const before = await this.stored();
    const beganMs = performance.now();
    let stored = 0;
    for (let sent = 0; sent < messages; ) {
      const count = Math.min(slice, messages - sent);
      while (sent + count - stored > ahead) stored = (await this.stored()) - before;
      const dueMs = beganMs + ((sent + count) / perS) * 1000;
      if (dueMs > performance.now()) await sleep(dueMs - performance.now());
      await send(socket, stream.next(count));
      sent += count;
    }
    const deadlineMs = performance.now() + STALL_MS_MAX;
    while ((await this.stored()) - before < messages) {
      if (performance.now() > deadlineMs) throw new Error('the server did not store all frames');
    }
    socket.destroy();
  }

  /** Nothing is derived yet: a service that begins anew has to store all of its records. */
  async forgetDerived(): Promise<void> {
    await this.manager.streams.delete(this.names.derived);
    if (this.partitions > 1) await this.manager.streams.delete(this.names.state);
    await this.setUp();
  }

  /** No frame is there. */
  async empty(): Promise<void> {
    await this.manager.streams.delete(this.names.frames);
    await this.forgetDerived();
  }

  async derivedRecords(): Promise<number> {
    return (await this.manager.streams.info(this.names.derived)).state.messages;
  }

  async stop(): Promise<void> {
    await this.connection.close();
    await this.server.stop();
  }

  private async setUp(): Promise<void> {
    const { partitions } = this;
    const options = streamOptions.parse({ bytes_max: STREAM_BYTES_MAX, partitions });
    await setUpStreams(this.manager, wantedStreams(PREFIX, options, undefined), { change: false });
  }
}

/** A look at a service that works on what is stored. */
export interface ReadLook {
  readonly atMs: number;
  readonly messages: number;
  readonly cpuS: number;
}

/** How fast a service went through what was stored, between the first and the last of its looks. */
export interface ReadResult {
  readonly messages: number;
  readonly wallS: number;
  readonly cpuS: number;
  readonly rssMb: number;
}

/**
 * Looks at a service until it has processed all `messages`, and gives what it did from the look
 * that found `warmUp` of them processed to the last one that found it at work.
 */
export async function watchReading(
  service: Service,
  messages: number,
  warmUp: number,
): Promise<ReadResult> {
  const looks: ReadLook[] = [];
  let rssMb = 0;
  let progressMs = performance.now();
  for (;;) {
    const text = await service.text();
    const behind = sumOf(text, 'spikescope_stream_lag_messages');
    const hasSeen = text.includes('\nspikescope_stream_lag_messages ');
    const processed = hasSeen ? messages - behind : 0;
    if (processed >= messages) break;
    const last = looks.at(-1);
    const atMs = performance.now();
    if (processed > (last?.messages ?? 0)) progressMs = atMs;
    if (atMs - progressMs > STALL_MS_MAX) throw new Error(`it stopped behind message ${processed}`);
    if (processed >= warmUp) looks.push({ atMs, messages: processed, cpuS: service.cpuS() });
    rssMb = Math.max(rssMb, service.rssMb());
    await sleep(POLL_MS);
  }
  const [first] = looks;
  const last = looks.at(-1);
  if (first === undefined || last === undefined || last.messages === first.messages) {
    throw new Error('it went through the stream before it could be looked at: load more');
  }
  return {
    messages: last.messages - first.messages,
    wallS: (last.atMs - first.atMs) / 1000,
    cpuS: last.cpuS - first.cpuS,
    rssMb,
  };
}
