const CARRIAGE_RETURN = 13;
const LINE_FEED = 10;
const SPACE = 32;
const DIGIT_0 = 48;
const DIGIT_9 = 57;
const LETTER_G = 71;
const LETTER_H = 72;
const LETTER_M = 77;
const LETTER_S = 83;

/**
 * The end of an operation whose line does not end yet. A small integer: the field that holds it
 * would be one of doubles for good, and the code around it be compiled again, were it Infinity.
 */
export const UNENDED = 2 ** 30;

/** Numbers of more digits are no sizes or subscriptions of ours. */
const DIGITS_MAX = 9;
/** The client refuses larger ones. */
const SIZE_MAX = 64 * 1024 * 1024;

/**
 * The head of a message: `MSG <subject> <sid> [reply] <size>` or
 * `HMSG <subject> <sid> [reply] <header size> <size>`, as servers write it.
 */
export class WireHead {
  subjectFrom = 0;
  subjectTo = 0;
  /** Of the bytes of the subject. */
  hash = 0;
  sid = 0;
  /** An empty range where there is no reply subject. */
  replyFrom = 0;
  replyTo = 0;
  /** Where headers and payload begin. */
  bodyFrom = 0;
  headerSize = 0;
  /** Of headers and payload. */
  size = 0;
  /** Where the operation ends, its line end included. */
  end = 0;

  /**
   * Whether there lies such a head, whole; read in one pass. At `bytes[end]` lies a line feed.
   */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    let at = start;
    const words = bytes[at] === LETTER_H ? 2 : 1;
    if (words === 2) at++;
    if (bytes[at] !== LETTER_M || bytes[at + 1] !== LETTER_S) return false;
    if (bytes[at + 2] !== LETTER_G || bytes[at + 3] !== SPACE) return false;
    at = this.readSubject(bytes, at + 4);
    if (this.subjectTo === this.subjectFrom) return false;
    let sid = 0;
    let digit = (bytes[at] as number) - DIGIT_0;
    const sidEnd = at + DIGITS_MAX;
    while (digit >= 0 && digit <= 9 && at < sidEnd) {
      sid = sid * 10 + digit;
      digit = (bytes[++at] as number) - DIGIT_0;
    }
    this.sid = sid;
    if (bytes[at] !== SPACE) return false;
    at = this.readWords(bytes, at + 1, words);
    if (at < 0 || at + 1 >= end) return false;
    if (bytes[at] !== CARRIAGE_RETURN || bytes[at + 1] !== LINE_FEED) return false;
    this.bodyFrom = at + 2;
    this.end = at + 4 + this.size;
    return this.size <= SIZE_MAX && this.headerSize <= this.size;
  }

  /** Gives where the next word begins. */
  private readSubject(bytes: Uint8Array, from: number): number {
    let at = from;
    let hash = 0;
    let byte = bytes[at] as number;
    while (byte > SPACE) {
      hash = (Math.imul(hash, 31) + byte) | 0;
      byte = bytes[++at] as number;
    }
    this.subjectFrom = from;
    this.subjectTo = at;
    this.hash = hash;
    return byte === SPACE ? at + 1 : at;
  }

  /**
   * The words after the subscription: so many numbers, and perhaps the reply subject before them.
   * Gives where the last ends; -1 where it is something else.
   */
  private readWords(bytes: Uint8Array, from: number, numbers: number): number {
    let at = from;
    let before = 0;
    let byte = bytes[at] as number;
    let word = 0;
    this.replyFrom = 0;
    this.replyTo = 0;
    if (byte > DIGIT_9 || (byte > SPACE && byte < DIGIT_0)) {
      // What is no number is a reply subject; where a stream delivers it is long.
      while (byte > SPACE) byte = bytes[++at] as number;
      if (byte !== SPACE) return -1;
      this.replyFrom = from;
      this.replyTo = at++;
      before = -1;
      word = 1;
    }
    for (; ; word++) {
      const wordFrom = at;
      let value = 0;
      byte = bytes[at] as number;
      while (byte > SPACE) {
        const digit = byte - DIGIT_0;
        // What is no number is none for good.
        if (digit < 0 || digit > 9 || at - wordFrom >= DIGITS_MAX) value = -1;
        else if (value >= 0) value = value * 10 + digit;
        byte = bytes[++at] as number;
      }
      if (at === wordFrom) return -1;
      if (byte === SPACE) {
        if (word === 0) {
          this.replyFrom = wordFrom;
          this.replyTo = at;
        }
        before = value;
        at++;
      } else {
        if (word === numbers - 1) this.replyTo = this.replyFrom;
        else if (word !== numbers) return -1;
        this.size = value;
        this.headerSize = numbers === 2 ? before : 0;
        return value < 0 || this.headerSize < 0 ? -1 : at;
      }
    }
  }
}

/**
 * Where the operation at `start` ends, of whatever kind: a line, and where it begins with M or H as
 * many bytes as its last word says. UNENDED where its line does not end yet.
 */
export function endOfOperation(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (bytes[at] !== LINE_FEED) at++;
  if (at >= end) return UNENDED;
  const letter = (bytes[start] as number) & ~32;
  if (letter !== LETTER_M && letter !== LETTER_H) return at + 1;
  let size = 0;
  let power = 1;
  for (let i = at - 2; i > start; i--) {
    const digit = (bytes[i] as number) - DIGIT_0;
    if (digit < 0 || digit > 9) break;
    size += digit * power;
    power *= 10;
  }
  return at + 1 + size + 2;
}

/** Whether an operation that ends there ends with its line. */
export function endsLine(bytes: Uint8Array, end: number): boolean {
  return bytes[end - 1] === LINE_FEED && bytes[end - 2] === CARRIAGE_RETURN;
}
