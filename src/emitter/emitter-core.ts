import type { Msg } from '@nats-io/transport-node';
import { type Frame, sampleCount } from '../frames/frame.ts';
import { FrameDelivery } from './delivery.ts';
import type { EmitterSettings } from './emitter-options.ts';
import { type DropReason, type EmitterStats, EmitterTally } from './emitter-tally.ts';
import { frameMessage } from './frame-message.ts';
import { NatsReconnect } from './nats-reconnect.ts';
import { NatsServices } from './nats-services.ts';
import { Outbox } from './outbox.ts';
import { ProblemReports } from './problem-reports.ts';
import { SequenceCounter } from './sequence-counter.ts';
import type { TraceHeaders } from './trace-context.ts';

/** What collects spikes for frames of its own. */
export interface Batcher {
  /** Spikes that are in no frame yet. */
  readonly waiting: number;
  /** Cuts what has been waiting since the last call. */
  flushOld(): void;
  flush(): void;
}

const TICK_MS = 1000;

/** Emitters that were not closed: what they have in hand goes out when the process has no more. */
const OPEN = new Set<EmitterCore>();
const onExit = () => {
  for (const core of OPEN) core.flushBatches();
};

/** Everything behind an emitter's methods: counting, buffering, sending, ending. Never throws. */
export class EmitterCore {
  readonly settings: EmitterSettings;
  readonly problems: ProblemReports;
  readonly counter: SequenceCounter;
  private readonly tally = new EmitterTally();
  private readonly outbox: Outbox;
  private readonly delivery: FrameDelivery;
  private readonly services = new NatsServices();
  private readonly link: NatsReconnect;
  private readonly batchers: Batcher[] = [];
  private readonly timers: NodeJS.Timeout[];
  /** Called when something left the buffer; they look whether what they wait for has come. */
  private readonly waiters = new Set<() => void>();
  private holds = 0;
  private downSinceMs = performance.now();
  private wasUp = false;
  private readying: Promise<void> | undefined;
  private closing: Promise<EmitterStats> | undefined;
  private isEnded = false;

  /** @throws TypeError where the name is none */
  constructor(settings: EmitterSettings) {
    this.settings = settings;
    this.problems = new ProblemReports(settings.onError);
    this.counter = new SequenceCounter(settings.name);
    const { tally, problems } = this;
    this.outbox = new Outbox(settings.bufferBytesMax, (reason, entry, why) => {
      this.dropped(reason, 1, entry.samples, () => `${entry.message.subject}: ${why}`);
    });
    const acknowledged = settings.delivery === 'jetstream';
    this.delivery = new FrameDelivery(this.outbox, acknowledged, tally, problems, () => {
      this.progress();
    });
    this.link = new NatsReconnect(settings, {
      up: (session) => {
        if (this.wasUp) tally.reconnects++;
        this.wasUp = true;
        this.services.attach(session);
        this.delivery.attach(session);
        this.progress();
      },
      down: () => {
        this.downSinceMs = performance.now();
        this.services.detach();
        this.delivery.detach();
      },
      failed: (text) => {
        problems.report('connection', 1, () => text);
        this.updateHold();
      },
      refused: (text) => problems.report('refused', 1, () => text),
    });
    const batchTick = () => {
      for (const batcher of this.batchers) batcher.flushOld();
    };
    this.timers = [
      setInterval(batchTick, settings.batchMs).unref(),
      setInterval(() => this.delivery.tick(), TICK_MS).unref(),
    ];
    if (OPEN.size === 0) process.on('beforeExit', onExit);
    OPEN.add(this);
    void this.link.run();
  }

  get isFull(): boolean {
    return this.outbox.bytes > this.outbox.bytesMax / 2;
  }

  addBatcher(batcher: Batcher): void {
    this.batchers.push(batcher);
  }

  /** Numbers, encodes and buffers a frame; what is none is counted and reported. */
  post(build: () => Frame, trace?: TraceHeaders): void {
    const { counter } = this;
    const { prefix, dense } = this.settings;
    let samples = 0;
    try {
      const frame = build();
      samples = sampleCount(frame);
      this.tally.recordedSamples += samples;
      if (this.isEnded) {
        this.dropped('closed', 1, samples, () => `${frame.kind}: recorded after close`);
        return;
      }
      const options = { prefix, counter, ...(dense && { dense }), ...(trace && { trace }) };
      this.outbox.add(frameMessage(frame, options), samples);
    } catch (error) {
      this.dropped('invalid', 1, samples, () => (error as Error).message);
      return;
    }
    this.delivery.pump();
    this.updateHold();
  }

