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
/** Nanoseconds have more digits than a number holds: of these, read in two halves, µs are made. */
const DIGITS_OF_NS = 19;
const DIGITS_OF_HALF = 8;
const HALF = 10 ** DIGITS_OF_HALF;
const DIGITS_BELOW_US = 3;

/** Where the dots stand, as far as they matter. */
const PLACES = 12;
const dotAt = new Int32Array(PLACES);

/**
 * Reads what JetStream says in the reply subjects of one consumer. Every message has one, so it is
 * read in place: a text and its pieces would cost as much as the rest of the way to the pipelines.
 * And two messages of a consumer differ in the numbers only: what stands before is passed over.
 */
export class DeliveryReader {
  /** What stands before the numbers, the dot before them not; 0 before the first message. */
  private named = 0;
  /** The number that was read last. */
  private value = 0;
  private readonly found = {
    deliveries: 0,
    streamSequence: 0,
    consumerSequence: 0,
    storedUs: 0,
  };

  /** Undefined for a message that is no delivery. The same object each time. */
  read(bytes: Uint8Array, from: number, to: number): PullDelivery | undefined {
    if (!isDelivery(bytes, from, to)) return undefined;
    const isRead = this.named > 0 && this.readNumbers(bytes, from + this.named, to);
    return isRead || this.readAll(bytes, from, to) ? this.found : undefined;
  }

  /** The numbers behind a dot; false where they are not as usual. */
  private readNumbers(bytes: Uint8Array, dot: number, to: number): boolean {
    const { found } = this;
    if (bytes[dot] !== DOT) return false;
    let at = this.numberEnd(bytes, dot + 1);
    if (bytes[at] !== DOT) return false;
    found.deliveries = this.value;
    at = this.numberEnd(bytes, at + 1);
    if (bytes[at] !== DOT) return false;
    found.streamSequence = this.value;
    at = this.numberEnd(bytes, at + 1);
    if (bytes[at] !== DOT) return false;
    found.consumerSequence = this.value;
    const end = at + 1 + DIGITS_OF_NS;
    if (end >= to || bytes[end] !== DOT) return false;
    found.storedUs = half(bytes, at + 1) * HALF + half(bytes, at + 1 + DIGITS_OF_HALF);
    return true;
  }

  private numberEnd(bytes: Uint8Array, from: number): number {
    let at = from;
    let value = 0;
    let digit = (bytes[at] as number) - DIGIT_0;
    while (digit >= 0 && digit <= 9) {
      value = value * 10 + digit;
      digit = (bytes[++at] as number) - DIGIT_0;
    }
    this.value = value;
    return at;
  }

  private readAll(bytes: Uint8Array, from: number, to: number): boolean {
    const { found } = this;
    let dots = 0;
    for (let i = from; i < to && dots < PLACES; i++) if (bytes[i] === DOT) dotAt[dots++] = i;
    let last = BEFORE;
    if (dots >= DOTS_WITH_DOMAIN) last = BEFORE_WITH_DOMAIN;
    else if (dots !== DOTS) return false;
    found.deliveries = numberBetween(bytes, last - 1);
    found.streamSequence = numberBetween(bytes, last);
    found.consumerSequence = numberBetween(bytes, last + 1);
    found.storedUs = numberBetween(bytes, last + 2, DIGITS_BELOW_US);
    this.named = (dotAt[last - 1] as number) - from;
    return true;
  }
}

function isDelivery(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from < HEAD.length) return false;
  for (let i = 0; i < HEAD.length; i++) if (bytes[from + i] !== HEAD[i]) return false;
  return true;
}

/** The number of so many digits as a half of nanoseconds has. */
function half(bytes: Uint8Array, from: number): number {
  let value = 0;
  for (let i = from; i < from + DIGITS_OF_HALF; i++) {
    value = value * 10 + ((bytes[i] as number) - DIGIT_0);
  }
  return value;
}

/** The number between a dot and the next, less its last digits. */
function numberBetween(bytes: Uint8Array, dot: number, less = 0): number {
  const to = (dotAt[dot + 1] as number) - less;
  let value = 0;
  for (let i = (dotAt[dot] as number) + 1; i < to; i++) {
    value = value * 10 + ((bytes[i] as number) - DIGIT_0);
  }
  return value;
}
