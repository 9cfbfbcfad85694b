import { type Encoding, FrameEncoder } from '../../src/frames/encode.ts';
import type { Frame } from '../../src/frames/frame.ts';
import { formatSubject } from '../../src/frames/subject.ts';
import { placesOf, SEQ0, type SpikeStream, T0_US } from './spike-stream.ts';

export interface FrameStreamOptions {
  readonly encoding: Encoding;
  /** Of event time: how far the next frame of the same part is. */
  readonly spanUs: number;
  readonly samplesPerFrame: number;
  /** Frames of different parts; after so many the same parts come again. */
  readonly parts: number;
  /** Columns of spikes in their denser form. */
  readonly dense?: boolean;
}

interface Template {
  readonly bytes: Buffer;
  readonly t0At: number;
  readonly seqAt: number;
  /** What its sequence numbers are counted by. */
  readonly subject: string;
}

/**
 * Frames of any kind that have `T0_US` and `SEQ0`, one after the other and again, as NATS PUB
 * commands made in advance: their times and numbers are written over, so that they go on.
 */
export function frameStream(frames: readonly Frame[], options: FrameStreamOptions): SpikeStream {
  const templates = frames.map((frame) => templateOf(frame, options));
  const bytesMax = Math.max(...templates.map(({ bytes }) => bytes.length));
  const seqs = new Map<string, number>();
  let out = Buffer.alloc(0);
  let sent = 0;
  return {
    spikesPerFrame: options.samplesPerFrame,
    bytesPerMessage: bytesMax,
    next: (messages) => {
      if (out.length < messages * bytesMax) out = Buffer.alloc(messages * bytesMax);
      let at = 0;
      for (let i = 0; i < messages; i++, sent++) {
        const template = templates[sent % templates.length] as Template;
        out.set(template.bytes, at);
        const seq = seqs.get(template.subject) ?? SEQ0;
        seqs.set(template.subject, seq + 1);
        const t0Us = T0_US + Math.floor(sent / options.parts) * options.spanUs;
        stamp(out, at, template, t0Us, seq, options.encoding);
        at += template.bytes.length;
      }
      return out.subarray(0, at);
    },
  };
}

function stamp(
  out: Buffer,
  at: number,
  { t0At, seqAt }: Template,
  t0Us: number,
  seq: number,
  encoding: Encoding,
): void {
  if (encoding === 'json') {
    out.write(String(t0Us), at + t0At, 'latin1');
    out.write(String(seq), at + seqAt, 'latin1');
  } else {
    out.writeBigUInt64BE(BigInt(t0Us), at + t0At);
    out.writeUInt32BE(seq, at + seqAt);
  }
}

function templateOf(frame: Frame, { encoding, dense }: FrameStreamOptions): Template {
  const payload = Buffer.from(new FrameEncoder().encode(frame, encoding, dense));
  const subject = formatSubject('spikeformer', frame);
  const head = Buffer.from(`PUB ${subject} ${payload.length}\r\n`);
  const bytes = Buffer.concat([head, payload, Buffer.from('\r\n')]);
  return { bytes, ...placesOf(bytes, encoding), subject };
}

/** Bytes of a message without the protocol around it. */
export function payloadBytes(stream: SpikeStream): number {
  const message = Buffer.from(stream.next(1));
  const head = message.subarray(0, message.indexOf('\r\n')).toString('latin1');
  return Number(head.slice(head.lastIndexOf(' ') + 1));
}