  /** Samples that never became a frame. */
  refuse(samples: number, message: () => string): void {
    this.tally.recordedSamples += samples;
    this.dropped('invalid', 0, samples, message);
  }

  /** Answers requests until the returned function is called; `holds`: the process stays alive. */
  serve(
    subject: string,
    queue: string | undefined,
    holds: boolean,
    take: (request: Msg) => void,
  ): () => void {
    const end = this.services.add(subject, queue, take);
    const held = holds ? this.holdProcess() : () => {};
    return () => {
      end();
      held();
    };
  }

  /** Resolves when the buffer is no more than half full, or the emitter is closed. */
  ready(): Promise<void> {
    this.readying ??= this.waitFor(() => !this.isFull || this.isEnded, undefined).finally(() => {
      this.readying = undefined;
    });
    return this.readying;
  }

  /** True when the server has all that was recorded; false where time ran out before. */
  async flush(timeoutMs: number): Promise<boolean> {
    this.flushBatches();
    await this.waitFor(() => this.outbox.frames === 0 || this.isEnded, timeoutMs);
    return this.outbox.frames === 0;
  }

  flushBatches(): void {
    for (const batcher of this.batchers) batcher.flush();
  }

  close(timeoutMs: number): Promise<EmitterStats> {
    this.closing ??= this.end(timeoutMs);
    return this.closing;
  }

  stats(): EmitterStats {
    const { tally, outbox } = this;
    const batchedSamples = this.batchers.reduce((sum, { waiting }) => sum + waiting, 0);
    return {
      emitter: this.counter.emitter,
      isConnected: this.link.isConnected,
      reconnects: tally.reconnects,
      recordedSamples: tally.recordedSamples + batchedSamples,
      publishedFrames: tally.publishedFrames,
      publishedSamples: tally.publishedSamples,
      publishedBytes: tally.publishedBytes,
      batchedSamples,
      bufferedFrames: outbox.frames,
      bufferedSamples: outbox.samples,
      bufferedBytes: outbox.bytes,
      bufferedBytesMax: outbox.bytesSeenMax,
      droppedFrames: { ...tally.droppedFrames },
      droppedSamples: { ...tally.droppedSamples },
      resentFrames: tally.resentFrames,
    };
  }

  private async end(timeoutMs: number): Promise<EmitterStats> {
    await this.flush(timeoutMs);
    this.isEnded = true;
    for (const timer of this.timers) clearInterval(timer);
    OPEN.delete(this);
    if (OPEN.size === 0) process.off('beforeExit', onExit);
    this.flushBatches();
    this.outbox.clear();
    this.progress();
    await this.link.stop();
    return this.stats();
  }

  private dropped(
    reason: DropReason,
    frames: number,
    samples: number,
    message: () => string,
  ): void {
    this.tally.dropped(reason, frames, samples);
    this.problems.report(reason, Math.max(frames, samples), message);
  }

  private waitFor(isSo: () => boolean, timeoutMs: number | undefined): Promise<void> {
    if (isSo()) return Promise.resolve();
    const held = this.holdProcess();
    return new Promise((resolve) => {
      let timer: NodeJS.Timeout | undefined;
      const finish = () => {
        clearTimeout(timer);
        this.waiters.delete(look);
        held();
        resolve();
      };
      const look = () => {
        if (isSo()) finish();
      };
      this.waiters.add(look);
      if (timeoutMs !== undefined) timer = setTimeout(finish, timeoutMs);
    });
  }

  private holdProcess(): () => void {
    this.holds++;
    this.updateHold();
    return () => {
      this.holds--;
      this.updateHold();
    };
  }

  private progress(): void {
    for (const look of this.waiters) look();
    this.updateHold();
  }

  /** The process stays alive while frames wait, but without NATS for a bounded time only. */
  private updateHold(): void {
    const { link, outbox, settings } = this;
    const waitedMs = performance.now() - this.downSinceMs;
    const hopes = outbox.frames > 0 && (link.isConnected || waitedMs < settings.exitWaitMs);
    link.hold(hopes || this.holds > 0);
  }
}
