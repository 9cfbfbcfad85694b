import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { stringify } from 'yaml';
import { readPartitions } from '../../../src/cli/status/partition-status.ts';
import {
  DOCUMENTS_CONSUMER,
  documentsConsumer,
  setUpStreams,
  streamNames,
  wantedStreams,
} from '../../../src/sources/jetstream-streams.ts';
import { streamOptions } from '../../../src/sources/stream-options.ts';
import { NatsCluster } from '../../../test/integration/nats-cluster.ts';
import { NOTHING_BY_THE_CLOCK } from '../arena.ts';
import { atRest } from '../at-rest.ts';
import { type StoredDocuments, sqliteDocuments } from '../document-server.ts';
import { type Exposed, readExposition } from '../exposition.ts';
import { eachMessage } from '../outcome.ts';
import { freePort, ServiceUnderFire } from '../service-under-fire.ts';
import { type OwnerMark, parseMark, partsOf } from './marks.ts';
import { ClusterWatch } from './watch.ts';

export const STREAMS = streamNames('SPIKEFORMER');

export interface ClusterOptions {
  readonly folder: string;
  readonly workers: number;
  readonly servers: number;
  readonly partitions: number;
  readonly leaseMs: number;
}

const OWNED = 'spikescope_partitions_owned';
const POLL_MS = 200;
/** A server that is starved answers late; one that is not there, not at all. */
const ASK_MS_MAX = 10_000;
const SCRAPE_MS_MAX = 30_000;

/** One worker: a process of the service with what it keeps. */
export interface Worker {
  readonly name: string;
  readonly folder: string;
  readonly service: ServiceUnderFire;
  readonly documents: StoredDocuments;
}

/** Servers of a cluster, the workers on it, and what they write, all in one folder. */
export class ClusterArena {
  readonly cluster: NatsCluster;
  readonly workers: Worker[] = [];
  readonly options: ClusterOptions;
  readonly watch = new ClusterWatch(() => this.scrapes());
  /** Of this run: what a run before left in the cluster was taken away. */
  private readonly folder: string;

  private constructor(options: ClusterOptions, cluster: NatsCluster, folder: string) {
    this.options = options;
    this.cluster = cluster;
    this.folder = folder;
  }

  static async open(options: ClusterOptions): Promise<ClusterArena> {
    const folder = join(options.folder, 'under-faults');
    await mkdir(folder, { recursive: true });
    const servers = join(options.folder, 'servers');
    const cluster = await NatsCluster.start(options.servers, { folder: servers });
    const arena = new ClusterArena(options, cluster, folder);
    await arena.makeStreams();
    await arena.addWorkers(options.workers);
    return arena;
  }

  /**
   * The same stream of frames once more: all that was derived of it is taken away, and workers that
   * know nothing begin with its first message.
   */
  async again(workers: number): Promise<ClusterArena> {
    const folder = join(this.options.folder, 'without-faults');
    await mkdir(folder, { recursive: true });
    await this.cluster.whenWhole();
    await this.asked(async (manager) => {
      for (const name of [STREAMS.derived, STREAMS.dead, STREAMS.state]) {
        const isThere = await manager.streams.info(name).then(
          () => true,
          () => false,
        );
        if (isThere) await manager.streams.delete(name);
      }
    });
    const arena = new ClusterArena(this.options, this.cluster, folder);
    await arena.makeStreams();
    await arena.addWorkers(workers);
    return arena;
  }

