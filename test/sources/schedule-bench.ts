import type { InboundMessage } from '../../src/component/message.ts';
import type { BenchmarkFrame } from '../../src/frames/benchmark.ts';
import { readRequest } from '../../src/frames/benchmark-run.ts';
import { FrameEncoder } from '../../src/frames/encode.ts';
import type { Frame } from '../../src/frames/frame.ts';
import { FRAME_LIMITS } from '../../src/frames/limits.ts';
import type { AskExecutor, QuestionEnd } from '../../src/sources/ask-executor.ts';
import { benchmarkOptions } from '../../src/sources/benchmark-options.ts';
import { BenchmarkSchedule } from '../../src/sources/benchmark-schedule.ts';
import { AnswerReader, type ExecutorMessage } from '../../src/sources/executor-answer.ts';
import { ManualClock, settled } from './manual-clock.ts';

export const HOUR_MS = 3_600_000;
/** 2026-01-01T00:00:00Z */
export const START_MS = 1_767_225_600_000;

/** A question that waits for the test to say how it ends. */
export interface OpenQuestion {
  readonly model: string;
  readonly hardware: string;
  readonly askedMs: number;
  /** One message; true where the schedule takes it as the last. */
  say(data: Uint8Array | string, error?: ExecutorMessage['error']): boolean;
  end(end: QuestionEnd): Promise<void>;
  /** Answers with a result, as asked or otherwise. */
  answer(more?: Partial<BenchmarkFrame>): Promise<void>;
}

const ENCODER = new FrameEncoder();

export function benchmarkFrame(more: Partial<BenchmarkFrame> = {}): Frame {
  return {
    kind: 'benchmark',
    deviceType: 'cpu',
    chipId: 'host-1',
    t0Us: 1,
    spanUs: 0,
    seq: undefined,
    runId: undefined,
    emitter: undefined,
    arrivedUs: Number.NaN,
    restarts: 0,
    model: 'vit-tiny',
    hardware: 'cpu',
    latencySeconds: 0.5,
    throughputPerSecond: 2,
    durationUs: 1e6,
    accuracy: undefined,
    energyJoules: undefined,
    synapticOperations: undefined,
    ...more,
  };
}

/** A schedule with a clock of its own, asking the test. */
export class ScheduleBench {
  readonly clock = new ManualClock(START_MS + HOUR_MS / 2);
  readonly asked: OpenQuestion[] = [];
  readonly open: OpenQuestion[] = [];
  /** What came to the door. */
  readonly brought: InboundMessage[] = [];
  /** Lines such as `ended vit-tiny cpu ok`. */
  readonly said: string[] = [];
  readonly ended: Promise<void>;
  openMax = 0;
  private readonly stopping = new AbortController();

  constructor(options: object, failing = false) {
    const parsed = benchmarkOptions.parse(options);
    const schedule = new BenchmarkSchedule({
      prefix: 'spikeformer',
      options: parsed,
      connected: async () => {},
      ask: this.ask,
      answers: new AnswerReader('spikeformer', FRAME_LIMITS),
      clock: this.clock,
      arrivals: { nowUs: () => this.clock.nowMs() * 1000 },
      events: {
        available: (hardware, is) => this.said.push(`available ${hardware} ${is}`),
        ended: ({ model, hardware }, outcome) =>
          this.said.push(`ended ${model} ${hardware} ${outcome}`),
        broke: (error) => this.said.push(`broke ${(error as Error).message}`),
      },
      schedule: {
        skipped: (hardware, times) => this.said.push(`skipped ${hardware} ${times}`),
        ended: (hardware, outcomes, tookMs) =>
          this.said.push(`round ${hardware} ${outcomes.length} ${tookMs}`),
        retrying: (hardware, models, atMs) =>
          this.said.push(`retrying ${hardware} ${models} ${(atMs - START_MS) / HOUR_MS}`),
      },
    });
    const inlet = {
      message: (message: InboundMessage) => {
        if (failing) throw new Error('the door is broken');
        this.brought.push(message);
      },
      frame: () => {},
    };
    this.ended = schedule.run(inlet, this.stopping.signal);
  }

  private readonly ask: AskExecutor = async (question, signal) => {
    const { model, hardware } = readRequest(question.data, 'application/json');
    if (question.subject !== `spikeformer.benchmark-run.${hardware}`) throw new Error('subject');
    const { promise, resolve } = Promise.withResolvers<QuestionEnd>();
    const take = (data: Uint8Array | string, error?: ExecutorMessage['error']): boolean => {
      const bytes = typeof data === 'string' ? Buffer.from(data) : data;
      const message = { data: bytes, contentType: undefined, error };
      return question.take(message);
    };
    const open: OpenQuestion = {
      ...{ model, hardware, askedMs: this.clock.nowMs() },
      say: take,
      end: async (end) => {
        resolve(end);
        await settled();
      },
      answer: async (more = {}) => {
        const isLast = take(ENCODER.encode(benchmarkFrame({ model, hardware, ...more })));
        if (isLast) resolve({ is: 'answered' });
        await settled();
      },
    };
    this.asked.push(open);
    this.open.push(open);
    this.openMax = Math.max(this.openMax, this.open.length);
    signal.addEventListener('abort', () => resolve({ is: 'stopped' }), { once: true });
    const end = await promise;
    this.open.splice(this.open.indexOf(open), 1);
    return end;
  };

  /** Answers everything that is asked up to a time, at once. */
  async answerUntil(hours: number): Promise<void> {
    for (let ms = this.clock.nowMs(); ms <= START_MS + hours * HOUR_MS; ms += HOUR_MS / 4) {
      await this.clock.to(ms);
      while (this.open.length > 0) await (this.open[0] as OpenQuestion).answer();
    }
  }

  /** Goes on to some hours after the start of the day. */
  to(hours: number): Promise<void> {
    return this.clock.to(START_MS + hours * HOUR_MS);
  }

  /** What was asked: `vit-tiny cpu 6`, the last being the hour. */
  questions(): string[] {
    return this.asked.map(
      ({ model, hardware, askedMs }) => `${model} ${hardware} ${(askedMs - START_MS) / HOUR_MS}`,
    );
  }

  outcomes(): string[] {
    return this.said.filter((line) => line.startsWith('ended')).map((line) => line.slice(6));
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.ended;
  }
}

/** The question that has waited longest. */
export function first(bench: ScheduleBench): OpenQuestion {
  const [question] = bench.open;
  if (question === undefined) throw new Error('nothing is asked');
  return question;
}
