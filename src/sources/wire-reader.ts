import type { Claims, TakeMessage } from './claims.ts';
import { ReadArea } from './read-area.ts';
import { endOfOperation, endsLine, UNENDED, WireHead } from './wire-head.ts';
import { WireMessage } from './wire-message.ts';

/** A longer operation is given in parts, for there must be an end to what is read in place. */
const IN_PLACE_BYTES_MAX = 16 * 1024 * 1024;
/** A line of the server without an end so far; it has no such lines. */
const LINE_BYTES_MAX = 256 * 1024;

const LINE_FEED = 10;

/** What the operation at the start of what is read is. */
const INCOMPLETE = 0;
const CLAIMED = 1;
const OTHER = 2;

/**
 * Reads the NATS protocol in place: messages of claimed subscriptions are taken where they lie, all
 * other bytes are given on in their order, in runs of whole operations, for the client's parser. It
 * would make objects of each message, and copy those that two reads share, twice. What is out of
 * order by the protocol is the client's to judge: from there on everything is given on.
 */
export class WireReader {
  private readonly claims: Claims;
  private readonly area = new ReadArea();
  private readonly head = new WireHead();
  private readonly message = new WireMessage();
  private take: TakeMessage = () => {};
  /** Bytes that still belong to an operation of which a part was given. */
  private owed = 0;
  /** A part of a line was given: all belongs to it until it ends. */
  private isMidLine = false;
  private isOutOfOrder = false;
  private isClosed = false;

  constructor(claims: Claims) {
    this.claims = claims;
  }

  /**
   * Where the next read goes, until it has been. Sockets ask right after each read, and not again
   * when they go on after a pause.
   */
  room(): Uint8Array {
    return this.area.room();
  }

  /** So many bytes were read to the room. */
  filled(bytes: number): void {
    this.area.filled(bytes);
    this.message.read++;
  }

  /**
   * Delivers what is claimed, up to bytes of the client's: gives a copy of these, which the client
   * may keep. Undefined where nothing more is whole; until then it is to be called again.
   */
  next(): Uint8Array | undefined {
    if (this.isClosed) return undefined;
    this.claims.gather();
    try {
      return this.deliverAll();
    } finally {
      this.claims.gathered();
    }
  }

  private deliverAll(): Uint8Array | undefined {
    const { area } = this;
    let from = area.start;
    this.payOwed();
    let messages = 0;
    let bytes = 0;
    for (;;) {
      const found = this.look();
      if (found === OTHER) {
        area.start = this.head.end;
      } else if (found === CLAIMED) {
        if (area.start > from) break;
        messages++;
        bytes += this.head.size;
        this.deliver();
        if (this.isClosed) break;
        from = area.start;
      } else {
        this.leave();
        break;
      }
    }
    if (messages > 0) this.claims.count(messages, bytes);
    return area.start > from ? area.bytes.slice(from, area.start) : undefined;
  }

  /** Nothing is read or delivered any more. */
  close(): void {
    this.isClosed = true;
    this.area.close();
  }

  /** Passes over what belongs to an operation that the client has begun with. */
  private payOwed(): void {
    const { area } = this;
    const paid = Math.min(this.owed, area.end - area.start);
    this.owed -= paid;
    area.start += paid;
    while (this.isMidLine && area.start < area.end) {
      this.isMidLine = area.bytes[area.start++] !== LINE_FEED;
    }
  }

  private look(): number {
    const { area, head } = this;
    const { bytes, start, end } = area;
    head.end = end;
    // Where nothing was read at all there is no memory either.
    if (start === end) return INCOMPLETE;
    if (this.isOutOfOrder) return OTHER;
    const isMessage = head.read(bytes, start, end);
    if (!isMessage) head.end = endOfOperation(bytes, start, end);
    if (head.end > end) return INCOMPLETE;
    if (!isMessage) return OTHER;
    if (!endsLine(bytes, head.end)) {
      this.isOutOfOrder = true;
      head.end = end;
      return OTHER;
    }
    const take = this.claims.find(head.sid);
    if (take === undefined) return OTHER;
    this.take = take;
    return CLAIMED;
  }

  private deliver(): void {
    const { area, head, message } = this;
    const { bytes } = area;
    message.bytes = bytes;
    message.subject = this.claims.subjects.textOf(
      bytes,
      head.subjectFrom,
      head.subjectTo,
      head.hash,
    );
    message.replyBytes = bytes;
    message.replyFrom = head.replyFrom;
    message.replyTo = head.replyTo;
    message.headersFrom = head.bodyFrom;
    message.headersTo = head.bodyFrom + head.headerSize;
    message.dataFrom = message.headersTo;
    message.dataTo = head.bodyFrom + head.size;
    area.start = head.end;
    try {
      this.take(message);
    } catch (error) {
      // A fault of the program: nothing here depends on it, and nobody up there hears it.
      process.nextTick(() => {
        throw error;
      });
    }
  }

  /** What to do with the beginning of an operation that has not ended. */
  private leave(): void {
    const { area, head } = this;
    const tail = area.end - area.start;
    area.needed = 0;
    if (tail === 0) return;
    if (head.end === UNENDED) {
      if (tail <= LINE_BYTES_MAX) return;
      this.isMidLine = true;
      area.start = area.end;
    } else if (head.end - area.start > IN_PLACE_BYTES_MAX) {
      this.owed = head.end - area.end;
      area.start = area.end;
    } else {
      area.needed = head.end - area.start;
    }
  }
}
