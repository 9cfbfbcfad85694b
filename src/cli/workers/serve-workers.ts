import { join } from 'node:path';
import type { FileLock } from '../../component/file-lock.ts';
import type { FoundGap } from '../../http/live/delivery.ts';
import { DEAD_LETTER_LIMITS } from '../../sinks/dead-letters.ts';
import { NatsOutbox, type OutboxLimits } from '../../sinks/nats-outbox.ts';
import { OWN_FRAME_LIMITS, OwnFrames } from '../../sinks/own-frames.ts';
import { TICK_MS } from '../../sinks/prometheus/metric-store.ts';
import { StoreGroup } from '../../sinks/prometheus/store-group.ts';
import { documentsConsumer } from '../../sources/jetstream-streams.ts';
import { PullShare } from '../../sources/pull-share.ts';
import { DocumentReading } from '../jetstream/document-reading.ts';
import { healthTest } from '../jetstream/health-test.ts';
import { NoJetStreamError, whyNoJetStream } from '../jetstream/offered.ts';
import { RareLog } from '../jetstream/rare-log.ts';
import { ShownCounters } from '../jetstream/shown-counters.ts';
import { lockState } from '../jetstream/state-lock.ts';
import { Streams } from '../jetstream/streams.ts';
import { createServiceShell, type ServiceShell } from '../service-shell.ts';
import { dropped, type Serving, STOP_MS_MAX, shownServers, showQueues } from '../serving.ts';
import { stateFolder } from '../state-folder.ts';
import { frameWork } from './frame-work.ts';
import { joinWork } from './join-work.ts';
import { Ownership } from './ownership.ts';
import { PartitionGauges } from './partition-views.ts';
import { tellServing } from './worker-child.ts';
import { workerName } from './worker-name.ts';
import type { WorkerParts } from './worker-parts.ts';

/** On the way to all readers of a worker, as to the one reader of a process that has all frames. */
const PULLED = { messages: 1024, bytes: 16 * 1024 * 1024 };

/** One of the workers that share the partitions of a stream, until the signal (DESIGN §7). */
export async function serveWorkers(parts: Serving): Promise<void> {
  const worker = new Worker(parts);
  try {
    await worker.run();
  } finally {
    await worker.close();
  }
}

class Worker {
  private readonly parts: Serving;
  private readonly lock: FileLock;
  private readonly streams: Streams;
  private readonly shownCounters: ShownCounters;
  private readonly rare: RareLog;
  private readonly group: StoreGroup;
  private readonly dead: NatsOutbox;
  private readonly found: NatsOutbox;
  private readonly documents: DocumentReading;
  private readonly shell: ServiceShell;
  private readonly ownership: Ownership;
  private readonly ticks: NodeJS.Timeout;
  private lastGap: FoundGap | undefined;
  private readonly partitionGauges: PartitionGauges;
  private url: string | null = null;

  constructor(parts: Serving) {
    this.parts = parts;
    const { config, telemetry } = parts;
    const { store, log } = telemetry;
    const folder = stateFolder(config);
    this.lock = lockState(folder, log);
    this.rare = new RareLog(log);
    this.group = new StoreGroup(store);
    this.shownCounters = new ShownCounters(join(folder, 'shown-counters'), store);
    this.shownCounters.restore();
    this.streams = this.makeStreams();
    this.dead = this.outbox('dead', DEAD_LETTER_LIMITS);
    this.found = this.outbox('own', OWN_FRAME_LIMITS);
    this.documents = new DocumentReading({
      ...{ ...parts, rare: this.rare },
      connection: () => parts.link.connection,
      stream: this.streams.names.derived,
    });
    const own = new OwnFrames(config.prefix, this.found);
    this.shell = this.makeShell(own);
    this.ownership = this.makeOwnership(own, folder);
    this.partitionGauges = new PartitionGauges(telemetry.own);
    this.ticks = setInterval(() => this.tick(), TICK_MS);
  }

