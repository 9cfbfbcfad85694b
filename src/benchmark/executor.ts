import { randomUUID } from 'node:crypto';
import { headers, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { benchmarkFrame } from '../emitter/frame-builders.ts';
import { encodeFrame } from '../emitter/frame-message.ts';
import {
  type BenchmarkRequest,
  BUSY,
  EXECUTOR_QUEUE,
  encodeNote,
  noteHeaders,
  type RunNote,
  readRequest,
  runSubject,
  UNSUPPORTED,
} from '../frames/benchmark-run.ts';
import { CONTENT_TYPES } from '../frames/encode.ts';
import { FrameError } from '../frames/frame-error.ts';
import type { ModelMeasures } from './measure-model.ts';

export interface ExecutorParts {
  readonly connection: NatsConnection;
  readonly prefix: string;
  readonly hardware: string;
  readonly deviceType: string;
  readonly chipId: string;
  readonly models: readonly string[];
  readonly measure: (model: string, signal: AbortSignal) => Promise<ModelMeasures>;
  /** A line for whoever started it. */
  readonly note: (text: string) => void;
}

/** Signs of life of a run come at least so often, and four times within what is asked for. */
const SIGN_MS_MAX = 10_000;
const SIGN_MS_MIN = 25;

/**
 * Answers requests for benchmark runs, one at a time: whoever asks meanwhile is told that it is
 * busy.
 */
export class BenchmarkExecutor {
  private readonly parts: ExecutorParts;
  private readonly emitter = `benchmark-executor-${randomUUID()}`;
  private running: { readonly model: string; readonly done: Promise<void> } | undefined;
  private readonly stopping = new AbortController();

  constructor(parts: ExecutorParts) {
    this.parts = parts;
  }

  /** Serves until the signal; a run that goes on then is given up, and that is its answer. */
  async serve(signal: AbortSignal): Promise<void> {
    const { connection, prefix, hardware, note } = this.parts;
    const ended = Promise.withResolvers<void>();
    const subject = runSubject(prefix, hardware);
    const subscription = connection.subscribe(subject, {
      queue: EXECUTOR_QUEUE,
      callback: (error, message) => {
        if (error === null) this.take(message);
        else ended.reject(new Error(`NATS does not allow ${subject}`, { cause: error }));
      },
    });
    const stop = () => ended.resolve();
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    void connection.closed().then((cause) => {
      ended.reject(new Error('the connection to NATS was closed', { cause }));
    });
    connection.flush().then(
      () => note(`listening on ${subject}`),
      () => {},
    );
    try {
      await ended.promise;
    } finally {
      signal.removeEventListener('abort', stop);
      subscription.unsubscribe();
      this.stopping.abort(new Error('the executor was stopped'));
      await this.running?.done;
    }
  }

  /** Never throws: the client would stop reading. What it takes of the message it takes at once. */
  private take(message: Msg): void {
    const { hardware, models, note } = this.parts;
    let request: BenchmarkRequest;
    try {
      request = readRequest(message.data, contentTypeOf(message));
    } catch (error) {
      if (!(error instanceof FrameError)) note(`a request could not be read: ${error}`);
      this.refuse(message, 'bad_request', (error as Error).message);
      return;
    }
    const { model } = request;
    if (message.reply === undefined) note('a request says no subject to answer on: not run');
    else if (request.hardware !== hardware) {
      this.refuse(message, UNSUPPORTED, `this is an executor for ${hardware}`);
    } else if (!models.includes(model)) {
      this.refuse(message, UNSUPPORTED, `it runs ${models.join(', ')}`);
    } else if (this.running !== undefined) {
      this.refuse(message, BUSY, `${this.running.model} is running`);
    } else {
      const done = this.run(message, request).finally(() => {
        this.running = undefined;
      });
      this.running = { model, done };
    }
  }

  private refuse(message: Msg, error: string, text: string): void {
    this.answer(message, { is: 'error', error, text });
  }

  /** Never rejects. */
  private async run(message: Msg, { model, silenceUs }: BenchmarkRequest): Promise<void> {
    const { measure, note } = this.parts;
    const everyMs = Math.max(SIGN_MS_MIN, Math.min(SIGN_MS_MAX, (silenceUs ?? Infinity) / 4000));
    const live = () => this.answer(message, { is: 'running' });
    live();
    const signs = setInterval(live, everyMs);
    note(`running ${model}`);
    try {
      const measures = await measure(model, this.stopping.signal);
      this.answerWith(message, model, measures);
      note(`${model}: ${lineOf(measures)}`);
    } catch (error) {
      const text = (error as Error).message;
      this.refuse(message, this.stopping.signal.aborted ? 'stopped' : 'failed', text);
      note(`${model} gave no result: ${text}`);
    } finally {
      clearInterval(signs);
    }
  }

  private answerWith(message: Msg, model: string, measures: ModelMeasures): void {
    const { hardware, deviceType, chipId } = this.parts;
    const t0Us = Date.now() * 1000;
    const { emitter } = this;
    const header = { deviceType, chipId, t0Us, emitter };
    // Without a number: it is on no subject of frames, and would be a gap there.
    const frame = benchmarkFrame({ ...header, model, hardware, ...measures });
    const about = headers();
    about.set('Content-Type', CONTENT_TYPES.msgpack);
    message.respond(encodeFrame(frame), { headers: about });
  }

  private answer(message: Msg, note: RunNote): void {
    const about = headers();
    about.set('Content-Type', CONTENT_TYPES.json);
    for (const [name, value] of noteHeaders(note)) about.set(name, value);
    try {
      message.respond(encodeNote(note), { headers: about });
    } catch (error) {
      this.parts.note(`an answer could not be sent: ${(error as Error).message}`);
    }
  }
}

/** A result as a person reads it. */
export function lineOf(measures: ModelMeasures): string {
  const { latencySeconds, throughputPerSecond, synapticOperations, energyJoules } = measures;
  const parts = [
    `${latencySeconds.toPrecision(4)} s`,
    `${throughputPerSecond.toPrecision(4)}/s`,
    `${Math.round(synapticOperations).toLocaleString('en')} synaptic operations`,
  ];
  if (energyJoules !== undefined) parts.push(`${energyJoules.toPrecision(4)} J`);
  return parts.join(', ');
}

/** The client throws on headers that other clients can send. */
function contentTypeOf(message: Msg): string | undefined {
  try {
    return message.headers?.get('Content-Type') || undefined;
  } catch {
    return undefined;
  }
}
