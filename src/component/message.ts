import type { BytesAt } from '../frames/decode.ts';
import type { TraceContext } from '../frames/header.ts';

/** A message as a source hands it on; `data` is valid during the call only. */
export interface InboundMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  /** The same, for who needs no view of its own; undefined where there is one anyway. */
  readonly dataAt?: BytesAt | undefined;
  /** The `Content-Type` header; undefined where there is none. */
  readonly contentType: string | undefined;
  /** Its `traceparent` and `tracestate` headers; undefined where it names no span. */
  readonly trace?: TraceContext | undefined;
  /** Arrival in µs since the Unix epoch, by the source's clock. */
  readonly arrivedUs: number;
  /** Position in the stream; undefined without JetStream. */
  readonly sequence: number | undefined;
}

/** A message that is no frame, on its way to the dead subject; `data` is valid during the call. */
export interface DeadMessage {
  readonly message: InboundMessage;
  readonly reason: string;
  /** Names the field and what was there. */
  readonly detail: string;
}
