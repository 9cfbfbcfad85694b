import type { Msg } from '@nats-io/transport-node';

/** Where a message stands in its stream and in what a consumer has delivered. */
export interface PullDelivery {
  /** How often the message was delivered, this time included. */
  readonly deliveries: number;
  readonly streamSequence: number;
  /** Counts what the consumer delivered: a jump is a message lost on the way. */
  readonly consumerSequence: number;
  /** When the stream stored it, µs since the Unix epoch. */
  readonly storedUs: number;
}

/**
 * `$JS.ACK.<stream>.<consumer>.<deliveries>.<stream sequence>.<consumer sequence>.<ns>.<pending>`,
 * or with domain and account before the stream and perhaps a random token at the end.
 */
const HEAD = Buffer.from('$JS.ACK.');
const DOTS = 8;
const DOTS_WITH_DOMAIN = 10;
/** Dots before the deliveries. */
const BEFORE = 4;
const BEFORE_WITH_DOMAIN = 6;

const DOT = 46;
const DIGIT_0 = 48;
/** Nanoseconds have more digits than a number holds. */
const DIGITS_BELOW_US = 3;

/**
 * Reads what JetStream says in the reply subject; undefined for a message that is no delivery.
 * Every message has one, so it is read in place: a text and its pieces would cost as much as the
 * rest of the way to the pipelines.
 */
export function pullDelivery(reply: Uint8Array | undefined): PullDelivery | undefined {
  if (reply === undefined || !isDelivery(reply)) return undefined;
  let dots = 0;
  for (let i = 0; i < reply.length; i++) if (reply[i] === DOT) dots++;
  let before = BEFORE;
  if (dots >= DOTS_WITH_DOMAIN) before = BEFORE_WITH_DOMAIN;
  else if (dots !== DOTS) return undefined;
  let at = 0;
  while (before > 0) if (reply[at++] === DOT) before--;
  const deliveriesEnd = dotFrom(reply, at);
  const streamEnd = dotFrom(reply, deliveriesEnd + 1);
  const consumerEnd = dotFrom(reply, streamEnd + 1);
  const storedEnd = dotFrom(reply, consumerEnd + 1);
  return {
    deliveries: numberIn(reply, at, deliveriesEnd),
    streamSequence: numberIn(reply, deliveriesEnd + 1, streamEnd),
    consumerSequence: numberIn(reply, streamEnd + 1, consumerEnd),
    storedUs: numberIn(reply, consumerEnd + 1, storedEnd - DIGITS_BELOW_US),
  };
}

/** The reply subject as it came: the client makes a text of it only when asked for that. */
export function replyBytes(message: Msg): Uint8Array | undefined {
  const { _msg: raw } = message as { readonly _msg?: { readonly reply?: Uint8Array } };
  if (raw !== undefined) return raw.reply;
  return message.reply === undefined ? undefined : Buffer.from(message.reply);
}

function isDelivery(reply: Uint8Array): boolean {
  for (let i = 0; i < HEAD.length; i++) if (reply[i] !== HEAD[i]) return false;
  return true;
}

/** There is one; indexOf() leaves the engine, which takes longer than these few bytes. */
function dotFrom(text: Uint8Array, from: number): number {
  let at = from;
  while (text[at] !== DOT) at++;
  return at;
}

function numberIn(text: Uint8Array, from: number, to: number): number {
  let value = 0;
  for (let i = from; i < to; i++) value = value * 10 + (text[i] as number) - DIGIT_0;
  return value;
}
