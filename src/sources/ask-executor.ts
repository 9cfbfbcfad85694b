import type { QueuedIterator } from '@nats-io/transport-node';
import { errors, headers, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { ERROR_CODE_HEADER, ERROR_HEADER } from '../frames/benchmark-run.ts';
import type { ExecutorMessage } from './executor-answer.ts';
import { reasonOf } from './nats-failure.ts';

/** A request to whoever runs benchmarks on some hardware. */
export interface ExecutorQuestion {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly timeoutMs: number;
  /** Time without a message, after the first one, that means the executor is gone. */
  readonly silenceMs: number;
  /** Takes each message; true where it was the last. */
  readonly take: (message: ExecutorMessage) => boolean;
}

/** How a question ended. */
export type QuestionEnd =
  /** `take` has had the last message. */
  | { readonly is: 'answered' }
  /** Nobody listens on the subject, or NATS does not let us ask, which the link says. */
  | { readonly is: 'nobody' }
  | { readonly is: 'timeout' }
  | { readonly is: 'lost' }
  | { readonly is: 'stopped' }
  /** NATS is away. */
  | { readonly is: 'unreachable'; readonly reason: string };

/** Asks, and waits for the last of the answers, the time-out, a silence, or the signal. */
export type AskExecutor = (question: ExecutorQuestion, signal: AbortSignal) => Promise<QuestionEnd>;

/** Asks over NATS; the connection is looked up for each question. */
export function askOverNats(connection: () => NatsConnection | undefined): AskExecutor {
  return async (question, signal) => {
    const nats = connection();
    if (nats === undefined) return { is: 'unreachable', reason: 'not connected to NATS' };
    try {
      return await ask(nats, question, signal);
    } catch (error) {
      if (isNobody(error)) return { is: 'nobody' };
      return { is: 'unreachable', reason: reasonOf(error) };
    }
  };
}

async function ask(
  nats: NatsConnection,
  { subject, data, timeoutMs, silenceMs, take }: ExecutorQuestion,
  signal: AbortSignal,
): Promise<QuestionEnd> {
  const about = headers();
  about.set('Content-Type', 'application/json');
  const options = { strategy: 'timer', maxWait: timeoutMs, headers: about } as const;
  const asked = await nats.requestMany(subject, data, options);
  // Its class has `stop`, which the declared type leaves out; a `return` would wait for a message.
  const messages = asked as QueuedIterator<Msg>;
  let end: QuestionEnd = { is: 'timeout' };
  const endAs = (is: 'lost' | 'stopped') => {
    end = { is };
    messages.stop();
  };
  const stop = () => endAs('stopped');
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  let silence: NodeJS.Timeout | undefined;
  try {
    for await (const message of messages) {
      clearTimeout(silence);
      if (take(copyOf(message))) return { is: 'answered' };
      silence = setTimeout(() => endAs('lost'), silenceMs);
    }
    return end;
  } finally {
    clearTimeout(silence);
    signal.removeEventListener('abort', stop);
    messages.stop();
  }
}

/**
 * What came from the socket lies in its ring until the next read, which is not before this turn of
 * the event loop has ended.
 */
function copyOf(message: Msg): ExecutorMessage {
  return { data: new Uint8Array(message.data), ...headersOf(message) };
}

/** The client throws on headers that other clients can send. */
function headersOf({ headers: fields }: Msg): Omit<ExecutorMessage, 'data'> {
  const none = { contentType: undefined, error: undefined };
  try {
    if (fields === undefined) return none;
    const contentType = fields.get('Content-Type') || undefined;
    const [text, code] = [fields.get(ERROR_HEADER), fields.get(ERROR_CODE_HEADER)];
    return { contentType, error: text === '' && code === '' ? undefined : { text, code } };
  } catch {
    return none;
  }
}

function isNobody(error: unknown): boolean {
  const causes = [error, (error as Error).cause];
  return causes.some(
    (cause) =>
      cause instanceof errors.NoRespondersError || cause instanceof errors.PermissionViolationError,
  );
}
