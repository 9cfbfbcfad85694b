import { setImmediate as turn } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { type JetStreamManager, jetstreamManager, type StoredMsg } from '@nats-io/jetstream';
import { headers, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import { isAnswer, NO_MESSAGE } from '../component/jetstream-codes.ts';
import {
  type BatchMessage,
  BatchRefusedError,
  NOT_THE_LAST,
  storeAtomically,
} from '../sinks/atomic-batch.ts';
import { type CheckpointContent, decodeCheckpoint, encodeCheckpoint } from './checkpoint-file.ts';
import type { FoundCheckpoint } from './checkpoint-folder.ts';

export interface CheckpointBucketParts {
  readonly connection: () => NatsConnection | undefined;
  /** The stream of the bucket: `KV_` and its name. */
  readonly stream: string;
  /** Whose checkpoint it is, such as `p7`: the first part of its keys. */
  readonly part: string;
  readonly owner: string;
}

/** Another owner has the part: this one's checkpoint is not wanted any more. */
export class CheckpointFencedError extends Error {
  override readonly name = 'CheckpointFencedError';
}

/** What the bucket says of a checkpoint, beside its chunks. */
interface Head {
  readonly v: 1;
  readonly owner: string;
  /** Each chunk says it too: a reader sees whether they belong together. */
  readonly generation: number;
  readonly chunks: number;
  readonly bytes: number;
  readonly crc32: number;
}

const API_MS_MAX = 2000;
/** A batch of many megabytes takes the server its time. */
const STORE_MS_MAX = 2000;
const STORE_MS_PER_MIB = 200;
const CHUNK_BYTES_MAX = 512 * 1024;
const HEADER_BYTES = 1024;
/** Bytes of a checkpoint at most: larger ones are no state of a part, but a sign of too few. */
const CHECKPOINT_BYTES_MAX = 256 * 1024 * 1024;
const GENERATION = 'Spikescope-Generation';
const READS_MAX = 5;

/**
 * The checkpoint of one part in a key-value bucket of NATS, in chunks and a head that names them.
 * All of it is replaced in one atomic batch, and only where its head is the one that this owner
 * wrote or took over: an owner of the past replaces nothing, and leaves nothing behind.
 */
export class CheckpointBucket {
  private readonly parts: CheckpointBucketParts;
  private readonly subject: string;
  private revision = 0;
  private generation = 0;
  private chunks = 0;

  constructor(parts: CheckpointBucketParts) {
    this.parts = parts;
    this.subject = `$KV.${parts.stream.slice('KV_'.length)}.${parts.part}`;
  }

  /**
   * Makes the checkpoint this owner's and reads it. From here on, none that an earlier owner had
   * on its way is stored.
   */
  async newest(): Promise<FoundCheckpoint> {
    const connection = this.connection();
    const manager = await jetstreamManager(connection, { timeout: API_MS_MAX, checkAPI: false });
    const head = await this.takeHead(connection, manager);
    if (head === undefined) return { content: undefined, refused: [] };
    this.generation = head.generation;
    this.chunks = head.chunks;
    const path = `${this.parts.stream}/${this.parts.part}`;
    try {
      const data = await this.read(manager, head);
      return { content: await decodeCheckpoint(data, path), refused: [] };
    } catch (error) {
      if (!(error instanceof Error) || !isTorn(error)) throw error;
      return { content: undefined, refused: [{ path, reason: error.message }] };
    }
  }

  /** It stays where it is until the next one replaces it. */
  setAside(): Promise<void> {
    return Promise.resolve();
  }

  /** @throws CheckpointFencedError where another owner has taken it over */
  async write(content: CheckpointContent): Promise<number> {
    const data = Buffer.concat(await encodeCheckpoint(content, () => turn()));
    if (data.length > CHECKPOINT_BYTES_MAX) {
      const mib = (bytes: number) => Math.ceil(bytes / 1024 ** 2);
      throw new Error(
        `the state of ${this.parts.part} has ${mib(data.length)} MiB, more than \
${mib(CHECKPOINT_BYTES_MAX)}: name a stream with more partitions`,
      );
    }
    const connection = this.connection();
    const payloadMax = (connection.info?.max_payload ?? CHUNK_BYTES_MAX) - HEADER_BYTES;
    const size = Math.min(CHUNK_BYTES_MAX, payloadMax);
    const chunks = Math.ceil(data.length / size);
    const generation = this.generation + 1;
    const messages: BatchMessage[] = [];
    for (let i = 0; i < chunks; i++) {
      const chunk = data.subarray(i * size, (i + 1) * size);
      messages.push(this.message(`chunk.${i}`, chunk, generation));
    }
    const { owner } = this.parts;
    const sum = crc32(data);
    await this.replace(connection, messages, {
      ...{ v: 1, owner, generation, chunks, bytes: data.length, crc32: sum },
    });
    await this.purgeFrom(chunks).catch(() => {});
    this.chunks = chunks;
    return data.length;
  }

  private connection(): NatsConnection {
    const connection = this.parts.connection();
    if (connection === undefined || connection.isClosed()) throw new Error('not connected to NATS');
    return connection;
  }

  /** The head, now of this owner; undefined where there was none. */
  private async takeHead(
    connection: NatsConnection,
    manager: JetStreamManager,
  ): Promise<Head | undefined> {
    for (;;) {
      const last = await this.last(manager, 'head');
      const head = last === undefined ? undefined : (JSON.parse(textOf(last)) as Head);
      this.revision = last?.seq ?? 0;
      const { owner } = this.parts;
      const empty: Head = { v: 1, owner, generation: 0, chunks: 0, bytes: 0, crc32: 0 };
      try {
        await this.replace(connection, [], { ...(head ?? empty), owner });
        return head === undefined || head.chunks === 0 ? undefined : head;
      } catch (error) {
        // The owner before wrote in this very moment: what it wrote is as good.
        if (!(error instanceof CheckpointFencedError)) throw error;
      }
    }
  }

  private async replace(
    connection: NatsConnection,
    chunks: readonly BatchMessage[],
    head: Head,
  ): Promise<void> {
    const message = this.message('head', Buffer.from(JSON.stringify(head)), head.generation);
    message.headers.set('Nats-Expected-Last-Subject-Sequence', String(this.revision));
    const ms = STORE_MS_MAX + (head.bytes / 1024 ** 2) * STORE_MS_PER_MIB;
    try {
      this.revision = await storeAtomically(connection, [...chunks, message], ms);
    } catch (error) {
      await this.lookAfter(head, error);
    }
    this.generation = head.generation;
  }

  /** What became of it: the head of now says whether it is there. */
  private async lookAfter(head: Head, failed: unknown): Promise<void> {
    const connection = this.connection();
    const manager = await jetstreamManager(connection, { timeout: API_MS_MAX, checkAPI: false });
    const last = await this.last(manager, 'head');
    const there = last === undefined ? undefined : (JSON.parse(textOf(last)) as Head);
    if (last !== undefined && there?.owner === head.owner && there.crc32 === head.crc32) {
      this.revision = last.seq;
      if (there.generation === head.generation) return;
    }
    // The bucket was emptied, or the first head is to come.
    if (there === undefined) this.revision = 0;
    const isRefused = failed instanceof BatchRefusedError && failed.code === NOT_THE_LAST;
    if (there !== undefined && (there.owner !== head.owner || isRefused)) {
      throw new CheckpointFencedError(
        `the checkpoint of ${this.parts.part} is that of ${there.owner} now`,
      );
    }
    throw failed;
  }

  private message(key: string, data: Uint8Array, generation: number): BatchMessage {
    const fields: MsgHdrs = headers();
    fields.set(GENERATION, String(generation));
    return { subject: `${this.subject}.${key}`, data, headers: fields };
  }

  /** All chunks of a head; those that a replica does not have yet come from the leader. */
  private async read(manager: JetStreamManager, head: Head): Promise<Buffer> {
    const data = Buffer.allocUnsafeSlow(head.bytes);
    let at = 0;
    for (let i = 0; i < head.chunks; i++) {
      const chunk = await this.last(manager, `chunk.${i}`);
      if (chunk === undefined) throw new TornError(`chunk ${i} of ${head.chunks} is missing`);
      if (chunk.header.get(GENERATION) !== String(head.generation)) {
        throw new TornError(`chunk ${i} of ${head.chunks} is of another checkpoint`);
      }
      data.set(chunk.data, at);
      at += chunk.data.length;
    }
    if (at !== head.bytes || crc32(data) !== head.crc32) throw new TornError('its sum is wrong');
    return data;
  }

  private async last(manager: JetStreamManager, key: string): Promise<StoredMsg | undefined> {
    const query = { last_by_subj: `${this.subject}.${key}` };
    for (let reads = 1; ; reads++) {
      try {
        return (await manager.streams.getMessage(this.parts.stream, query)) ?? undefined;
      } catch (error) {
        if (isAnswer(error, NO_MESSAGE)) return undefined;
        if (reads === READS_MAX) throw error;
      }
    }
  }

  /** Chunks of an earlier checkpoint, where that had more. */
  private async purgeFrom(first: number): Promise<void> {
    if (first >= this.chunks) return;
    const connection = this.connection();
    const manager = await jetstreamManager(connection, { timeout: API_MS_MAX, checkAPI: false });
    for (let i = first; i < this.chunks; i++) {
      await manager.streams.purge(this.parts.stream, { filter: `${this.subject}.chunk.${i}` });
    }
  }
}

class TornError extends Error {}

function isTorn(error: Error): boolean {
  return error instanceof TornError || error.name === 'CheckpointError';
}

function textOf(message: StoredMsg): string {
  return Buffer.from(message.data).toString('utf8');
}
