import { setTimeout as sleep } from 'node:timers/promises';
import type { DeadMessage } from '../../component/message.ts';
import { recordId } from '../../component/stream-position.ts';
import { aborted, together } from '../../component/together.ts';
import { deadLetters } from '../../sinks/dead-letters.ts';
import type { DerivedCommit } from '../../sinks/derived-commit.ts';
import { FencedError } from '../../sinks/fence.ts';
import { MetricStore } from '../../sinks/prometheus/metric-store.ts';
import type { StorePart } from '../../sinks/prometheus/store-group.ts';
import type { ChipMonitor } from '../../sources/chip-monitor.ts';
import { beforeFirst, type JetStreamSource, type StreamView } from '../../sources/jetstream.ts';
import { defineOwnMetricsOfPart } from '../../telemetry/own-metrics-of-part.ts';
import { CheckpointBucket } from '../../topology/checkpoint-bucket.ts';
import { type StreamGap, StreamInlet } from '../../topology/stream-inlet.ts';
import { CatchingUp } from '../jetstream/catching-up.ts';
import { Keeping } from '../jetstream/keeping.ts';
import type { OwnTelemetry } from '../own-telemetry.ts';
import { partCommit } from './part-commit.ts';
import { partSource } from './part-source.ts';
import { OtherStreamError, type PartWork, type PartWorking } from './part-work.ts';
import type { WorkerParts } from './worker-parts.ts';

const RETRY_MS = 200;

/**
 * One part of the frames that this worker owns: read, worked on, stored and kept apart from all
 * others, until it is given back or another worker has taken it over.
 */
export class Part implements StorePart {
  readonly store: MetricStore;
  private readonly parts: WorkerParts;
  private readonly work: PartWork;
  private readonly telemetry: OwnTelemetry;
  private readonly commit: DerivedCommit;
  private readonly bucket: CheckpointBucket;
  private readonly catchingUp = new CatchingUp(() => {});
  private readonly stopping = new AbortController();
  private created = '';
  private working: PartWorking | undefined;
  private inlet: StreamInlet | undefined;
  private keeping: Keeping | undefined;
  private source: JetStreamSource | undefined;
  private running: Promise<void> | undefined;
  private isLost = false;
  private pending: number | undefined;
  private readonly otherStream = Promise.withResolvers<never>();

  constructor(parts: WorkerParts, work: PartWork) {
    this.parts = parts;
    this.work = work;
    this.otherStream.promise.catch(() => {});
    const { config } = parts;
    this.store = new MetricStore({
      seriesMax: config.metrics.series_max,
      refused: (metric) => own.seriesRefused.series(metric).add(1),
      label: { name: 'partition', value: work.key.replace(/^p/, '') },
    });
    const own = defineOwnMetricsOfPart(this.store, parts.telemetry.own);
    this.telemetry = { ...parts.telemetry, store: this.store, own };
    this.commit = partCommit(parts, work, () => this.source?.wake());
    const { connection, owner, names } = parts;
    this.bucket = new CheckpointBucket({ connection, owner, stream: names.state, part: work.key });
  }

  get key(): string {
    return this.work.key;
  }

  /** Which owner of it this is, of all that it ever had. */
  get epoch(): number {
    return this.commit.epoch;
  }

  get leaseAgeMs(): number {
    return this.commit.sinceRenewedMs;
  }

  get monitor(): ChipMonitor | undefined {
    return this.working?.monitor;
  }

  /** Messages that are stored and not processed; undefined before that is known. */
  get lag(): number | undefined {
    // Between two messages of a part there are those of others: only its reader can count them.
    return this.pending ?? this.catchingUp.lag(this.inlet?.position ?? 0);
  }

  get checkpointAgeMs(): number | undefined {
    return this.keeping?.checkpointer.ageMs;
  }

  get depth(): DerivedCommit['depth'] {
    return this.commit.depth;
  }

  get isBehind(): boolean {
    return this.working === undefined || this.catchingUp.isBehind;
  }

  /** What it says is of now, and nobody else can say it by now. */
  readonly isShown = (): boolean => !this.isBehind && this.isHeld();

  private readonly isHeld = (): boolean => {
    return !this.isLost && this.leaseAgeMs < this.parts.config.workers.ttl / 1000;
  };

  /** Takes it, if its marker is still that message; false where another was first. */
  async claim(revision: number, created: string): Promise<boolean> {
    this.created = created;
    return (await this.commit.takeOver(created, revision)) !== undefined;
  }

  /** Works on it until it is given back; `ended` is told should it end by itself. */
  start(ended: (error: unknown) => void): void {
    this.running = this.run(this.stopping.signal).catch((error: unknown) => {
      this.isLost = true;
      ended(error);
    });
  }

  tick(isSourceThere: boolean): void {
    // What the clock finds goes into the stream, where no fence would hold it up.
    if (this.isHeld()) this.working?.tick(isSourceThere);
  }

  /** Stores what waits, keeps the state and gives the part back, so that nobody waits for it. */
  async giveBack(late: AbortSignal): Promise<boolean> {
    this.stopping.abort();
    await this.running;
    let isGiven = false;
    try {
      if (!this.isLost) {
        await this.commit.close(late);
        if (!late.aborted && this.keeping !== undefined) await this.keeping.checkpointer.write();
        isGiven = !late.aborted && (await this.commit.giveBack(late));
      }
    } catch (error) {
      if (!(error instanceof FencedError)) throw error;
      this.parts.telemetry.log.warn(error.message);
    } finally {
      await this.working?.close(late);
    }
    return isGiven;
  }

