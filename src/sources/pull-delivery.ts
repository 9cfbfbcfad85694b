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

/** Where the dots stand, as far as they matter. */
const PLACES = 12;
const dotAt = new Int32Array(PLACES);
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
  for (let i = from; i < to && dots < PLACES; i++) if (bytes[i] === DOT) dotAt[dots++] = i;
  let last = BEFORE;
  if (dots >= DOTS_WITH_DOMAIN) last = BEFORE_WITH_DOMAIN;
  else if (dots !== DOTS) return undefined;
  READ.deliveries = numberBetween(bytes, last - 1);
  READ.streamSequence = numberBetween(bytes, last);
  READ.consumerSequence = numberBetween(bytes, last + 1);
  READ.storedUs = numberBetween(bytes, last + 2, DIGITS_BELOW_US);
  return READ;
}

function isDelivery(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from < HEAD.length) return false;
  for (let i = 0; i < HEAD.length; i++) if (bytes[from + i] !== HEAD[i]) return false;
  return true;
}

/** The number between a dot and the next, less its last digits. */
function numberBetween(bytes: Uint8Array, dot: number, less = 0): number {
  const to = (dotAt[dot + 1] as number) - less;
  let value = 0;
  for (let i = (dotAt[dot] as number) + 1; i < to; i++) {
    value = value * 10 + (bytes[i] as number) - DIGIT_0;
  }
  return value;
}
