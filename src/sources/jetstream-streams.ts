import {
  AckPolicy,
  type ConsumerConfig,
  DeliverPolicy,
  DiscardPolicy,
  JetStreamApiError,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
  type StreamInfo,
} from '@nats-io/jetstream';
import {
  CONSUMER_NOT_FOUND,
  NOT_AVAILABLE,
  STREAM_NOT_FOUND,
} from '../component/jetstream-codes.ts';
import { partitionTransform } from '../component/partition.ts';
import { FRAME_KINDS } from '../frames/header.ts';
import { BYTES_MAX, endTrial, isTrial, makeStream } from './make-stream.ts';
import { consumerDifferences, type Difference, streamDifferences } from './stream-differences.ts';
import type { StreamOptions } from './stream-options.ts';

export interface WantedStream {
  readonly name: string;
  /** All but the bytes, where those depend on the store that is free. */
  readonly config: Partial<StreamConfig> & { readonly subjects: string[] };
  /** Durable consumers that others count on. */
  readonly consumers: readonly WantedConsumer[];
}

export type WantedConsumer = Partial<ConsumerConfig> & { readonly durable_name: string };

/** What was made, and what is other than it is wanted, each a sentence for people. */
export interface StreamsSetUp {
  readonly made: string[];
  /** Changed because that was allowed. */
  readonly changed: string[];
  readonly differs: string[];
  /** Those of `differs` without which the promises do not hold: not for a service to start on. */
  readonly vital: string[];
}

/** A name in the configuration of documents names its durable consumer. */
export const DOCUMENTS_CONSUMER = 'documents';

export interface StreamNames {
  readonly frames: string;
  readonly derived: string;
  readonly dead: string;
  /** Checkpoints of partitions: the stream of a key-value bucket, where there are several. */
  readonly state: string;
}

export function streamNames(name: string): StreamNames {
  const [derived, dead, state] = ['DERIVED', 'DEAD', 'STATE'].map((end) => `${name}_${end}`);
  return { frames: name, derived, dead, state: `KV_${state}` } as StreamNames;
}

/** The consumer of those who write documents; all records but the markers. */
export function documentsConsumer(prefix: string): WantedConsumer {
  return {
    durable_name: DOCUMENTS_CONSUMER,
    deliver_policy: DeliverPolicy.All,
    ack_policy: AckPolicy.Explicit,
    ack_wait: 30_000_000_000,
    max_ack_pending: 10_000,
    max_deliver: -1,
    filter_subjects: ['derived', 'anomaly', 'alert'].map((token) => `${prefix}.${token}.>`),
  };
}

/** The streams of a prefix (DESIGN §2), and of what adapters read; documents have a consumer. */
export function wantedStreams(
  prefix: string,
  options: StreamOptions,
  documents: WantedConsumer | undefined,
  adapted: readonly string[] = [],
): readonly WantedStream[] {
  const names = streamNames(options.name);
  const { partitions } = options;
  const isOne = partitions === 1;
  const below = (tokens: readonly string[], end = '>') =>
    tokens.map((token) => `${prefix}.${token}.${end}`);
  const base = {
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.Old,
    no_ack: false,
    allow_direct: true,
    max_msgs: -1,
    max_msgs_per_subject: -1,
    max_msg_size: -1,
    max_age: options.kept * 1000,
    duplicate_window: Math.min(options.duplicate_window, options.kept) * 1000,
    num_replicas: options.replicas,
    ...(options.bytes_max !== undefined && { max_bytes: options.bytes_max }),
  };
  // With partitions a subject of other tokens would be nobody's, or look like one of a partition.
  const frames = {
    subjects: [...below(FRAME_KINDS, isOne ? '>' : '*.*'), ...adapted],
    subject_transform: isOne ? undefined : partitionTransform(prefix, partitions),
  };
  const state = isOne ? [] : [stateStream(names.state, options)];
  return [
    { name: names.frames, config: { ...base, ...frames } as FramesConfig, consumers: [] },
    {
      name: names.derived,
      config: {
        ...base,
        subjects: below(['derived', 'anomaly', 'alert', 'control']),
        allow_atomic: true,
        allow_rollup_hdrs: true,
      },
      consumers: documents === undefined ? [] : [documents],
    },
    {
      name: names.dead,
      config: { ...base, subjects: below(['dead']), max_bytes: options.dead_bytes_max },
      consumers: [],
    },
    ...state,
  ];
}

type FramesConfig = WantedStream['config'];

/**
 * Checkpoints of partitions. To others it is a key-value bucket as any; that it takes atomic
 * batches is how a checkpoint of many messages is replaced as one. What does not fit is refused:
 * discarding old messages would take another partition's state.
 */
function stateStream(name: string, options: StreamOptions): WantedStream {
  const config = {
    subjects: [`$KV.${name.slice('KV_'.length)}.>`],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.New,
    allow_direct: true,
    allow_atomic: true,
    allow_rollup_hdrs: true,
    deny_delete: true,
    max_msgs: -1,
    max_msgs_per_subject: 1,
    max_age: 0,
    max_bytes: options.state_bytes_max,
    num_replicas: options.replicas,
  };
  return { name, config, consumers: [] };
}

