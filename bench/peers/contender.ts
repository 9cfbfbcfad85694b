import { type Consumer, startBareLoop, startService } from '../parts/consumer.ts';
import type { SpikeStream } from '../parts/spike-stream.ts';
import { eventStream } from './events.ts';
import type { Peer } from './peer.ts';
import { startPeer } from './peer-process.ts';

/** The servers of a run. */
export interface Arena {
  /** Of core NATS. */
  readonly natsPort: number;
  /** With JetStream, and nobody else on it. */
  readonly streamPort: number;
  readonly elasticsearchUrl: string | undefined;
}

export type ContenderKind = 'product' | 'by hand' | 'bare' | 'own';

/** Somebody who takes part in a workload, with the messages that they get. */
export interface Contender {
  readonly name: string;
  readonly version: string;
  readonly kind: ContenderKind;
  /** Messages of a first run, which is not told. */
  readonly warmUp: number;
  readonly usesStream: boolean;
  stream(): SpikeStream;
  start(arena: Arena): Promise<Consumer>;
}

const SUBJECT = 'spikes';
/** The stream of those who know no other. */
export const EVENTS_STREAM = { name: 'SPIKES', subject: SUBJECT };

export interface PeerWay {
  readonly isBatched: boolean;
  readonly fromStream?: boolean;
  readonly documents?: boolean;
}

const BATCH = 1000;

export function peerContender(peer: Peer, way: PeerWay): Contender {
  const { isBatched, fromStream = false, documents = false } = way;
  const eventsPerMessage = isBatched ? BATCH : 1;
  return {
    name: peer.name,
    version: peer.version,
    kind: peer.kind,
    warmUp: isBatched ? 150 : 20_000,
    usesStream: fromStream,
    stream: () =>
      eventStream({
        form: peer.formOf(isBatched),
        eventsPerMessage,
        subject: SUBJECT,
        distinct: isBatched ? 200 : 20_000,
      }),
    start: (arena) =>
      startPeer(
        peer,
        {
          natsUrl: `nats://127.0.0.1:${fromStream ? arena.streamPort : arena.natsPort}`,
          subject: SUBJECT,
          isBatched,
          stream: fromStream ? EVENTS_STREAM.name : undefined,
          elasticsearchUrl: documents ? arena.elasticsearchUrl : undefined,
        },
        eventsPerMessage,
      ),
  };
}

export interface OwnWay {
  readonly name: string;
  readonly stream: () => SpikeStream;
  readonly warmUp: number;
  readonly fromStream?: boolean;
  /** Where documents go; into the embedded store, as by default, where undefined. */
  readonly documents?: 'sqlite' | 'elasticsearch' | 'none';
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export function ownContender(way: OwnWay): Contender {
  return {
    name: way.name,
    version: '',
    kind: 'own',
    warmUp: way.warmUp,
    usesStream: way.fromStream ?? false,
    stream: way.stream,
    start: (arena) => startOwn(way, arena),
  };
}

async function startOwn(way: OwnWay, arena: Arena): Promise<Consumer> {
  const fromStream = way.fromStream ?? false;
  const port = fromStream ? arena.streamPort : arena.natsPort;
  const flags = ['--delivery', fromStream ? 'jetstream' : 'core', ...(way.flags ?? [])];
  return await startService(port, flags, { env: { ...way.env, ...documentsOf(way, arena) } });
}

function documentsOf(way: OwnWay, arena: Arena): Readonly<Record<string, string>> {
  if (way.documents === undefined) return {};
  const store = { SPIKESCOPE_DOCUMENTS_STORE: way.documents };
  if (way.documents !== 'elasticsearch') return store;
  if (arena.elasticsearchUrl === undefined) throw new Error('there is no Elasticsearch');
  return { ...store, SPIKESCOPE_DOCUMENTS_ELASTICSEARCH_URL: arena.elasticsearchUrl };
}

export function bareContender(name: string, stream: () => SpikeStream, warmUp: number): Contender {
  return {
    name,
    version: '',
    kind: 'bare',
    warmUp,
    usesStream: false,
    stream,
    start: (arena) => startBareLoop(arena.natsPort),
  };
}
