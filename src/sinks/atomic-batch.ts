import type { Msg, MsgHdrs, NatsConnection } from '@nats-io/transport-node';
import { nuid } from '@nats-io/transport-node';
import type { HeaderLines } from './header-lines.ts';

export interface BatchMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  /** The batch's from now on: it says in them what belongs together. */
  readonly headers: Pick<MsgHdrs, 'set'> | HeaderLines;
}

/** Most messages of an atomic batch, by the server's limit. */
export const BATCH_MESSAGES_MAX = 1000;

/** What the server refuses; nothing of the batch is stored. */
export class BatchRefusedError extends Error {
  override readonly name = 'BatchRefusedError';
  /** `err_code` of JetStream. */
  readonly code: number;

  constructor(code: number, description: string) {
    super(`${description} (${code})`);
    this.code = code;
  }
}

/** The last message of the control subject was not the one that was named. */
export const NOT_THE_LAST = 10071;

/**
 * Stores messages in one stream, all of them or none; gives the sequence of the last. They are
 * written by hand: the client's own batches leave out what is expected of the subject before.
 * @throws BatchRefusedError where the server says no; any other error leaves open what became of it
 */
export async function storeAtomically(
  connection: NatsConnection,
  messages: readonly BatchMessage[],
  timeoutMs: number,
): Promise<number> {
  const id = nuid.next();
  const last = messages.length - 1;
  for (const [i, { subject, data, headers: about }] of messages.entries()) {
    // All that the client asks of headers is to encode them.
    const headers = about as MsgHdrs;
    // A single message is a batch by itself.
    if (last > 0) {
      headers.set('Nats-Batch-Id', id);
      headers.set('Nats-Batch-Sequence', String(i + 1));
    }
    if (i < last) {
      connection.publish(subject, data, { headers });
      continue;
    }
    if (last > 0) headers.set('Nats-Batch-Commit', '1');
    return sequenceOf(await connection.request(subject, data, { headers, timeout: timeoutMs }));
  }
  throw new Error('a batch needs a message');
}

interface PublishAnswer {
  readonly seq?: number;
  readonly error?: { readonly err_code?: number; readonly description?: string };
}

function sequenceOf(answer: Msg): number {
  const { seq, error } = answer.json<PublishAnswer>();
  if (error !== undefined) {
    throw new BatchRefusedError(error.err_code ?? 0, error.description ?? 'refused');
  }
  if (seq === undefined) throw new Error('JetStream answered without a sequence');
  return seq;
}
