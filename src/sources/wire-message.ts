import type { Msg } from '@nats-io/transport-node';
import type { InboundMessage } from '../component/message.ts';
import type { BytesAt } from '../frames/decode.ts';

const NONE = new Uint8Array(0);
/** One for all: to make one takes longer than what it reads. */
const TEXT = new TextDecoder();

/**
 * A message where it lies in what was read: its parts are ranges of bytes, `from` with, `to`
 * without. Valid during the call only; the next message is told of by the same object.
 */
export class WireMessage {
  subject = '';
  /** Where the reply subject lies; nowhere where there is none. */
  replyBytes: Uint8Array = NONE;
  replyFrom = 0;
  replyTo = 0;
  /** Where headers and payload lie. */
  bytes: Uint8Array = NONE;
  /** The header block with its first line; empty where there is none. */
  headersFrom = 0;
  headersTo = 0;
  dataFrom = 0;
  dataTo = 0;
  /** Of the read that completed it: messages with the same number arrived at once. */
  read = 0;

  /** The reply subject; empty where there is none. */
  reply(): string {
    return TEXT.decode(this.replyBytes.subarray(this.replyFrom, this.replyTo));
  }

  /** The payload as a view of its own. */
  data(): Uint8Array {
    const { bytes, dataFrom, dataTo } = this;
    return new Uint8Array(bytes.buffer, bytes.byteOffset + dataFrom, dataTo - dataFrom);
  }
}

/** What comes by the client is counted downwards, each message as one read. */
let readsOfClient = -2;

/** What the client keeps of a message; its getters make texts and objects of it. */
interface ClientMessage {
  readonly _msg: { readonly reply?: Uint8Array; readonly hdr: number };
  readonly _rdata: Uint8Array;
}

/** A message that came by the client's own parser, told of as those that did not. */
export function wireMessageOf(message: Msg): WireMessage {
  const { _msg: head, _rdata: bytes } = message as unknown as ClientMessage;
  const wire = new WireMessage();
  wire.subject = message.subject;
  wire.replyBytes = head.reply ?? NONE;
  wire.replyTo = wire.replyBytes.length;
  wire.bytes = bytes;
  wire.headersTo = Math.max(0, head.hdr);
  wire.dataFrom = wire.headersTo;
  wire.dataTo = bytes.length;
  wire.read = readsOfClient--;
  return wire;
}

/** A message for an inbox, to be written over for each: the inbox copies what it keeps. */
export class ReusedMessage implements InboundMessage {
  subject = '';
  contentType: InboundMessage['contentType'];
  trace: InboundMessage['trace'];
  arrivedUs = 0;
  sequence: number | undefined;
  readonly dataAt: { -readonly [Key in keyof BytesAt]: BytesAt[Key] } = {
    ...{ bytes: NONE, from: 0, to: 0 },
  };

  /** A view each time: few need it. */
  get data(): Uint8Array {
    const { bytes, from, to } = this.dataAt;
    return new Uint8Array(bytes.buffer, bytes.byteOffset + from, to - from);
  }

  /** Its data lies where that of this message does. */
  liesIn({ bytes, dataFrom, dataTo }: WireMessage): void {
    const { dataAt } = this;
    dataAt.bytes = bytes;
    dataAt.from = dataFrom;
    dataAt.to = dataTo;
  }
}
