import type { Inlet } from '../component/source.ts';
import {
  type BenchmarkRequest,
  BUSY,
  encodeRequest,
  runSubject,
  UNSUPPORTED,
} from '../frames/benchmark-run.ts';
import type { AskExecutor, QuestionEnd } from './ask-executor.ts';
import type { BenchmarkOptions } from './benchmark-options.ts';
import type { AnswerReader, ExecutorAnswer, ExecutorMessage } from './executor-answer.ts';

/**
 * How a run ended. `failed`: the executor says so. `mismatch`: it answered for another model or
 * hardware. `invalid`: its answer is no benchmark frame. `lost`: it fell silent. `unreachable`:
 * NATS was away.
 */
export const RUN_OUTCOMES = [
  'ok',
  'failed',
  'busy',
  'unsupported',
  'mismatch',
  'invalid',
  'timeout',
  'lost',
  'unreachable',
  'skipped',
] as const;
export type RunOutcomeName = (typeof RUN_OUTCOMES)[number];

export interface RunOutcome {
  readonly model: string;
  readonly outcome: RunOutcomeName;
}

/** What happens to single runs, for the log and the counters. */
export interface RunEvents {
  /** An executor is there, or none is: told for each message, and at the end of each question. */
  available(hardware: string, isAvailable: boolean): void;
  ended(request: BenchmarkRequest, outcome: RunOutcomeName, detail: string, tookMs: number): void;
  /** The program has a fault; the schedule goes on. */
  broke(error: unknown): void;
}

export interface RunParts {
  readonly prefix: string;
  readonly options: BenchmarkOptions;
  readonly ask: AskExecutor;
  readonly answers: AnswerReader;
  readonly inlet: Inlet;
  readonly clock: { nowMs(): number };
  /** Arrival times of answers. */
  readonly arrivals: { nowUs(): number };
  readonly events: RunEvents;
}

interface Verdict {
  readonly outcome: RunOutcomeName;
  readonly detail: string;
}

/** One benchmark run: asked for, waited for, its answer checked and brought to the door. */
export class BenchmarkRun {
  private readonly parts: RunParts;

  constructor(parts: RunParts) {
    this.parts = parts;
  }

  /** Undefined where nobody listens, and after the signal. Never rejects. */
  async run(model: string, hardware: string, signal: AbortSignal): Promise<RunOutcome | undefined> {
    const { clock, events, options } = this.parts;
    const request = { model, hardware, silenceUs: options.silence };
    const beganMs = clock.nowMs();
    const verdict = await this.judged(request, signal);
    if (verdict === undefined) return undefined;
    const { outcome, detail } = verdict;
    events.ended(request, outcome, detail, clock.nowMs() - beganMs);
    return { model, outcome };
  }

  private async judged(
    request: BenchmarkRequest,
    signal: AbortSignal,
  ): Promise<Verdict | undefined> {
    const { end, verdict } = await this.asked(request, signal);
    if (end.is === 'stopped') return undefined;
    const { events } = this.parts;
    if (end.is !== 'unreachable') {
      events.available(request.hardware, end.is !== 'nobody' && end.is !== 'lost');
    }
    return end.is === 'nobody' ? undefined : (verdict ?? this.withoutAnswer(end));
  }

  private async asked(
    request: BenchmarkRequest,
    signal: AbortSignal,
  ): Promise<{ readonly end: QuestionEnd; readonly verdict: Verdict | undefined }> {
    const { prefix, options, ask } = this.parts;
    let verdict: Verdict | undefined;
    const question = {
      subject: runSubject(prefix, request.hardware),
      data: encodeRequest(request),
      timeoutMs: options.timeout / 1000,
      silenceMs: options.silence / 1000,
      take: (message: ExecutorMessage) => {
        this.parts.events.available(request.hardware, true);
        try {
          verdict = this.judge(request, message);
        } catch (error) {
          this.parts.events.broke(error);
          verdict = { outcome: 'failed', detail: 'a fault of Spikescope' };
        }
        return verdict !== undefined;
      },
    };
    const end = await ask(question, signal);
    return { end, verdict };
  }

  /** Undefined for a sign of life: the answer is yet to come. */
  private judge(request: BenchmarkRequest, message: ExecutorMessage): Verdict | undefined {
    const answer = this.parts.answers.read(message, request.hardware);
    switch (answer.is) {
      case 'running':
        return undefined;
      case 'error':
        return errorVerdict(answer);
      case 'invalid':
        this.bring(answer.subject, message);
        return { outcome: 'invalid', detail: answer.detail };
      case 'result': {
        const { model, hardware } = answer.frame;
        if (model !== request.model || hardware !== request.hardware) {
          return { outcome: 'mismatch', detail: `the answer is for ${model} on ${hardware}` };
        }
        this.bring(answer.subject, message);
        return { outcome: 'ok', detail: '' };
      }
    }
  }

  /** Through the door, as if it had come on a subject of its own. */
  private bring(subject: string, { data, contentType }: ExecutorMessage): void {
    const { inlet, arrivals } = this.parts;
    inlet.message({
      subject,
      data,
      contentType,
      arrivedUs: arrivals.nowUs(),
      sequence: undefined,
    });
  }

  private withoutAnswer(end: QuestionEnd): Verdict {
    const { timeout, silence } = this.parts.options;
    switch (end.is) {
      case 'timeout':
        return { outcome: 'timeout', detail: `no answer within ${timeout / 1e6} s` };
      case 'lost':
        return { outcome: 'lost', detail: `the executor fell silent for ${silence / 1e6} s` };
      case 'unreachable':
        return { outcome: 'unreachable', detail: end.reason };
      default:
        throw new Error(`a question ended as ${end.is} without an answer`);
    }
  }
}

const TEXT_CHARS_MAX = 256;

function errorVerdict({ error, text }: ExecutorAnswer & { readonly is: 'error' }): Verdict {
  const known = error === BUSY || error === UNSUPPORTED;
  const detail = [error, text].filter(Boolean).join(': ').slice(0, TEXT_CHARS_MAX);
  return { outcome: known ? error : 'failed', detail };
}
