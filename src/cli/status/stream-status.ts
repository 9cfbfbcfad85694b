import { JetStreamApiError, type JetStreamManager, type StreamInfo } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import {
  CONSUMER_NOT_FOUND,
  NO_MESSAGE,
  STREAM_NOT_FOUND,
} from '../../component/jetstream-codes.ts';
import { FRAME_LIMITS } from '../../frames/limits.ts';
import { MsgpackReader } from '../../frames/msgpack-read.ts';
import { readMarker } from '../../sinks/marker-store.ts';
import { DOCUMENTS_CONSUMER, type StreamNames } from '../../sources/jetstream-streams.ts';
import { type PartitionsStatus, readPartitions } from './partition-status.ts';

/** One stream as the server has it; ages are by the server's clock. */
export interface StreamStatus {
  readonly name: string;
  readonly created: string;
  readonly messages: number;
  readonly bytes: number;
  /** Null for no limit. */
  readonly bytes_max: number | null;
  readonly kept_seconds: number | null;
  readonly first_sequence: number;
  readonly last_sequence: number;
  /** Null where it is empty. */
  readonly oldest_age_seconds: number | null;
  /** Messages between the first and the last that are gone. */
  readonly deleted: number;
  readonly replicas: number;
}

/** How far records are stored, and by whom. */
export interface MarkerStatus {
  readonly sequence: number;
  /** Records of that frame; null for all. */
  readonly records: number | null;
  readonly stream: string;
  readonly stream_created: string;
  readonly owner: string;
  readonly epoch: number;
}

/** Messages that were discarded, deleted or purged before they were read. */
export interface GapStatus {
  readonly stream: string;
  readonly from_sequence: number;
  readonly to_sequence: number;
  readonly messages: number;
  /** When it was found. */
  readonly at: string;
}

export interface ConsumerStatus {
  readonly name: string;
  /** Not delivered yet. */
  readonly pending: number;
  /** Delivered, and not in the store yet. */
  readonly ack_pending: number;
  readonly redelivered: number;
}

export interface DeadLettersStatus {
  readonly messages: number;
  readonly by_reason: Readonly<Record<string, number>>;
}

/** All that is null is not there, or could not be read: then a problem says why. */
export interface StreamsStatus {
  readonly streams: {
    readonly frames: StreamStatus | null;
    readonly derived: StreamStatus | null;
    readonly dead: StreamStatus | null;
  };
  readonly marker: MarkerStatus | null;
  /** Null where one process has the whole stream. */
  readonly partitions: PartitionsStatus | null;
  readonly last_gap: GapStatus | null;
  readonly documents_consumer: ConsumerStatus | null;
  readonly dead_letters: DeadLettersStatus | null;
}

export const NO_STREAMS: StreamsStatus = {
  streams: { frames: null, derived: null, dead: null },
  marker: null,
  partitions: null,
  last_gap: null,
  documents_consumer: null,
  dead_letters: null,
};

const NS_PER_S = 1e9;

export interface StreamsPlace {
  readonly prefix: string;
  readonly names: StreamNames;
  /** What nobody renewed for so long has no owner. */
  readonly leaseMs: number;
}

/** What the streams say; one thing that can't be read keeps no other from being shown. */
export async function readStreams(
  connection: NatsConnection,
  manager: JetStreamManager,
  { prefix, names, leaseMs }: StreamsPlace,
  problems: string[],
): Promise<StreamsStatus> {
  const looked = async <T>(what: string, look: () => Promise<T>): Promise<T | null> => {
    try {
      return await look();
    } catch (error) {
      if (isAbsent(error)) return null;
      problems.push(`${what} can't be read: ${(error as Error).message}`);
      return null;
    }
  };
  const infoOf = (name: string, subjects?: string) =>
    looked(`stream ${name}`, () => {
      return manager.streams.info(
        name,
        subjects === undefined ? undefined : { subjects_filter: subjects },
      );
    });
  const deadSubjects = `${prefix}.dead.>`;
  const [frames, derived, dead] = await Promise.all([
    infoOf(names.frames),
    infoOf(names.derived),
    infoOf(names.dead, deadSubjects),
  ]);
  const streams = { frames: shown(frames), derived: shown(derived), dead: shown(dead) };
  const dead_letters = dead === null ? null : lettersOf(dead, deadSubjects);
  if (derived === null) return { ...NO_STREAMS, streams, dead_letters };
  const [marker, partitions, last_gap, documents_consumer] = await Promise.all([
    looked('the marker', () => markerOf(connection, prefix, names)),
    looked('partitions', () => partitionsOf(manager, { prefix, names, leaseMs }, frames)),
    looked('the last gap', () => lastGap(manager, prefix, names)),
    looked(`consumer ${DOCUMENTS_CONSUMER}`, () => consumerOf(manager, names)),
  ]);
  return { streams, marker, partitions, last_gap, documents_consumer, dead_letters };
}

