import {
  adapterContender,
  bareContender,
  type Contender,
  ownContender,
  peerContender,
} from './contender.ts';
import { membraneFrames, powerFrames, type SpikeFrames, spikeFrames } from './own-frames.ts';
import type { Peer } from './peer.ts';

/** The same work for all who take part; who is compared with whom. */
export interface Workload {
  readonly name: string;
  /** As a heading of the document. */
  readonly title: string;
  readonly needsElasticsearch?: boolean;
  contenders(peers: readonly Peer[]): readonly Contender[];
}

const OWN = 'Spikescope';

function ownFrames(name: string, frames: SpikeFrames, warmUp: number): Contender {
  return ownContender({ name, warmUp, stream: () => spikeFrames(frames) });
}

function sizeWorkload(spikesPerFrame: number, warmUp: number): Workload {
  const size = spikesPerFrame.toLocaleString('en');
  const plain = { spikesPerFrame, encoding: 'msgpack' } as const;
  const dense = { ...plain, dense: true };
  return {
    name: `frames-${spikesPerFrame}`,
    title: `Frames of ${size} spikes`,
    contenders: () => [
      bareContender('bare loop: nats.js, msgpackr, count', () => spikeFrames(plain), warmUp),
      ownFrames(OWN, plain, warmUp),
      ownFrames(`${OWN}, denser frames`, dense, warmUp),
    ],
  };
}

const ONE: Workload = {
  name: 'one',
  title: 'One spike a message',
  contenders: (peers) => [
    ...peers.map((peer) => peerContender(peer, { isBatched: false })),
    adapterContender(`${OWN}, the same JSON through an adapter`, { isBatched: false }),
    bareContender(
      'bare loop: nats.js, JSON.parse, count',
      () => spikeFrames({ spikesPerFrame: 1, encoding: 'json' }),
      30_000,
    ),
    ownFrames(
      `${OWN}, frames of one spike in JSON`,
      { spikesPerFrame: 1, encoding: 'json' },
      30_000,
    ),
  ],
};

const THOUSAND: SpikeFrames = { spikesPerFrame: 1000, encoding: 'msgpack' };

const BATCHED: Workload = {
  name: 'batched',
  title: '1,000 spikes a message',
  contenders: (peers) => [
    ...peers.map((peer) => peerContender(peer, { isBatched: true })),
    adapterContender(`${OWN}, the same JSON through an adapter`, { isBatched: true }),
    ownFrames(`${OWN}, frames`, THOUSAND, 5000),
    ownFrames(`${OWN}, denser frames`, { ...THOUSAND, dense: true }, 5000),
    ownFrames(`${OWN}, frames of 4,096`, { ...THOUSAND, spikesPerFrame: 4096 }, 3000),
  ],
};

const JETSTREAM: Workload = {
  name: 'jetstream',
  title: '1,000 spikes a message, from JetStream with acknowledgements',
  contenders: (peers) => [
    ...peers.map((peer) => peerContender(peer, { isBatched: true, fromStream: true })),
    adapterContender(`${OWN}, the same JSON through an adapter, with checkpoints`, {
      isBatched: true,
      fromStream: true,
    }),
    ownContender({
      name: `${OWN}, frames, with checkpoints`,
      warmUp: 5000,
      fromStream: true,
      stream: () => spikeFrames(THOUSAND),
    }),
    ownContender({
      name: `${OWN}, denser frames, with checkpoints`,
      warmUp: 5000,
      fromStream: true,
      stream: () => spikeFrames({ ...THOUSAND, dense: true }),
    }),
  ],
};

const OTHER_KINDS: Workload = {
  name: 'kinds',
  title: 'Power and membrane frames',
  contenders: () => [
    ownContender({
      name: `${OWN}, power, 1,000 samples a frame`,
      warmUp: 2000,
      stream: powerFrames,
    }),
    ownContender({
      name: `${OWN}, membrane, 64 neurons × 64 samples a frame`,
      warmUp: 2000,
      stream: membraneFrames,
    }),
  ],
};

const DOCUMENTS: Workload = {
  name: 'documents',
  title: '1,000 spikes a message, documents into Elasticsearch beside the metrics',
  needsElasticsearch: true,
  contenders: (peers) => [
    ...peers
      .filter((peer) => peer.canWriteDocuments)
      .map((peer) => peerContender(peer, { isBatched: true, documents: true })),
    ...(['none', 'sqlite', 'elasticsearch'] as const).map((documents) =>
      ownContender({
        name: `${OWN}, frames, documents: ${documents}`,
        warmUp: 5000,
        documents,
        stream: () => spikeFrames(THOUSAND),
      }),
    ),
  ],
};

export const WORKLOADS: readonly Workload[] = [
  ONE,
  BATCHED,
  JETSTREAM,
  sizeWorkload(256, 20_000),
  sizeWorkload(4096, 3000),
  sizeWorkload(65_536, 200),
  OTHER_KINDS,
  DOCUMENTS,
];

/** Workloads by name; all but those that need more than NATS where none is named. */
export function workloadsNamed(names: readonly string[]): readonly Workload[] {
  if (names.length === 0) return WORKLOADS.filter((each) => each.needsElasticsearch !== true);
  return names.map((name) => {
    const found = WORKLOADS.find((workload) => workload.name === name);
    if (found !== undefined) return found;
    const all = WORKLOADS.map((workload) => workload.name).join(', ');
    throw new Error(`no workload is called ${JSON.stringify(name)}; there are: ${all}`);
  });
}
