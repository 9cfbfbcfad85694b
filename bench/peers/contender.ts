import { type Consumer, startBareLoop, startService, sumOf } from '../parts/consumer.ts';
import type { SpikeStream } from '../parts/spike-stream.ts';
import { EVENT_NEURONS, type EventForm, eventStream } from './events.ts';
import { withConfig } from './own-service-config.ts';
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
    stream: () => eventsOf(peer.formOf(isBatched), isBatched),
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
  /** Of the service, as its file has it. */
  readonly config?: unknown;
  /** Where a message is no frame: what is counted in its place. */
  readonly spikesPerMessage?: number;
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
  const service = await withConfig(way.config ?? {}, async (file) => {
    const flags = ['--delivery', fromStream ? 'jetstream' : 'core', ...file];
    return await startService(port, flags, { env: documentsOf(way, arena) });
  });
  const { spikesPerMessage } = way;
  if (spikesPerMessage === undefined) return service;
  const frames = async () => {
    return sumOf(await service.text(), 'neural_spikes_total') / spikesPerMessage;
  };
  return { ...service, frames };
}

function documentsOf(way: OwnWay, arena: Arena): Readonly<Record<string, string>> {
  if (way.documents === undefined) return {};
  const store = { SPIKESCOPE_DOCUMENTS_STORE: way.documents };
  if (way.documents !== 'elasticsearch') return store;
  if (arena.elasticsearchUrl === undefined) throw new Error('there is no Elasticsearch');
  return { ...store, SPIKESCOPE_DOCUMENTS_ELASTICSEARCH_URL: arena.elasticsearchUrl };
}

/** The events of the peers, through an adapter that the configuration describes. */
export function adapterContender(name: string, way: Omit<PeerWay, 'documents'>): Contender {
  const eventsPerMessage = way.isBatched ? BATCH : 1;
  return ownContender({
    name,
    warmUp: way.isBatched ? 500 : 20_000,
    fromStream: way.fromStream ?? false,
    stream: () => eventsOf('json', way.isBatched),
    spikesPerMessage: eventsPerMessage,
    config: {
      adapters: [
        {
          name: 'events',
          subjects: [SUBJECT],
          format: 'json-objects',
          device_type: 'cpu',
          chip_id: '0',
          fields: { layer: 'layer', neuron: 'neuron', time: 't_us', membrane: 'mv' },
          neuron_count: EVENT_NEURONS,
        },
      ],
    },
  });
}

function eventsOf(form: EventForm, isBatched: boolean): SpikeStream {
  return eventStream({
    form,
    eventsPerMessage: isBatched ? BATCH : 1,
    subject: SUBJECT,
    distinct: isBatched ? 200 : 20_000,
  });
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