  async addWorkers(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      const name = `worker-${this.workers.length}`;
      const folder = join(this.folder, name);
      await mkdir(folder, { recursive: true });
      const configFile = join(folder, 'spikescope.yaml');
      const documents = await sqliteDocuments(folder);
      const settings = this.workers.length === 0 ? documents.settings : { store: 'none' };
      await writeFile(configFile, stringify(this.configOf(settings)));
      const service = new ServiceUnderFire({
        ...{ natsUrl: this.cluster.url, stateFolder: join(folder, 'state'), configFile },
        ...{ logFile: join(folder, 'service.log'), port: await freePort(), delivery: 'jetstream' },
      });
      this.workers.push({ name, folder, service, documents });
    }
  }

  start(): void {
    for (const { service } of this.workers) service.start();
  }

  /** One file has one writer: the first worker, as where one process starts several. */
  get documents(): StoredDocuments {
    return (this.workers[0] as Worker).documents;
  }

  /** What every worker that answers says of itself. */
  async scrapes(): Promise<Exposed[]> {
    const found = await Promise.all(
      this.workers.map(async ({ service }) => {
        try {
          const signal = AbortSignal.timeout(SCRAPE_MS_MAX);
          const answer = await fetch(`${service.url}/metrics`, { signal });
          return answer.ok ? readExposition(await answer.text()) : undefined;
        } catch {
          return undefined;
        }
      }),
    );
    return found.filter((each) => each !== undefined);
  }

  async logs(): Promise<string> {
    const files = this.workers.map(({ folder }) => join(folder, 'service.log'));
    const texts = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')));
    return texts.join('');
  }

  /** Waits until nothing changes any more; gives what it waited for in vain. */
  async settled(withinMs: number): Promise<string | undefined> {
    const look = (): Promise<object> => {
      this.start();
      return this.state();
    };
    return await atRest({ withinMs, pollMs: POLL_MS, looks: 8, look });
  }

  /** Waits until workers have all partitions: from then on there is something to take from them. */
  async whenOwned(withinMs: number): Promise<void> {
    const { partitions } = this.options;
    const deadlineMs = performance.now() + withinMs;
    for (let owned = 0; partitions > 1 && owned < partitions; await sleep(POLL_MS)) {
      if (performance.now() > deadlineMs) throw new Error(`${owned} of ${partitions} have owners`);
      const gauges = (await this.scrapes()).map((each) => each.gauges);
      owned = gauges.reduce((sum, each) => sum + (each.get(OWNED) ?? 0), 0);
    }
  }

  private async state(): Promise<object> {
    const exposed = await this.scrapes();
    if (exposed.length < this.workers.length) return { missing: 'a worker does not answer' };
    for (const { gauges } of exposed) {
      if (gauges.get('spikescope_catching_up') === 1) return { missing: 'a worker catches up' };
      const lag = gauges.get('spikescope_stream_lag_messages') ?? 0;
      if (lag > 0) return { missing: `${lag} messages were not processed` };
    }
    const frames = exposed.map(({ counters }) =>
      [...counters].filter(([series]) => series.startsWith('spikescope_frames_')),
    );
    return await this.asked(async (manager) => {
      const consumer = await manager.consumers.info(STREAMS.derived, DOCUMENTS_CONSUMER);
      const waiting = consumer.num_pending + consumer.num_ack_pending;
      if (waiting > 0) return { missing: `${waiting} records are no documents yet` };
      const behind = await this.notMarked(manager);
      if (behind > 0) return { missing: `${behind} messages are behind no marker` };
      // Leases are renewed for ever: they are no sign of work.
      const records = await countOf(manager, STREAMS.derived, 'spikeformer.derived.>');
      return { frames, records };
    });
  }

  /** What owners say they have processed, and how many messages each partition has. */
  async marks(): Promise<{ marks: OwnerMark[]; messages: Map<string, number> }> {
    const marks: OwnerMark[] = [];
    const messages = new Map<string, number>();
    const { partitions } = this.options;
    if (partitions === 1) return { marks, messages };
    await eachMessage(this.cluster.urls, STREAMS.derived, ({ subject, data }) => {
      const mark = parseMark(subject, data);
      if (mark !== undefined) marks.push(mark);
    });
    await this.asked(async (manager) => {
      for (const [part, filter] of partsOf('spikeformer', partitions)) {
        messages.set(part, await countOf(manager, STREAMS.frames, filter));
      }
    });
    return { marks, messages };
  }

  /** Messages that no marker of their partition has reached. */
  private async notMarked(manager: Manager): Promise<number> {
    const { config, created } = await manager.streams.info(STREAMS.frames);
    const place = { prefix: 'spikeformer', names: STREAMS, leaseMs: this.options.leaseMs };
    const asked = { ...place, manager, config, created, nowMs: Date.now() };
    return (await readPartitions(asked))?.lag_messages ?? 0;
  }

  /** A question to the cluster, on a connection of its own. */
  async asked<T>(ask: (manager: Manager, connection: NatsConnection) => Promise<T>): Promise<T> {
    const connection = await connect({ servers: this.cluster.urls, timeout: ASK_MS_MAX });
    try {
      const options = { timeout: ASK_MS_MAX, checkAPI: false };
      return await ask(await jetstreamManager(connection, options), connection);
    } finally {
      await connection.close();
    }
  }

  /** Ends every worker as an operator would; gives how those ended that did not end well. */
  async stop(): Promise<string[]> {
    const ends = await Promise.all(
      this.workers.map(async ({ name, service }) => {
        const how = await service.stop();
        return how === '0' || how === 'was not running' ? undefined : `${name}: ${how}`;
      }),
    );
    return ends.filter((each) => each !== undefined);
  }

  async kill(): Promise<void> {
    await Promise.all(this.workers.map(({ service }) => service.kill()));
  }

  private get streamSettings() {
    const { servers, partitions } = this.options;
    return { bytes_max: 1024 ** 3, replicas: Math.min(servers, 3), partitions };
  }

  private configOf(documents: object): object {
    return {
      ...NOTHING_BY_THE_CLOCK,
      nats: { reconnect_wait: '50ms' },
      streams: this.streamSettings,
      checkpoints: { interval: '1s' },
      workers: { ttl: `${this.options.leaseMs}ms`, marks: true },
      documents,
    };
  }

  /** The emitters may begin before the workers have: so the streams are there first. */
  private async makeStreams(): Promise<void> {
    const options = streamOptions.parse(this.streamSettings);
    const wanted = wantedStreams('spikeformer', options, documentsConsumer('spikeformer'));
    await this.asked((manager) => setUpStreams(manager, wanted, { change: false }));
  }
}

type Manager = Awaited<ReturnType<typeof jetstreamManager>>;

async function countOf(manager: Manager, stream: string, subjects: string): Promise<number> {
  const { state } = await manager.streams.info(stream, { subjects_filter: subjects });
  return Object.values(state.subjects ?? {}).reduce((sum, count) => sum + count, 0);
}