/**
 * Makes what is missing and says what differs; only with `change` is anything changed that is
 * there, and then what can't be changed is still said to differ.
 * @throws StreamSetupError where a stream can't be made
 */
export async function setUpStreams(
  jsm: JetStreamManager,
  wanted: readonly WantedStream[],
  { change }: { readonly change: boolean },
): Promise<StreamsSetUp> {
  const done: StreamsSetUp = { made: [], changed: [], differs: [], vital: [] };
  for (const stream of wanted) {
    await setUpStream(jsm, stream, change, done);
    for (const consumer of stream.consumers) {
      await setUpConsumer(jsm, stream.name, consumer, change, done);
    }
  }
  return done;
}

async function setUpStream(
  jsm: JetStreamManager,
  wanted: WantedStream,
  change: boolean,
  done: StreamsSetUp,
): Promise<void> {
  const { name, config } = wanted;
  const before = await found(jsm.streams.info(name), STREAM_NOT_FOUND);
  const there = before !== undefined && isTrial(before) ? await endTrial(jsm, before) : before;
  if (there === undefined) {
    const made = await makeStream(jsm, wanted);
    done.made.push(`made stream ${name} of ${config.subjects.join(', ')}`);
    // A server too old for an option leaves it out and says nothing.
    tellDifferences(`stream ${name}`, streamDifferences(config, made.config), done);
    return;
  }
  const different = streamDifferences(withBytes(config, there), there.config);
  // A stream of other partitions is another stream: nothing of it is changed.
  if (!change || different.some(({ isFixed }) => isFixed)) {
    tellDifferences(`stream ${name}`, different, done);
    return;
  }
  await apply(`stream ${name}`, different, done, async (fields) => {
    const after = await jsm.streams.update(name, picked(withBytes(config, there), fields));
    return streamDifferences(withBytes(config, there), after.config);
  });
}

async function setUpConsumer(
  jsm: JetStreamManager,
  stream: string,
  wanted: WantedConsumer,
  change: boolean,
  done: StreamsSetUp,
): Promise<void> {
  const name = wanted.durable_name;
  const what = `consumer ${name} of ${stream}`;
  const there = await found(jsm.consumers.info(stream, name), CONSUMER_NOT_FOUND);
  if (there === undefined) {
    await jsm.consumers.add(stream, wanted);
    done.made.push(`made ${what}`);
    return;
  }
  const before = consumerDifferences(wanted, there.config);
  if (before.length === 0 || !change) {
    tellDifferences(what, before, done);
    return;
  }
  await apply(what, before, done, async (fields) => {
    const after = await jsm.consumers.update(stream, name, picked(wanted, fields));
    return consumerDifferences(wanted, after.config);
  });
}

/**
 * Changes field by field: one that the server refuses (such as the storage of a stream) keeps the
 * others from nothing.
 */
async function apply(
  what: string,
  before: readonly Difference[],
  done: StreamsSetUp,
  update: (fields: readonly string[]) => Promise<readonly Difference[]>,
): Promise<void> {
  for (const difference of before) {
    try {
      const left = await update([difference.field]);
      if (left.some(({ field }) => field === difference.field)) {
        tellDifferences(what, [difference], done);
      } else {
        done.changed.push(`${what}: ${difference.text}: changed`);
      }
    } catch (error) {
      // A cluster that elects, or gives no answer, refuses nothing: that passes.
      if (!(error instanceof JetStreamApiError) || error.code === NOT_AVAILABLE) throw error;
      const text = `${difference.text}; it can't be changed: ${error.message}`;
      tellDifferences(what, [{ ...difference, text }], done);
    }
  }
}

function tellDifferences(
  what: string,
  differences: readonly Difference[],
  { differs, vital }: StreamsSetUp,
): void {
  for (const { text, isVital, isFixed } of differences) {
    // Chips would move between states, and what is stored would keep its partitions.
    const hint = isFixed ? '; fixed when it was made: set streams.partitions or streams.name' : '';
    const sentence = `${what}: ${text}${hint}`;
    differs.push(sentence);
    if (isVital) vital.push(sentence);
  }
}

/** Where the bytes are not configured, any bound will do that is not above the default one. */
function withBytes(config: WantedStream['config'], there: StreamInfo): WantedStream['config'] {
  if (config.max_bytes !== undefined) return config;
  const { max_bytes: is } = there.config;
  return { ...config, max_bytes: is > 0 && is <= BYTES_MAX ? is : BYTES_MAX };
}

function picked<T extends object>(config: T, fields: readonly string[]): Partial<T> {
  const entries = Object.entries(config).filter(([field]) => fields.includes(field));
  return Object.fromEntries(entries) as Partial<T>;
}

/** Undefined where the server says that there is none. */
async function found<T>(asked: Promise<T>, codeOfNone: number): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === codeOfNone) return undefined;
    throw error;
  }
}
