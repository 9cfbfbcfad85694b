import { headers, nuid } from '@nats-io/transport-node';
import type { DeadMessage } from '../component/message.ts';
import { isToken } from '../frames/subject.ts';
import type { NatsOutbox, OutboxLimits, OutboxMessage } from './nats-outbox.ts';

/** Letters are rare and have many headers. */
export const DEAD_LETTER_LIMITS: OutboxLimits = {
  bytesMax: 16 * 1024 * 1024,
  batchBytesMax: 2 * 1024 * 1024,
  retryMs: 500,
  messageBytes: 4096,
};

const SUBJECT_CHARS_MAX = 256;
const DETAIL_CHARS_MAX = 512;
const CONTENT_TYPE_CHARS_MAX = 128;

/**
 * Messages that are no frames, on `<prefix>.dead.<reason>` with their original bytes, for whoever
 * wants to know what was wrong with them. Takes a message and copies its data. `idOf` names a
 * letter, so that a stream takes each once.
 */
export function deadLetters(
  prefix: string,
  outbox: NatsOutbox,
  idOf: (dead: DeadMessage) => string = () => nuid.next(),
): (dead: DeadMessage) => void {
  return (dead) => {
    if (!outbox.hasRoomFor(dead.message.data.byteLength)) return;
    outbox.offer(letterOf(prefix, dead, idOf(dead)));
  };
}

/** A letter with a copy of the bytes, which are valid during the call only. */
function letterOf(
  prefix: string,
  { message, reason, detail }: DeadMessage,
  id: string,
): OutboxMessage {
  const reasonToken = isToken(reason) ? reason : 'other';
  const fields = headers();
  fields.set('Nats-Msg-Id', id);
  fields.set('Spikescope-Subject', oneLine(message.subject, SUBJECT_CHARS_MAX));
  if (message.sequence !== undefined) fields.set('Spikescope-Sequence', String(message.sequence));
  fields.set('Spikescope-Reason', reasonToken);
  fields.set('Spikescope-Detail', oneLine(detail, DETAIL_CHARS_MAX));
  if (message.contentType !== undefined) {
    fields.set('Content-Type', oneLine(message.contentType, CONTENT_TYPE_CHARS_MAX));
  }
  // Not slice(): what comes from a socket is a Buffer, whose slice() shares the memory.
  const data = new Uint8Array(message.data);
  const subject = `${prefix}.dead.${reasonToken}`;
  return { subject, headers: fields, data, cutHeader: 'Spikescope-Truncated' };
}

/** Text from outside as a header's value: a line break would end the header. */
function oneLine(text: string, charsMax: number): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').slice(0, charsMax);
}