async function partitionsOf(
  manager: JetStreamManager,
  place: StreamsPlace,
  frames: StreamInfo | null,
): Promise<PartitionsStatus | null> {
  if (frames === null) return null;
  const { config, created } = frames;
  return await readPartitions({ ...place, manager, config, created, nowMs: nowOf(frames) });
}

/** By the clock of the server. */
function nowOf(info: StreamInfo): number {
  const { ts } = info as { readonly ts?: string };
  return ts === undefined ? Date.now() : Date.parse(ts);
}

/** The server says that there is no such thing, which is an answer. */
function isAbsent(error: unknown): boolean {
  const absent = [STREAM_NOT_FOUND, CONSUMER_NOT_FOUND, NO_MESSAGE];
  return error instanceof JetStreamApiError && absent.includes(error.code);
}

function shown(info: StreamInfo | null): StreamStatus | null {
  if (info === null) return null;
  const { config, state, created } = info;
  const { messages, bytes, first_seq, last_seq, first_ts, num_deleted = 0 } = state;
  const ageS = Math.max(0, (nowOf(info) - Date.parse(first_ts)) / 1000);
  return {
    name: config.name,
    created,
    messages,
    bytes,
    bytes_max: config.max_bytes > 0 ? config.max_bytes : null,
    kept_seconds: config.max_age > 0 ? config.max_age / NS_PER_S : null,
    first_sequence: first_seq,
    last_sequence: last_seq,
    oldest_age_seconds: messages === 0 ? null : ageS,
    deleted: num_deleted,
    replicas: config.num_replicas,
  };
}

function lettersOf({ state }: StreamInfo, subjects: string): DeadLettersStatus {
  const skip = subjects.length - 1;
  const counts = Object.entries(state.subjects ?? {}).map(([subject, count]) => {
    return [subject.slice(skip), count] as const;
  });
  counts.sort(([, a], [, b]) => b - a);
  return { messages: state.messages, by_reason: Object.fromEntries(counts) };
}

async function markerOf(
  connection: NatsConnection,
  prefix: string,
  names: StreamNames,
): Promise<MarkerStatus | null> {
  const found = await readMarker(connection, { prefix, stream: names.derived });
  if (found === undefined) return null;
  const { sequence, records, stream, created, owner, epoch } = found.marker;
  return { sequence, records, stream, stream_created: created, owner, epoch };
}

async function lastGap(
  manager: JetStreamManager,
  prefix: string,
  { derived }: StreamNames,
): Promise<GapStatus | null> {
  const subject = `${prefix}.derived.stream-gap.>`;
  const message = await manager.streams.getMessage(derived, { last_by_subj: subject });
  if (message === null) return null;
  const record = new MsgpackReader(FRAME_LIMITS).readMap(new Uint8Array(message.data));
  return {
    stream: String(record['stream']),
    from_sequence: Number(record['from_sequence']),
    to_sequence: Number(record['to_sequence']),
    messages: Number(record['messages']),
    at: new Date(Number(record['t0']) / 1000).toISOString(),
  };
}

async function consumerOf(
  manager: JetStreamManager,
  { derived }: StreamNames,
): Promise<ConsumerStatus> {
  const info = await manager.consumers.info(derived, DOCUMENTS_CONSUMER);
  const { name, num_pending, num_ack_pending, num_redelivered } = info;
  return {
    name,
    pending: num_pending,
    ack_pending: num_ack_pending,
    redelivered: num_redelivered,
  };
}
