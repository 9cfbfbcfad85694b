import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { nuid } from '@nats-io/transport-node';
import type { FileLock } from '../component/file-lock.ts';
import type { DeadMessage, InboundMessage } from '../component/message.ts';
import type { AnyPipeline } from '../component/pipeline.ts';
import type { RecordSinks } from '../component/record-sinks.ts';
import type { Inlet } from '../component/source.ts';
import { recordId } from '../component/stream-position.ts';
import { FrameDecoder } from '../frames/decode.ts';
import { parseSubject } from '../frames/subject.ts';
import { DerivedCommit } from '../sinks/derived-commit.ts';
import { ID_HEADER } from '../sinks/derived-message.ts';
import type { NatsOutbox } from '../sinks/nats-outbox.ts';
import { OwnFrames } from '../sinks/own-frames.ts';
import { DerivedReader } from '../sources/derived-reader.ts';
import { Inbox } from '../sources/inbox.ts';
import { JetStreamSource, type StreamView } from '../sources/jetstream.ts';
import {
  documentsConsumer,
  StreamSetupError,
  setUpStreams,
  streamNames,
  wantedStreams,
} from '../sources/jetstream-streams.ts';
import type { NatsLink } from '../sources/nats-link.ts';
import { type CheckpointContent, stateHash } from '../topology/checkpoint-file.ts';
import { CheckpointFolder } from '../topology/checkpoint-folder.ts';
import { Checkpointer } from '../topology/checkpointer.ts';
import { KeptState } from '../topology/kept-state.ts';
import { StreamInlet } from '../topology/stream-inlet.ts';
import { ConfigError } from './config/config-error.ts';
import type { Config } from './config/schema.ts';
import type { DocumentParts } from './document-parts.ts';
import type { OwnTelemetry } from './own-telemetry.ts';
import { configHash, limitsOf, type Service, type StreamSide } from './service.ts';
import { ShownCounters } from './shown-counters.ts';
import { stateFolder } from './state-folder.ts';
import { lockState } from './state-lock.ts';

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
const DOCUMENTS_WINDOW = { messages: 4096, bytes: 8 * 1024 * 1024 };
/** The reader asks for no more than it can take in place: nothing waits, nothing is dropped. */
const INBOX_LIMITS = {
  bytesMax: Number.POSITIVE_INFINITY,
  lagBytesMax: Number.POSITIVE_INFINITY,
  turnMsMax: Number.POSITIVE_INFINITY,
  payMsMax: Number.POSITIVE_INFINITY,
};
const API_MS_MAX = 2000;
/** A log line of what goes on being the case, at most as often. */
const SAY_EVERY_MS = 30_000;
const RETRY_MS = 500;

/** The service's side of JetStream: frames, records and state, each exactly once (DESIGN §6). */
export class JetStreamDelivery {
  readonly stream: StreamSide;
  private readonly parts: JetStreamParts;
  private readonly commit: DerivedCommit;
  private readonly folder: CheckpointFolder;
  private readonly shownCounters: ShownCounters;
  private readonly lock: FileLock;
  private readonly names: ReturnType<typeof streamNames>;
  private isBehind = true;
  private target = 0;
  private created = '';
  private last: StreamView | undefined;
  private documentsTo = 0;
  private kept: KeptState | undefined;
  private inlet: StreamInlet | undefined;
  private source: JetStreamSource | undefined;
  private documentReader: DerivedReader | undefined;
  private checkpointer: Checkpointer | undefined;
  private readonly saidMs = new Map<string, number>();

