import { join } from 'node:path';
import { nuid } from '@nats-io/transport-node';
import type { FileLock } from '../../component/file-lock.ts';
import type { DeadMessage } from '../../component/message.ts';
import type { AnyPipeline } from '../../component/pipeline.ts';
import type { RecordSinks } from '../../component/record-sinks.ts';
import type { Inlet } from '../../component/source.ts';
import { recordId } from '../../component/stream-position.ts';
import { aborted, together } from '../../component/together.ts';
import type { FoundGap } from '../../http/live/delivery.ts';
import { DerivedCommit } from '../../sinks/derived-commit.ts';
import { FencedError } from '../../sinks/fence.ts';
import type { NatsOutbox } from '../../sinks/nats-outbox.ts';
import { OwnFrames } from '../../sinks/own-frames.ts';
import { inboxInPlace } from '../../sources/inbox.ts';
import { beforeFirst, JetStreamSource, type StreamView } from '../../sources/jetstream.ts';
import { documentsConsumer } from '../../sources/jetstream-streams.ts';
import type { NatsLink } from '../../sources/nats-link.ts';
import { CheckpointFolder } from '../../topology/checkpoint-folder.ts';
import { StreamInlet } from '../../topology/stream-inlet.ts';
import type { Config } from '../config/schema.ts';
import type { DocumentParts } from '../document-parts.ts';
import type { OwnTelemetry } from '../own-telemetry.ts';
import type { Service, StreamSide } from '../service.ts';
import { stateFolder } from '../state-folder.ts';
import { CatchingUp } from './catching-up.ts';
import { DocumentReading } from './document-reading.ts';
import { healthTest } from './health-test.ts';
import { Keeping } from './keeping.ts';
import { RareLog } from './rare-log.ts';
import { ShownCounters } from './shown-counters.ts';
import { lockState } from './state-lock.ts';
import { Streams } from './streams.ts';

export interface JetStreamParts {
  readonly version: string;
  readonly config: Config;
  readonly telemetry: OwnTelemetry;
  readonly pipelines: readonly AnyPipeline[];
  readonly link: NatsLink;
  readonly documents: DocumentParts;
  /** Of what the service itself puts into the stream, and of dead letters: both confirmed. */
  readonly ownOutbox: NatsOutbox;
  readonly deadOutbox: NatsOutbox;
}

const WINDOW = { messages: 2048, bytes: 16 * 1024 * 1024 };
/** The service's side of JetStream: frames, records and state, each exactly once (DESIGN §6). */
export class JetStreamDelivery {
  readonly stream: StreamSide;
  private readonly parts: JetStreamParts;
  private readonly rare: RareLog;
  private readonly streams: Streams;
  private readonly commit: DerivedCommit;
  private readonly shownCounters: ShownCounters;
  private lastGap: FoundGap | undefined;
  private readonly lock: FileLock;
  private readonly catchingUp: CatchingUp;
  private created = '';
  private readonly documents: DocumentReading;
  private inlet: StreamInlet | undefined;
  private keeping: Keeping | undefined;
  private source: JetStreamSource | undefined;

  /** @throws ConfigError where another process has the state's folder */
  constructor(parts: JetStreamParts) {
    this.parts = parts;
    const { config, telemetry } = parts;
    const { own, store, log } = telemetry;
    const folder = stateFolder(config);
    this.lock = lockState(folder, log);
    this.rare = new RareLog(log);
    this.streams = this.makeStreams();
    this.shownCounters = new ShownCounters(join(folder, 'shown-counters'), store);
    this.shownCounters.restore();
    own.catchingUp.series().set(1);
    this.catchingUp = new CatchingUp(() => {
      own.catchingUp.series().set(0);
      log.info(`up to date with ${this.streams.names.frames}`);
    });
    this.commit = this.makeCommit();
    const { rare, connection } = this;
    const stream = this.streams.names.derived;
    this.documents = new DocumentReading({ ...parts, connection, stream, rare });
    this.stream = {
      own: new OwnFrames(config.prefix, parts.ownOutbox),
      isHealth: healthTest(config),
      isBehind: () => this.catchingUp.isBehind,
      isAgain: () => this.commit.isAgain,
      shown: () => this.shownCounters.keep(),
      lastGap: () => this.lastGap,
    };
  }

