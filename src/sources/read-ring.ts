/** Room for what is read; written over in turn. */
const RING_BYTES = 2 * 1024 * 1024;
/**
 * What one read takes at most: many frames, and yet few milliseconds of work, after which HTTP and
 * timers get their turn.
 */
const READ_BYTES_MAX = 512 * 1024;
/**
 * The end of a read that is carried to the next, at most; longer operations are given in parts.
 * What is given lies in the ring's last three quarters when the tail goes to its first: it stays.
 */
const TAIL_BYTES_MAX = RING_BYTES / 4;

const LINE_FEED = 10;
const DIGIT_0 = 48;
const LETTER_M = 77;
const LETTER_H = 72;

/**
 * Where a socket reads to, so that what comes out is whole operations of the NATS protocol, in
 * place. The client's parser would copy a message that two reads share, twice. An operation is a
 * line; those that begin with MSG or HMSG are followed by as many bytes as their last word says.
 */
export class ReadRing {
  private readonly ring = Buffer.allocUnsafeSlow(RING_BYTES);
  /** End of what is read. */
  private end = 0;
  /** Start of what is read and not given: always the start of an operation, or `owed` is left. */
  private start = 0;
  /** Bytes that still belong to an operation of which a part was given. */
  private owed = 0;

  /** Where the next read goes; asked for before what was given last has been looked at. */
  room(): Buffer {
    if (this.ring.length - this.end < READ_BYTES_MAX) this.startOver();
    return this.ring.subarray(this.end, this.end + READ_BYTES_MAX);
  }

  /** `bytes` were read to the room: gives what is whole now, valid until the next is read. */
  take(bytes: number): Buffer {
    this.end += bytes;
    const from = this.start;
    const paid = Math.min(this.owed, this.end - this.start);
    this.owed -= paid;
    this.start += paid;
    for (let next = this.operationEnd(); next <= this.end; next = this.operationEnd()) {
      this.start = next;
    }
    const tail = this.end - this.start;
    if (tail > TAIL_BYTES_MAX) {
      const until = this.operationEnd();
      // A line without an end is not for us to judge: the client's parser will.
      this.owed = until === Number.POSITIVE_INFINITY ? 0 : until - this.end;
      this.start = this.end;
    }
    return this.ring.subarray(from, this.start);
  }

  private startOver(): void {
    this.ring.copyWithin(0, this.start, this.end);
    this.end -= this.start;
    this.start = 0;
  }

  /** Where the operation at `start` ends; infinity where its line does not end yet. */
  private operationEnd(): number {
    const { ring, start, end } = this;
    let at = start;
    while (at < end && ring[at] !== LINE_FEED) at++;
    if (at >= end) return Number.POSITIVE_INFINITY;
    const letter = (ring[start] as number) & ~32;
    if (letter !== LETTER_M && letter !== LETTER_H) return at + 1;
    let size = 0;
    let power = 1;
    for (let i = at - 2; i > start; i--) {
      const digit = (ring[i] as number) - DIGIT_0;
      if (digit < 0 || digit > 9) break;
      size += digit * power;
      power *= 10;
    }
    return at + 1 + size + 2;
  }
}