  /** Until the signal. @throws NoJetStreamError where there is none to share frames by */
  async run(): Promise<void> {
    const { config, documents, link, signal, telemetry, alerts } = this.parts;
    await documents.start();
    alerts.confirmByStream();
    const source = `partitions of JetStream at ${shownServers(config)}`;
    this.url = (await this.shell.serve(source, () => link.isConnected)).url;
    tellServing(this.url);
    try {
      const why = await whyNoJetStream(await link.open(signal));
      if (why !== undefined) throw new NoJetStreamError(`streams.partitions needs it: ${why}`);
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
    telemetry.own.natsConnected.series().set(1);
    if ((await this.streams.firstLook(signal)) === undefined) return;
    await Promise.all([this.ownership.run(signal), this.documents.run(signal)]);
  }

  async close(): Promise<void> {
    clearInterval(this.ticks);
    const { traces, documents, alerts, link } = this.parts;
    const late = AbortSignal.timeout(STOP_MS_MAX);
    const sinks = [this.dead, this.found, traces, documents, alerts];
    await Promise.all(sinks.map((sink) => sink.close(late)));
    await link.close();
    this.shell.stop();
    await this.shell.close();
    this.shownCounters.keep();
    this.shownCounters.close();
    this.lock.release();
  }

  private tick(): void {
    this.group.tick();
    this.shell.live.tick();
    this.ownership.tick(this.parts.link.isConnected);
  }

  private outbox(sink: string, limits: OutboxLimits): NatsOutbox {
    const { link, telemetry } = this.parts;
    return new NatsOutbox({
      connection: () => link.connection,
      limits,
      dropped: dropped(telemetry.own, sink),
      confirmed: 'stored',
    });
  }

  private makeStreams(): Streams {
    const { config, documents, telemetry, link } = this.parts;
    const consumer = documents.sink === undefined ? undefined : documentsConsumer(config.prefix);
    const { rare } = this;
    const connection = () => link.connection;
    return new Streams({ connection, config, documents: consumer, log: telemetry.log, rare });
  }

  private makeShell(own: OwnFrames): ServiceShell {
    const { documents, alerts } = this.parts;
    return createServiceShell({
      ...this.parts,
      documents: documents.store,
      database: documents.check,
      alerts: alerts.route,
      families: this.group,
      isBehind: () => false,
      monitors: () => this.ownership.held.flatMap(({ monitor }) => monitor ?? []),
      found: own,
      beforeScrape: () => this.beforeScrape(),
      stream: {
        shown: () => this.shownCounters.keep(),
        lastGap: () => this.lastGap,
        partitions: () => ({
          partitions: this.ownership.views(),
          workers: this.ownership.workers(),
        }),
      },
    });
  }

  private makeOwnership(own: OwnFrames, folder: string): Ownership {
    const { config, link } = this.parts;
    const { names } = this.streams;
    const shared: WorkerParts = {
      ...this.parts,
      ...workerName(folder, this.lock.isHeld),
      rare: this.rare,
      pulls: new PullShare(PULLED),
      connection: () => link.connection,
      names,
      deadOutbox: this.dead,
      look: (stream, signal) => this.streams.firstLook(signal, stream),
      makeStreams: () => this.streams.make(),
      documentsTo: () => this.documents.to,
      documentsFrom: (sequence) => {
        this.documents.to = Math.max(this.documents.to, sequence);
      },
      gone: (messages) => {
        this.lastGap = { messages, foundUs: Date.now() * 1000 };
      },
    };
    const work = {
      ...this.parts,
      live: this.shell.live,
      stream: names.frames,
      own,
      isHealth: healthTest(config),
    };
    const partitions = Array.from({ length: config.streams.partitions }, (_, i) => i);
    return new Ownership({
      ...shared,
      kinds: [
        partitions.map((partition) => frameWork(work, partition)),
        [joinWork({ ...work, derived: names.derived })],
      ],
      group: this.group,
      url: () => this.url,
    });
  }

  private beforeScrape(): void {
    const { telemetry, traces, documents, alerts } = this.parts;
    const { own } = telemetry;
    documents.beforeScrape();
    const parts = this.ownership.held;
    const sum = (values: readonly number[]) => values.reduce((all, value) => all + value, 0);
    this.partitionGauges.show(this.ownership.views());
    own.catchingUp.series().set(parts.some(({ isBehind }) => isBehind) ? 1 : 0);
    own.streamLag.series().set(sum(parts.map(({ lag }) => lag ?? 0)));
    const ages = parts.flatMap(({ checkpointAgeMs }) => checkpointAgeMs ?? []);
    if (ages.length > 0) own.checkpointAge.series().set(Math.max(...ages) / 1000);
    const depth = {
      messages: sum(parts.map((part) => part.depth.messages)),
      bytes: sum(parts.map((part) => part.depth.bytes)),
    };
    showQueues(own, {
      ...{ dead: this.dead, own: this.found, derived: { depth } },
      ...traces.queues,
      ...documents.queues,
      ...alerts.queues,
    });
  }
}
