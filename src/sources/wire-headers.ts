import type { InboundMessage } from '../component/message.ts';
import type { WireMessage } from './wire-message.ts';

type HeadersRead = Pick<InboundMessage, 'contentType' | 'trace'>;

const NO_HEADERS: HeadersRead = { contentType: undefined, trace: undefined };

const CARRIAGE_RETURN = 13;
const LINE_FEED = 10;
const COLON = 58;

const CONTENT_TYPE = Buffer.from('Content-Type');
const TRACEPARENT = Buffer.from('traceparent');
const TRACESTATE = Buffer.from('tracestate');

/** One for all: to make one takes longer than what it reads. */
const TEXT = new TextDecoder();

/** Blocks up to this size are compared with the one before. */
const BLOCK_BYTES_MAX = 1024;

/**
 * The headers that a message's way depends on, read where they lie. Other clients can send some
 * that are no headers: such lines are passed over, and stop nothing.
 */
export class WireHeaders {
  /** The block that was read last: many messages have the same, byte for byte. */
  private readonly block = new Uint8Array(BLOCK_BYTES_MAX);
  private blockBytes = 0;
  private last = NO_HEADERS;

  of(message: WireMessage): HeadersRead {
    const { bytes, headersFrom, headersTo } = message;
    if (headersFrom === headersTo) return NO_HEADERS;
    if (this.isLast(bytes, headersFrom, headersTo)) return this.last;
    const read = headersRead(message);
    const size = headersTo - headersFrom;
    if (size <= BLOCK_BYTES_MAX) {
      for (let i = 0; i < size; i++) this.block[i] = bytes[headersFrom + i] as number;
      this.blockBytes = size;
      this.last = read;
    }
    return read;
  }

  private isLast(bytes: Uint8Array, from: number, to: number): boolean {
    const { block } = this;
    const size = to - from;
    if (size !== this.blockBytes) return false;
    for (let i = 0; i < size; i++) if (block[i] !== bytes[from + i]) return false;
    return true;
  }
}

function headersRead(message: WireMessage): HeadersRead {
  const contentType = valueIn(message, CONTENT_TYPE) || undefined;
  const traceparent = valueIn(message, TRACEPARENT);
  if (traceparent === undefined || traceparent === '') return { contentType, trace: undefined };
  return {
    contentType,
    trace: { traceparent, tracestate: valueIn(message, TRACESTATE) || undefined },
  };
}

/** With the version, and the status where it is one; empty where there are no headers. */
export function firstLineOf({ bytes, headersFrom, headersTo }: WireMessage): string {
  const end = endOfLine(bytes, headersFrom, headersTo);
  return TEXT.decode(bytes.subarray(headersFrom, end)).trimEnd();
}

/** The first value of a header; undefined where there is none that can be read. */
export function headerOf(message: WireMessage, name: string): string | undefined {
  return valueIn(message, Buffer.from(name));
}

function valueIn(
  { bytes, headersFrom, headersTo }: WireMessage,
  name: Uint8Array,
): string | undefined {
  // The first line is the version, with the status perhaps.
  let at = endOfLine(bytes, headersFrom, headersTo) + 2;
  while (at < headersTo) {
    const end = endOfLine(bytes, at, headersTo);
    const valueFrom = at + name.length + 1;
    if (valueFrom <= end && bytes[valueFrom - 1] === COLON && isNamed(bytes, at, name)) {
      const value = TEXT.decode(bytes.subarray(valueFrom, end));
      if (!/[\r\n]/.test(value)) return value.trim();
    }
    at = end + 2;
  }
  return undefined;
}

function isNamed(bytes: Uint8Array, from: number, name: Uint8Array): boolean {
  for (let i = 0; i < name.length; i++) if (bytes[from + i] !== name[i]) return false;
  return true;
}

/** Where the line's CR LF stands, or the end. */
function endOfLine(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && !(bytes[at] === CARRIAGE_RETURN && bytes[at + 1] === LINE_FEED)) at++;
  return at;
}
