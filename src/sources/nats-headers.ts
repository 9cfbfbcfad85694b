import type { Msg } from '@nats-io/transport-node';
import type { InboundMessage } from '../component/message.ts';

type HeadersRead = Pick<InboundMessage, 'contentType' | 'trace'>;

const NO_HEADERS: HeadersRead = { contentType: undefined, trace: undefined };

/**
 * The client parses headers when asked for them, and throws on some that other clients can send.
 * An error that leaves its callback would end its reading for good, in silence.
 */
export function headersOf(message: Msg): HeadersRead {
  try {
    const { headers } = message;
    if (headers === undefined) return NO_HEADERS;
    const contentType = headers.get('Content-Type') || undefined;
    const traceparent = headers.get('traceparent');
    if (traceparent === '') return { contentType, trace: undefined };
    return {
      contentType,
      trace: { traceparent, tracestate: headers.get('tracestate') || undefined },
    };
  } catch {
    return NO_HEADERS;
  }
}