  /** @throws ConfigError where another process has the state's folder */
  constructor(parts: JetStreamParts) {
    this.parts = parts;
    const { config, link, telemetry } = parts;
    const { own, store } = telemetry;
    const folder = stateFolder(config);
    this.lock = lockState(folder, telemetry.log);
    this.names = streamNames(config.streams.name);
    this.folder = new CheckpointFolder(join(folder, 'checkpoints'));
    this.shownCounters = new ShownCounters(join(folder, 'shown-counters'), store);
    this.shownCounters.restore();
    own.catchingUp.series().set(1);
    this.commit = new DerivedCommit({
      connection: () => this.connection,
      place: { prefix: config.prefix, stream: this.names.derived },
      frames: this.names.frames,
      owner: `${nuid.next()} (process ${process.pid})`,
      limits: {
        everyMs: config.checkpoints.commit_interval / 1000,
        waitingBytesMax: config.checkpoints.waiting_bytes_max,
      },
      missing: () => this.makeStreams(),
      roomMade: () => this.source?.wake(),
      events: {
        stored: (_records, tookMs) => own.commitSeconds.series().set(tookMs / 1000),
        failed: (reason) => {
          own.commitFailures.series().add(1);
          this.say('commit', `can't store derived records now: ${reason}; they wait`);
        },
        worked: () => telemetry.log.info('derived records are stored again'),
      },
    });
    void link;
    this.stream = {
      own: new OwnFrames(config.prefix, parts.ownOutbox),
      isHealth: healthTest(config),
      isBehind: () => this.isBehind,
      isAgain: () => this.commit.isAgain,
      shown: () => this.shownCounters.keep(),
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
    const ageMs = this.checkpointer?.ageMs;
    if (ageMs !== undefined) own.checkpointAge.series().set(ageMs / 1000);
    const position = this.inlet?.position ?? 0;
    if (this.last !== undefined) {
      own.streamLag.series().set(Math.max(0, this.last.lastSequence - position));
    }
  }

  /** Reads, derives and stores until the signal. */
  async run(service: Service, around: (inlet: Inlet) => Inlet, signal: AbortSignal): Promise<void> {
    const { link, telemetry } = this.parts;
    try {
      await link.open(signal);
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
    telemetry.own.natsConnected.series().set(1);
    const view = await this.firstLook(signal);
    if (view === undefined) return;
    await this.begin(service, around, view, signal);
    if (signal.aborted) return;
    await this.work(signal);
  }

  /** Stores what waits and writes a last checkpoint. */
  async close(late: AbortSignal): Promise<void> {
    await this.commit.close(late);
    if (!late.aborted) await Promise.race([this.checkpointer?.write(), aborted(late)]);
    this.shownCounters.keep();
    this.shownCounters.close();
    this.lock.release();
  }

  private get connection(): NatsLink['connection'] {
    return this.parts.link.connection;
  }

  private async work(signal: AbortSignal): Promise<void> {
    const stopped = new AbortController();
    const either = AbortSignal.any([signal, stopped.signal]);
    const working = [
      (this.source as JetStreamSource).run(this.inlet as StreamInlet, either),
      this.commit.run(either),
      (this.checkpointer as Checkpointer).run(either),
      this.documentReader?.run(either),
    ];
    try {
      await Promise.race([Promise.all(working), ...working.map(rejectionOf)]);
    } finally {
      stopped.abort();
      await Promise.allSettled(working);
    }
  }

  /** Makes the streams that are missing and looks at that of the frames; undefined at the signal. */
  private async firstLook(signal: AbortSignal): Promise<StreamView | undefined> {
    while (!signal.aborted) {
      try {
        await this.makeStreams();
        const manager = await this.manager();
        const { created, state } = await manager.streams.info(this.names.frames);
        const { first_seq: firstSequence, last_seq: lastSequence, messages } = state;
        return { created, firstSequence, lastSequence, messages };
      } catch (error) {
        if (error instanceof ConfigError) throw error;
        this.say('streams', `JetStream can't be used yet: ${(error as Error).message}`);
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
    return undefined;
  }

  /** @throws ConfigError where what is there will never do */
  private async makeStreams(): Promise<void> {
    const { config, documents, telemetry } = this.parts;
    const consumer = documents.sink === undefined ? undefined : documentsConsumer(config.prefix);
    const wanted = wantedStreams(config.prefix, config.streams, consumer);
    try {
      const { made, differs, vital } = await setUpStreams(await this.manager(), wanted, {
        change: false,
      });
      for (const sentence of made) telemetry.log.info(`JetStream: ${sentence}`);
      if (vital.length > 0) {
        throw new ConfigError(`JetStream: ${vital.join('; ')}; see spikescope setup --apply`);
      }
      for (const sentence of differs) this.say(sentence, `JetStream: ${sentence}`);
    } catch (error) {
      if (error instanceof StreamSetupError) throw new ConfigError(error.message);
      throw error;
    }
  }

  private async manager() {
    const { connection } = this;
    if (connection === undefined) throw new Error('not connected to NATS');
    return await jetstreamManager(connection, { timeout: API_MS_MAX, checkAPI: false });
  }

  /** Restores the newest checkpoint and takes the derived stream over. */
  private async begin(
    service: Service,
    around: (inlet: Inlet) => Inlet,
    view: StreamView,
    signal: AbortSignal,
  ): Promise<void> {
    const { config, pipelines, telemetry } = this.parts;
    const { store } = telemetry;
    this.created = view.created;
    const ofFrames = ({ spec }: { readonly spec: { readonly ofProcess?: boolean } }): boolean =>
      spec.ofProcess !== true;
    this.kept = new KeptState({
      states: service.topology.states,
      metrics: {
        snapshot: () => store.snapshot(ofFrames),
        restore: (values) => store.restore(values),
        rebase: (names) => store.rebase(names),
      },
      pipelines: hashesOf(pipelines, config),
      metricsOf: (pipeline) => service.topology.metricsOf(pipeline),
    });
    this.inlet = new StreamInlet({
      inlet: around(service.topology.inlet),
      begin: (sequence) => this.commit.begin(sequence),
      gap: ({ from, to, atUs }) => this.tellGap(from, to, atUs),
      processed: () => this.processed(),
    });
    this.checkpointer = this.makeCheckpointer();
    const found = await this.restore(view);
    const known = found?.streamCreated === view.created ? found.stored : undefined;
    await this.commit.claim(view.created, known, signal);
    this.target = view.lastSequence;
    this.source = this.makeSource(signal);
    this.documentReader = this.makeDocumentReader();
    this.look(view);
    this.processed();
  }

  private async restore(view: StreamView): Promise<CheckpointContent | undefined> {
    const { log } = this.parts.telemetry;
    const { content, refused } = await this.folder.newest();
    for (const { reason } of refused) log.error(`a checkpoint can't be used: ${reason}`);
    await this.folder.setAside(refused);
    if (content === undefined) return undefined;
    const kept = this.kept as KeptState;
    let said: string[];
    if (content.streamCreated === view.created && content.stream === this.names.frames) {
      said = kept.restore(content, content.pipelines);
      this.inlet?.startAt(content.sequence);
      log.info(`going on behind message ${content.sequence} of ${content.stream}`);
    } else {
      said = kept.restoreMetrics(content.metrics);
      kept.startAfresh();
      log.warn(
        `the checkpoint is of another stream (${content.stream}, made ${content.streamCreated}): \
operators begin anew, counters go on`,
      );
    }
    for (const sentence of said) log.warn(sentence);
    this.documentsTo = content.documentsTo;
    this.checkpointer?.began(content.sequence, Date.now() - Date.parse(content.writtenAt));
    return content;
  }

  private makeSource(signal: AbortSignal): JetStreamSource {
    const { own, log } = this.parts.telemetry;
    const inlet = this.inlet as StreamInlet;
    return new JetStreamSource({
      connection: () => this.connection,
      stream: this.names.frames,
      window: WINDOW,
      inbox: new Inbox(
        INBOX_LIMITS,
        { nowMs: () => 0, afterTurn: (callback) => setImmediate(callback) },
        () => {},
      ),
      hasRoom: () => this.commit.hasRoom,
      next: () => (inlet.position === undefined ? undefined : inlet.position + 1),
      opened: (view) => this.opened(view, signal),
      seen: (view) => this.look(view),
      vanished: (upTo) => inlet.skipTo(upTo, Date.now() * 1000),
      missing: () => this.makeStreams(),
      began: (next) => log.info(`reading ${this.names.frames} from message ${next ?? 'one'} on`),
      interrupted: (reason) => {
        own.streamInterruptions.series('frames').add(1);
        this.say('frames', `reading ${this.names.frames} begins anew: ${reason}`);
      },
    });
  }

  /** Reading begins; the stream may be another one than before. */
  private async opened(view: StreamView, signal: AbortSignal): Promise<void> {
    this.look(view);
    if (view.created === this.created) return;
    this.parts.telemetry.log.warn(
      `the stream ${this.names.frames} was made anew: operators begin anew, counters go on`,
    );
    await this.commit.follow(view.created, signal);
    this.created = view.created;
    this.kept?.startAfresh();
    this.inlet?.startAt(undefined);
  }

  private look(view: StreamView): void {
    this.last = view;
    // What is gone will not come: there is nothing to catch up with.
    if (view.messages === 0 && this.isBehind && this.inlet?.position === undefined) {
      this.target = 0;
      this.processed();
    }
  }

  private makeDocumentReader(): DerivedReader | undefined {
    const { config, documents, telemetry } = this.parts;
    const { sink } = documents;
    if (sink === undefined) return undefined;
    return new DerivedReader({
      connection: () => this.connection,
      stream: this.names.derived,
      consumer: documentsConsumer(config.prefix),
      idHeader: ID_HEADER,
      window: DOCUMENTS_WINDOW,
      hasRoom: () => sink.hasRoom,
      take: (record, id, settled) => sink.takeKept(record, id, settled),
      from: () => this.documentsTo + 1,
      reached: (sequence) => {
        this.documentsTo = Math.max(this.documentsTo, sequence);
      },
      interrupted: (reason) => {
        telemetry.own.streamInterruptions.series('documents').add(1);
        this.say('documents', `reading records for documents begins anew: ${reason}`);
      },
    });
  }

  private makeCheckpointer(): Checkpointer {
    const { config, telemetry, deadOutbox } = this.parts;
    const { own, log } = telemetry;
    return new Checkpointer({
      folder: this.folder,
      everyMs: config.checkpoints.interval / 1000,
      framesMax: config.checkpoints.frames_max,
      copy: () => this.copy(),
      settled: async (copy) => {
        await Promise.all([this.commit.whenStored(copy.sequence), deadOutbox.settled()]);
        return { ...copy, stored: this.commit.position, documentsTo: this.documentsTo };
      },
      events: {
        written: (bytes, heldMs) => {
          own.checkpoints.series('written').add(1);
          own.checkpointBytes.series().set(bytes);
          own.checkpointHeld.series().set(heldMs / 1000);
        },
        failed: (error) => {
          own.checkpoints.series('failed').add(1);
          this.say('checkpoint', `no checkpoint could be written: ${(error as Error).message}`);
          log.debug('a checkpoint failed', { error });
        },
      },
    });
  }

  private copy(): CheckpointContent | undefined {
    const { config, pipelines, version } = this.parts;
    const sequence = this.inlet?.position;
    if (sequence === undefined || this.kept === undefined) return undefined;
    return {
      version: 1,
      writtenAt: new Date().toISOString(),
      service: version,
      stream: this.names.frames,
      streamCreated: this.created,
      sequence,
      stored: this.commit.position,
      documentsTo: this.documentsTo,
      pipelines: hashesOf(pipelines, config),
      configHash: configHash(config),
      ...this.kept.copy(),
    };
  }

  private processed(): void {
    this.checkpointer?.count();
    if (!this.isBehind || (this.inlet?.position ?? 0) < this.target) return;
    this.isBehind = false;
    this.parts.telemetry.own.catchingUp.series().set(0);
    this.parts.telemetry.log.info(`up to date with ${this.names.frames}`);
  }

  private tellGap(from: number, to: number, atUs: number): void {
    const { own, log } = this.parts.telemetry;
    const messages = to - from + 1;
    const stream = this.names.frames;
    own.streamMessagesLost.series().add(messages);
    if (!this.commit.isAgain) {
      log.warn(`${messages} messages of ${stream} are gone: from ${from} to ${to}`);
    }
    this.commit.take({
      record: 'stream-gap',
      key: [stream],
      t0Us: atUs,
      spanUs: 0,
      fields: { stream, from_sequence: from, to_sequence: to, messages },
    });
  }

  private say(what: string, text: string): void {
    const nowMs = performance.now();
    if (nowMs - (this.saidMs.get(what) ?? Number.NEGATIVE_INFINITY) < SAY_EVERY_MS) return;
    this.saidMs.set(what, nowMs);
    this.parts.telemetry.log.warn(text);
  }
}

/** What the form and the meaning of each pipeline's state depend on. */
function hashesOf(pipelines: readonly AnyPipeline[], config: Config): Record<string, string> {
  const options = config.pipelines as Readonly<Record<string, unknown>>;
  const entries = pipelines.map(({ name, stateVersion = 1 }) => {
    return [name, stateHash(options[name], stateVersion)] as const;
  });
  return Object.fromEntries(entries);
}

/** Whether a message is a health frame, as the door will see it. */
function healthTest(config: Config): (answer: InboundMessage) => boolean {
  const decoder = new FrameDecoder(limitsOf(config));
  return ({ subject, data, contentType }) => {
    try {
      const frame = decoder.decode(data, parseSubject(config.prefix, subject), contentType);
      return frame.kind === 'health';
    } catch {
      return false;
    }
  };
}

function rejectionOf(promise: Promise<void> | undefined): Promise<never> {
  return new Promise((_resolve, reject) => promise?.catch(reject));
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
