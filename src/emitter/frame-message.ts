import { CONTENT_TYPES, type Encoding, FrameEncoder } from '../frames/encode.ts';
import { changedFrame, type Frame } from '../frames/frame.ts';
import { FrameError, shown } from '../frames/frame-error.ts';
import { FRAME_LIMITS } from '../frames/limits.ts';
import { formatSubject, isPrefix, isToken, PREFIX_DEFAULT } from '../frames/subject.ts';
import type { SequenceCounter } from './sequence-counter.ts';
import type { TraceHeaders } from './trace-context.ts';

/** A message for any NATS client: `publish(subject, data, { headers })`. */
export interface FrameMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  /**
   * `Content-Type`; `Nats-Msg-Id` too where the frame is numbered, so that a resend counts once;
   * `traceparent` and `tracestate` where the sender is traced.
   */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

export interface FrameMessageOptions {
  /** First tokens of the subject; `spikeformer` by default. */
  readonly prefix?: string;
  readonly encoding?: Encoding;
  /** Numbers the frame; without one, `seq` and `emitter` are the frame's own. */
  readonly counter?: SequenceCounter;
  readonly trace?: TraceHeaders;
  /**
   * Spikes in denser columns where that is exact: a quarter of the bytes, for readers that know
   * them (docs/wire.md). By default the columns are those that the frame has.
   */
  readonly dense?: boolean | undefined;
}

const ENCODER = new FrameEncoder();

/** The bytes of a frame; throws a FrameError where readers would refuse their number. */
export function encodeFrame(
  frame: Frame,
  encoding: Encoding = 'msgpack',
  dense?: boolean,
): Uint8Array {
  const data = ENCODER.encode(frame, encoding, dense);
  if (data.length > FRAME_LIMITS.payloadBytesMax) {
    const detail = `${data.length} bytes, at most ${FRAME_LIMITS.payloadBytesMax}: shorten it`;
    throw new FrameError('too_large', 'payload', detail);
  }
  return data;
}

/** A frame as a message: its subject, its bytes, its headers, and its number on the subject. */
export function frameMessage(frame: Frame, options: FrameMessageOptions = {}): FrameMessage {
  const { prefix = PREFIX_DEFAULT, encoding = 'msgpack', counter, trace, dense } = options;
  const { deviceType, chipId } = frame;
  if (!isPrefix(prefix) || !isToken(deviceType) || !isToken(chipId)) {
    const tokens = `prefix ${shown(prefix)}, device_type ${shown(deviceType)}`;
    const detail = `${tokens}, chip_id ${shown(chipId)}: a token is 1 to 64 of A-Z a-z 0-9 _ -`;
    throw new FrameError('subject', 'subject', detail);
  }
  const subject = formatSubject(prefix, frame);
  const numbered =
    counter === undefined
      ? frame
      : changedFrame(frame, { seq: counter.next(subject), emitter: counter.emitter });
  const headers: [string, string][] = [['Content-Type', CONTENT_TYPES[encoding]]];
  if (numbered.seq !== undefined && numbered.emitter !== undefined) {
    headers.push(['Nats-Msg-Id', `${numbered.emitter}:${subject}:${numbered.seq}`]);
  }
  if (trace !== undefined) headers.push(['traceparent', trace.traceparent]);
  if (trace?.tracestate !== undefined) headers.push(['tracestate', trace.tracestate]);
  return { subject, data: encodeFrame(numbered, encoding, dense), headers };
}
