/**
 * Where a message stands in its stream and in what a consumer has delivered; valid during the call.
 */
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

const READ = { deliveries: 0, streamSequence: 0, consumerSequence: 0, storedUs: 0 };

/**
 * Reads what JetStream says in the reply subject, which lies there; undefined for a message that is
 * no delivery. Every message has one, so it is read in place: a text and its pieces would cost as
 * much as the rest of the way to the pipelines. The same object each time.
 */
export function pullDelivery(
  bytes: Uint8Array,
  from: number,
  to: number,
): PullDelivery | undefined {
  if (!isDelivery(bytes, from, to)) return undefined;
  let dots = 0;
  for (let i = from; i < to; i++) if (bytes[i] === DOT) dots++;
  let before = BEFORE;
  if (dots >= DOTS_WITH_DOMAIN) before = BEFORE_WITH_DOMAIN;
  else if (dots !== DOTS) return undefined;
  let at = from;
  while (before > 0) if (bytes[at++] === DOT) before--;
  const deliveriesEnd = dotFrom(bytes, at);
  const streamEnd = dotFrom(bytes, deliveriesEnd + 1);
  const consumerEnd = dotFrom(bytes, streamEnd + 1);
  const storedEnd = dotFrom(bytes, consumerEnd + 1);
  READ.deliveries = numberIn(bytes, at, deliveriesEnd);
  READ.streamSequence = numberIn(bytes, deliveriesEnd + 1, streamEnd);
  READ.consumerSequence = numberIn(bytes, streamEnd + 1, consumerEnd);
  READ.storedUs = numberIn(bytes, consumerEnd + 1, storedEnd - DIGITS_BELOW_US);
  return READ;
}

function isDelivery(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from < HEAD.length) return false;
  for (let i = 0; i < HEAD.length; i++) if (bytes[from + i] !== HEAD[i]) return false;
  return true;
}

function numberIn(bytes: Uint8Array, from: number, to: number): number {
  let value = 0;
  for (let i = from; i < to; i++) value = value * 10 + (bytes[i] as number) - DIGIT_0;
  return value;
}

/** There is one; indexOf() leaves the engine, which takes longer than these few bytes. */
function dotFrom(bytes: Uint8Array, from: number): number {
  let at = from;
  while (bytes[at] !== DOT) at++;
  return at;
}