  get queues(): Readonly<Record<string, { readonly depth: { messages: number; bytes: number } }>> {
    return { derived: this.commit };
  }

  readonly derived: NonNullable<RecordSinks['derived']> = (record) => this.commit.take(record);

  /** The same message is the same letter, whenever it is read. */
  readonly deadId = ({ message }: DeadMessage): string => {
    return recordId(this.created, message.sequence ?? 0, 0);
  };

  beforeScrape(): void {
    const { own } = this.parts.telemetry;
    const ageMs = this.keeping?.checkpointer.ageMs;
    if (ageMs !== undefined) own.checkpointAge.series().set(ageMs / 1000);
    const lag = this.catchingUp.lag(this.inlet?.position ?? 0);
    if (lag !== undefined) own.streamLag.series().set(lag);
  }

  /** Reads, derives and stores until the signal. */
  async run(service: Service, around: (inlet: Inlet) => Inlet, signal: AbortSignal): Promise<void> {
    const view = await this.streams.firstLook(signal);
    if (view === undefined) return;
    const inlet = this.makeInlet(around(service.topology.inlet));
    const keeping = this.makeKeeping(service, inlet);
    await this.begin(inlet, keeping, view, signal);
    if (signal.aborted) return;
    const source = this.makeSource(inlet, keeping, signal);
    this.source = source;
    await together(signal, [
      (until) => source.run(inlet, until),
      (until) => this.commit.run(until),
      (until) => keeping.checkpointer.run(until),
      (until) => this.documents.run(until),
    ]);
  }

  /** Stores what waits and writes a last checkpoint. */
  async close(late: AbortSignal): Promise<void> {
    await this.commit.close(late).catch((error: unknown) => {
      // That another process took over was thrown by `run`; what else is to be closed still is.
      if (!(error instanceof FencedError)) throw error;
    });
    if (!late.aborted) await Promise.race([this.keeping?.checkpointer.write(), aborted(late)]);
    this.shownCounters.keep();
    this.shownCounters.close();
    this.lock.release();
  }

  /** Restores the newest checkpoint and takes the derived stream over. */
  private async begin(
    inlet: StreamInlet,
    keeping: Keeping,
    view: StreamView,
    signal: AbortSignal,
  ): Promise<void> {
    const { created } = view;
    this.created = created;
    const found = await keeping.restore(created);
    inlet.startAt(found?.frames?.sequence ?? beforeFirst(view));
    this.documents.to = found?.documentsTo ?? 0;
    // Only now is there anything to keep.
    this.inlet = inlet;
    this.keeping = keeping;
    await this.commit.claim(created, found?.frames?.stored, signal);
    this.catchingUp.begin(view, inlet.position);
  }

  /** Reading begins; the stream may be another one than before. */
  private async opened(
    inlet: StreamInlet,
    keeping: Keeping,
    view: StreamView,
    signal: AbortSignal,
  ): Promise<void> {
    this.catchingUp.look(view, inlet.position);
    if (view.created === this.created) return;
    this.parts.telemetry.log.warn(
      `the stream ${this.streams.names.frames} was made anew: operators begin anew, counters go on`,
    );
    await this.commit.follow(view.created, signal);
    this.created = view.created;
    keeping.startAfresh();
    inlet.startAt(beforeFirst(view));
  }

  private tellGap(from: number, to: number, atUs: number): void {
    const { own, log } = this.parts.telemetry;
    const messages = to - from + 1;
    const stream = this.streams.names.frames;
    own.streamMessagesLost.series().add(messages);
    this.lastGap = { messages, foundUs: Date.now() * 1000 };
    if (!this.commit.isAgain) {
      log.warn(`${messages} messages of ${stream} are gone: from ${from} to ${to}`);
    }
    this.commit.take({
      ...{ record: 'stream-gap', key: [stream], t0Us: atUs, spanUs: 0 },
      fields: { stream, from_sequence: from, to_sequence: to, messages },
    });
  }

