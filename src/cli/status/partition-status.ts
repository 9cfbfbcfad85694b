import {
  AckPolicy,
  DeliverPolicy,
  type JetStreamManager,
  type StoredMsg,
  type StreamConfig,
} from '@nats-io/jetstream';
import { isAnswer, NO_MESSAGE } from '../../component/jetstream-codes.ts';
import { partitionFilter } from '../../component/partition.ts';
import { parseMarker } from '../../sinks/marker.ts';
import { markerSubject } from '../../sinks/marker-store.ts';
import type { StreamNames } from '../../sources/jetstream-streams.ts';

/** One partition: who works on it, and how far it is. */
export interface PartitionStatus {
  /** Its number; `join` for what joins chips, which reads derived records. */
  readonly partition: string;
  /** Who has it; null where nobody does. */
  readonly worker: string | null;
  /** That worker's process. */
  readonly owner: string | null;
  /** One more with each owner; 0 where nobody ever was. */
  readonly epoch: number;
  /** Since the owner last said that it is there, by the server's clock. */
  readonly lease_age_seconds: number | null;
  /** The last message of the stream whose records are stored. */
  readonly sequence: number | null;
  /** Messages of it whose records are not stored; null for what joins chips. */
  readonly lag_messages: number | null;
}

export interface WorkerStatus {
  readonly worker: string;
  readonly owner: string;
  readonly partitions: number;
}

/** Of a stream that workers share. */
export interface PartitionsStatus {
  readonly count: number;
  readonly without_owner: number;
  readonly lag_messages: number;
  readonly workers: readonly WorkerStatus[];
  readonly list: readonly PartitionStatus[];
}

export interface PartitionsAsked {
  readonly manager: JetStreamManager;
  readonly prefix: string;
  readonly names: StreamNames;
  /** Of the stream of frames. */
  readonly config: StreamConfig;
  readonly created: string;
  /** A lease that nobody renewed for so long is nobody's. */
  readonly leaseMs: number;
  readonly nowMs: number;
}

/** `isWhole`: all records of that message are stored. */
type Lease = Omit<PartitionStatus, 'lag_messages'> & { readonly isWhole: boolean };

/** Partitions that are asked about at once. */
const AT_ONCE = 16;
/** The part that joins what was derived of chips. */
const JOIN = 'join';
const NS_PER_S = 1_000_000_000;

/** How the partitions stand; null where one process has the whole stream. */
export async function readPartitions(asked: PartitionsAsked): Promise<PartitionsStatus | null> {
  const count = partitionsOf(asked.config);
  if (count === 1) return null;
  const list: PartitionStatus[] = [];
  for (let first = 0; first < count; first += AT_ONCE) {
    const numbers = Array.from({ length: Math.min(AT_ONCE, count - first) }, (_, i) => first + i);
    list.push(...(await Promise.all(numbers.map((number) => partition(asked, number)))));
  }
  const { isWhole: _, ...join } = await leaseOf(asked, JOIN);
  // Not of a version that has none, nor before the first.
  if (join.epoch > 0) list.push({ ...join, lag_messages: null });
  return summary(count, list);
}

/** How many the server puts the chips of this stream into. */
function partitionsOf({ subject_transform: transform }: StreamConfig): number {
  const found = /\{\{partition\((\d+),2,3\)\}\}$/.exec(transform?.dest ?? '')?.[1];
  return found === undefined ? 1 : Number(found);
}

function summary(count: number, list: readonly PartitionStatus[]): PartitionsStatus {
  const workers = new Map<string, WorkerStatus>();
  for (const { worker, owner } of list) {
    if (worker === null || owner === null) continue;
    const before = workers.get(owner)?.partitions ?? 0;
    workers.set(owner, { worker, owner, partitions: before + 1 });
  }
  return {
    count,
    without_owner: list.filter(({ worker }) => worker === null).length,
    lag_messages: list.reduce((sum, { lag_messages: lag }) => sum + (lag ?? 0), 0),
    workers: [...workers.values()].sort((a, b) => a.worker.localeCompare(b.worker)),
    list,
  };
}

async function partition(asked: PartitionsAsked, number: number): Promise<PartitionStatus> {
  const { isWhole, ...lease } = await leaseOf(asked, `p${number}`);
  // Of a frame whose records are stored in part the rest is still to come.
  const done = (lease.sequence ?? 0) - (isWhole ? 0 : 1);
  return { ...lease, lag_messages: await messagesAfter(asked, number, done) };
}

/** What the marker says; of another stream of frames it says nothing of this one. */
async function leaseOf(
  { manager, prefix, names, created, leaseMs, nowMs }: PartitionsAsked,
  part: string,
): Promise<Lease> {
  const message = await lastOf(manager, names.derived, markerSubject({ prefix, part }));
  const marker = message === undefined ? undefined : parseMarker(message.data);
  const partition = part.replace(/^p/, '');
  if (message === undefined || marker === undefined) {
    const nobody = { worker: null, owner: null, epoch: 0, lease_age_seconds: null };
    return { partition, ...nobody, sequence: null, isWhole: true };
  }
  const ageMs = Math.max(0, nowMs - message.time.getTime());
  const { worker = null, owner, epoch } = marker;
  const isHeld = worker !== null && ageMs <= leaseMs;
  const isSame = marker.created === created || part === JOIN;
  return {
    partition,
    worker: isHeld ? worker : null,
    owner: isHeld ? owner : null,
    epoch,
    lease_age_seconds: ageMs / 1000,
    sequence: isSame ? marker.sequence : 0,
    isWhole: marker.records === null,
  };
}

/** The server counts what a reader would still get; it is asked only where there is something. */
async function messagesAfter(
  { manager, prefix, names }: PartitionsAsked,
  number: number,
  done: number,
): Promise<number> {
  const filter = partitionFilter(prefix, number);
  const last = await lastOf(manager, names.frames, filter);
  if (last === undefined) return 0;
  if (last.seq <= done) return 0;
  const { name, num_pending: pending } = await manager.consumers.add(names.frames, {
    ack_policy: AckPolicy.None,
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: done + 1,
    filter_subject: filter,
    inactive_threshold: NS_PER_S,
    mem_storage: true,
    num_replicas: 1,
  });
  await manager.consumers.delete(names.frames, name).catch(() => {});
  return pending;
}

async function lastOf(
  manager: JetStreamManager,
  stream: string,
  subject: string,
): Promise<StoredMsg | undefined> {
  try {
    return (await manager.streams.getMessage(stream, { last_by_subj: subject })) ?? undefined;
  } catch (error) {
    if (isAnswer(error, NO_MESSAGE)) return undefined;
    throw error;
  }
}
