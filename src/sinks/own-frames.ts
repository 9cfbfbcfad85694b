import { headers, nuid } from '@nats-io/transport-node';
import type { InboundMessage } from '../component/message.ts';
import type { Inlet } from '../component/source.ts';
import { CONTENT_TYPES, FrameEncoder } from '../frames/encode.ts';
import type { Frame } from '../frames/frame.ts';
import { formatSubject } from '../frames/subject.ts';
import type { NatsOutbox, OutboxLimits } from './nats-outbox.ts';

/** What the service itself finds is little. */
export const OWN_FRAME_LIMITS: OutboxLimits = {
  bytesMax: 16 * 1024 * 1024,
  batchBytesMax: 1024 * 1024,
  retryMs: 500,
  messageBytes: 1024,
};

/**
 * What the service finds by a clock, and answers to its own questions, on their way into the
 * stream: they come back with the frames of all others, in one order for every replay.
 */
export class OwnFrames implements Inlet {
  private readonly prefix: string;
  private readonly outbox: NatsOutbox;
  private readonly encoder = new FrameEncoder();

  constructor(prefix: string, outbox: NatsOutbox) {
    this.prefix = prefix;
    this.outbox = outbox;
  }

  frame(frame: Frame): void {
    const fields = headers();
    fields.set('Content-Type', CONTENT_TYPES.msgpack);
    fields.set('Nats-Msg-Id', nuid.next());
    const subject = formatSubject(this.prefix, frame);
    this.outbox.offer({ subject, headers: fields, data: this.encoder.encode(frame) });
  }

  message({ subject, data, contentType, trace }: InboundMessage): void {
    const fields = headers();
    fields.set('Nats-Msg-Id', nuid.next());
    if (contentType !== undefined) fields.set('Content-Type', contentType);
    if (trace !== undefined) {
      fields.set('traceparent', trace.traceparent);
      if (trace.tracestate !== undefined) fields.set('tracestate', trace.tracestate);
    }
    this.outbox.offer({ subject, headers: fields, data: new Uint8Array(data) });
  }
}