  private readonly connection = (): NatsLink['connection'] => this.parts.link.connection;

  private makeStreams(): Streams {
    const { config, documents, telemetry } = this.parts;
    const consumer = documents.sink === undefined ? undefined : documentsConsumer(config.prefix);
    const { connection, rare } = this;
    return new Streams({ connection, config, documents: consumer, log: telemetry.log, rare });
  }

  private makeCommit(): DerivedCommit {
    const { config, telemetry } = this.parts;
    const { own, log } = telemetry;
    const { names } = this.streams;
    return new DerivedCommit({
      connection: this.connection,
      place: { prefix: config.prefix, stream: names.derived },
      frames: names.frames,
      owner: `${nuid.next()} (process ${process.pid})`,
      limits: {
        everyMs: config.checkpoints.commit_interval / 1000,
        waitingBytesMax: config.checkpoints.waiting_bytes_max,
      },
      missing: () => this.streams.make(),
      roomMade: () => this.source?.wake(),
      events: {
        stored: (_records, tookMs) => own.commitSeconds.series().set(tookMs / 1000),
        failed: (reason) => {
          own.commitFailures.series().add(1);
          this.rare.warn('commit', `can't store derived records now: ${reason}; they wait`);
        },
        worked: () => log.info('derived records are stored again'),
        tooLarge: (records) => {
          own.dropped.series('derived', 'too_large').add(records);
          this.rare.warn('too_large', 'a derived record is larger than max_payload of nats-server');
        },
      },
    });
  }

  private makeInlet(pipelines: Inlet): StreamInlet {
    const inlet: StreamInlet = new StreamInlet({
      inlet: pipelines,
      begin: (sequence) => this.commit.begin(sequence),
      gap: ({ from, to, atUs }) => this.tellGap(from, to, atUs),
      processed: () => {
        this.keeping?.checkpointer.count();
        this.catchingUp.processed(inlet.position);
      },
    });
    return inlet;
  }

  private makeKeeping(service: Service, inlet: StreamInlet): Keeping {
    const { version, config, telemetry, pipelines, deadOutbox } = this.parts;
    return new Keeping({
      ...{ version, config, telemetry, pipelines, rare: this.rare },
      topology: service.topology,
      place: new CheckpointFolder(join(stateFolder(config), 'checkpoints')),
      stream: this.streams.names.frames,
      created: () => this.created,
      position: () => inlet.position,
      stored: () => this.commit.position,
      documentsTo: () => this.documents.to,
      settled: async (sequence) => {
        await Promise.all([this.commit.whenStored(sequence), deadOutbox.settled()]);
      },
    });
  }

  private makeSource(inlet: StreamInlet, keeping: Keeping, signal: AbortSignal): JetStreamSource {
    const { own, log } = this.parts.telemetry;
    const stream = this.streams.names.frames;
    return new JetStreamSource({
      connection: this.connection,
      stream,
      window: WINDOW,
      inbox: inboxInPlace(),
      hasRoom: () => this.commit.hasRoom,
      next: () => (inlet.position === undefined ? undefined : inlet.position + 1),
      opened: (view) => this.opened(inlet, keeping, view, signal),
      seen: (view) => this.catchingUp.look(view, inlet.position),
      vanished: (upTo) => inlet.skipTo(upTo, Date.now() * 1000),
      missing: () => this.streams.make(),
      began: (next) => log.info(`reading ${stream} from message ${next ?? 'one'} on`),
      interrupted: (reason) => {
        own.streamInterruptions.series('frames').add(1);
        this.rare.warn('frames', `reading ${stream} begins anew: ${reason}`);
      },
    });
  }
}