  /** Another worker has it: nothing more of it is told to anybody. */
  async drop(): Promise<void> {
    this.isLost = true;
    this.stopping.abort();
    await this.running;
    await this.working?.close(AbortSignal.abort());
  }

  private async run(signal: AbortSignal): Promise<void> {
    await together(signal, [
      // Others see that it has an owner while its state is on its way.
      (until) => this.commit.run(until),
      (until) => this.workOn(until),
    ]);
  }

  private async workOn(signal: AbortSignal): Promise<void> {
    const kept = await this.newest(signal);
    const view = await this.parts.look(this.work.input.stream, signal);
    if (kept === undefined || view === undefined) return;
    const working = this.work.begin({
      telemetry: this.telemetry,
      derived: (record) => this.commit.take(record),
      dead: deadLetters(this.parts.config.prefix, this.parts.deadOutbox, this.deadId),
      isBehind: () => this.isBehind,
      isAgain: () => this.commit.isAgain,
      isHeld: this.isHeld,
    });
    this.working = working;
    const inlet = this.makeInlet(working);
    const keeping = this.makeKeeping(working, inlet);
    const found = await keeping.restore(this.created, kept);
    const frames = found?.frames;
    if (frames !== undefined) this.commit.restore(frames.sequence, frames.stored, frames.counted);
    inlet.startAt(frames?.sequence ?? beforeFirst(view));
    this.parts.documentsFrom(found?.documentsTo ?? 0);
    this.inlet = inlet;
    this.keeping = keeping;
    this.catchingUp.begin(view, inlet.position);
    this.lookForGone(inlet, view);
    working.start(signal);
    const source = this.makeSource(inlet);
    this.source = source;
    await together(signal, [
      (until) => source.run(inlet, until),
      (until) => keeping.checkpointer.run(until),
      (until) => Promise.race([this.otherStream.promise, aborted(until)]),
    ]);
  }

  /** The newest checkpoint, made this owner's; undefined at the signal. */
  private async newest(signal: AbortSignal) {
    while (!signal.aborted) {
      try {
        return await this.bucket.newest();
      } catch (error) {
        const reason = (error as Error).message;
        this.parts.rare.warn('state', `the state of ${this.key} can't be read yet: ${reason}`);
      }
      await sleep(RETRY_MS, undefined, { signal }).catch(() => {});
    }
    return undefined;
  }

  private readonly deadId = ({ message }: DeadMessage): string =>
    recordId(this.created, message.sequence ?? 0, 0);

  private lookForGone(inlet: StreamInlet, { firstSequence }: StreamView): void {
    if (!this.work.input.isThinned) inlet.gone(firstSequence - 1);
  }

  /** Messages that are gone: how many of them were this part's, nobody knows. */
  private tellGap({ from, to, atUs }: StreamGap): void {
    const { stream } = this.work.input;
    const messages = to - from + 1;
    this.telemetry.own.streamMessagesLost.series().add(messages);
    this.parts.gone(messages);
    if (!this.commit.isAgain) {
      this.telemetry.log.warn(
        `${messages} messages of ${stream} are gone, from ${from} to ${to}: those of them that \
were for ${this.key} were not read`,
      );
    }
    this.commit.take({
      ...{ record: 'stream-gap', key: [stream], t0Us: atUs, spanUs: 0 },
      fields: { stream, from_sequence: from, to_sequence: to, messages, part: this.key },
    });
  }

  private makeInlet(working: PartWorking): StreamInlet {
    const inlet: StreamInlet = new StreamInlet({
      inlet: working.around(working.topology.inlet),
      isSparse: true,
      begin: (sequence) => this.commit.begin(sequence),
      gap: (gap) => this.tellGap(gap),
      processed: () => {
        this.keeping?.checkpointer.count();
        this.catchingUp.processed(inlet.position);
      },
    });
    return inlet;
  }

  private makeKeeping(working: PartWorking, inlet: StreamInlet): Keeping {
    const { version, config, rare, documentsTo, deadOutbox } = this.parts;
    return new Keeping({
      ...{ version, config, rare, documentsTo, telemetry: this.telemetry },
      pipelines: this.work.pipelines,
      topology: working.topology,
      place: this.bucket,
      part: this.key,
      stream: this.work.input.stream,
      created: () => this.created,
      position: () => inlet.position,
      stored: () => this.commit.position,
      frames: () => this.commit.frames,
      settled: async (sequence) => {
        await Promise.all([this.commit.whenStored(sequence), deadOutbox.settled()]);
      },
    });
  }

  private makeSource(inlet: StreamInlet): JetStreamSource {
    return partSource(this.parts, this.work, {
      hasRoom: () => this.commit.hasRoom,
      next: () => (inlet.position === undefined ? undefined : inlet.position + 1),
      opened: (view) => this.opened(inlet, view),
      seen: (view, pending) => {
        this.pending = pending;
        this.catchingUp.look(view, inlet.position);
        this.lookForGone(inlet, view);
      },
      vanished: (upTo) => {
        inlet.pass(upTo);
        this.commit.pass(upTo);
      },
    });
  }

  private async opened(inlet: StreamInlet, view: StreamView): Promise<void> {
    // All that this part has is of the stream before: it is taken anew, for the one of now.
    if (view.created !== this.created) this.otherStream.reject(new OtherStreamError());
    this.catchingUp.look(view, inlet.position);
    this.lookForGone(inlet, view);
  }
}
