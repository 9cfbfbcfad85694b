import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { onTestFinished } from 'vitest';
import type { DerivedRecord } from '../../src/component/derived-record.ts';
import type { DerivedCommitParts } from '../../src/sinks/commit-parts.ts';
import { DerivedCommit } from '../../src/sinks/derived-commit.ts';
import { ID_HEADER } from '../../src/sinks/derived-message.ts';
import { type Marker, parseMarker } from '../../src/sinks/marker.ts';
import { setUpStreams, wantedStreams } from '../../src/sources/jetstream-streams.ts';
import { streamOptions } from '../../src/sources/stream-options.ts';
import type { NatsServer } from '../integration/nats-server.ts';
import { PATIENT } from '../integration/stream-lab.ts';

export const CREATED = '2026-11-29T08:00:00.123456789Z';
const [, WANTED] = wantedStreams('spikeformer', streamOptions.parse({}), undefined);

/** Events that a test has no ears for. */
export const SILENT = {
  stored: () => {},
  failed: () => {},
  worked: () => {},
  tooLarge: () => {},
};

/** What is in the derived stream, without the markers. */
export interface Stored {
  readonly subject: string;
  readonly id: string;
}

/** A connection to a server whose derived stream is empty, and what a test does with it. */
export class DerivedServer {
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
  readonly stream = 'SPIKEFORMER_DERIVED';

  private constructor(connection: NatsConnection, manager: JetStreamManager) {
    this.connection = connection;
    this.manager = manager;
  }

  static async of(server: NatsServer): Promise<DerivedServer> {
    const connection = await connect({ servers: server.url, reconnectTimeWait: 20 });
    onTestFinished(() => connection.close());
    const manager = await jetstreamManager(connection, PATIENT);
    const made = new DerivedServer(connection, manager);
    // Not of the test before: what that one still had under way may have made the stream again.
    do {
      await manager.streams.delete(made.stream).catch(() => {});
      await made.make();
    } while ((await manager.streams.info(made.stream)).state.last_seq > 0);
    return made;
  }

  async make(): Promise<void> {
    await setUpStreams(this.manager, [WANTED as NonNullable<typeof WANTED>], { change: false });
  }

  async records(): Promise<Stored[]> {
    const stored: Stored[] = [];
    const { state } = await this.manager.streams.info(this.stream);
    for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
      const message = await this.manager.streams.getMessage(this.stream, { seq }).catch(() => null);
      if (message === null || message.subject.includes('.control.')) continue;
      stored.push({ subject: message.subject, id: message.header.get(ID_HEADER) });
    }
    return stored;
  }

  /** The places of what is stored: frame and index. */
  async places(): Promise<string[]> {
    return (await this.records()).map(({ id }) => {
      const [, sequence, index] = id.split('-').map(Number);
      return `${sequence}.${index}`;
    });
  }

  async marker(): Promise<Marker | undefined> {
    const subject = 'spikeformer.control.position';
    const message = await this.manager.streams.getMessage(this.stream, { last_by_subj: subject });
    return message === null ? undefined : parseMarker(message.data);
  }
}

export function record(name = 'power', bytes = 10): DerivedRecord {
  const fields = { text: 'x'.repeat(bytes) };
  return { record: name, key: ['loihi2', '0'], t0Us: 5, spanUs: 1, fields };
}

/** A commit into that server, with what it said. */
export function committing(server: DerivedServer, parts: Partial<DerivedCommitParts> = {}) {
  const said: string[] = [];
  const commit = new DerivedCommit({
    connection: () => server.connection,
    place: { prefix: 'spikeformer', stream: server.stream },
    frames: 'SPIKEFORMER',
    owner: 'first',
    limits: { everyMs: 5, waitingBytesMax: 1024 * 1024 },
    missing: () => server.make(),
    roomMade: () => said.push('room'),
    events: {
      stored: (records) => said.push(`stored ${records}`),
      failed: (reason) => said.push(`failed: ${reason}`),
      worked: () => said.push('worked'),
      tooLarge: (records) => said.push(`too large ${records}`),
    },
    ...parts,
  });
  const never = new AbortController().signal;
  return {
    commit,
    said,
    claim: (created = CREATED, known?: { sequence: number; records: number | null }) =>
      commit.claim(created, known, never),
    /** A frame derives so many records. */
    frame: (sequence: number, records: number) => {
      commit.begin(sequence);
      for (let i = 0; i < records; i++) commit.take(record());
    },
    /** Stores all that waits. */
    flush: () => commit.close(never),
  };
}
