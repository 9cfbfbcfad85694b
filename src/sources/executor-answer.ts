import type { BenchmarkFrame } from '../frames/benchmark.ts';
import { headerNote, type RunNote, readFields, readNote } from '../frames/benchmark-run.ts';
import { FrameDecoder } from '../frames/decode.ts';
import type { Fields } from '../frames/fields.ts';
import { FrameError } from '../frames/frame-error.ts';
import type { FrameLimits } from '../frames/limits.ts';
import { formatSubject, isToken } from '../frames/subject.ts';

/** One message of an executor, as it came; its data is the reader's. */
export interface ExecutorMessage {
  readonly data: Uint8Array;
  readonly contentType: string | undefined;
  /** What its headers say of an error. */
  readonly error: { readonly text: string; readonly code: string } | undefined;
}

export type ExecutorAnswer =
  | RunNote
  /** `subject` is the one that this frame would have as a message of its own. */
  | { readonly is: 'result'; readonly frame: BenchmarkFrame; readonly subject: string }
  /** Neither a note nor a benchmark frame: the door says why, and counts it. */
  | { readonly is: 'invalid'; readonly subject: string; readonly detail: string };

/** Reads what an executor of some hardware answers. */
export class AnswerReader {
  private readonly prefix: string;
  private readonly limits: FrameLimits;
  private readonly decoder: FrameDecoder;

  constructor(prefix: string, limits: FrameLimits) {
    this.prefix = prefix;
    this.limits = limits;
    this.decoder = new FrameDecoder(limits);
  }

  read({ data, contentType, error }: ExecutorMessage, hardware: string): ExecutorAnswer {
    if (error !== undefined) return headerNote(error.text, error.code);
    let fields: Fields;
    try {
      // Before its size is known to be fine nothing of it is looked at.
      if (data.length > this.limits.payloadBytesMax) return this.invalid(hardware, {}, 'too long');
      fields = readFields(data, contentType, this.limits);
    } catch (error) {
      return this.invalid(hardware, {}, textOf(error));
    }
    try {
      const note = readNote(fields, this.limits);
      if (note !== undefined) return note;
      const frame = this.decoder.decode(data, undefined, contentType);
      if (frame.kind === 'benchmark') {
        return { is: 'result', frame, subject: formatSubject(this.prefix, frame) };
      }
      return this.invalid(hardware, fields, `kind: is ${frame.kind}, and needs to be benchmark`);
    } catch (error) {
      return this.invalid(hardware, fields, textOf(error));
    }
  }

  /** Its subject is as the payload says, as far as it does. */
  private invalid(hardware: string, fields: Fields, detail: string): ExecutorAnswer {
    const token = (name: string, otherwise: string): string => {
      const value = fields[name];
      return typeof value === 'string' && isToken(value) ? value : otherwise;
    };
    const subject = formatSubject(this.prefix, {
      kind: 'benchmark',
      deviceType: token('device_type', hardware),
      chipId: token('chip_id', 'unknown'),
    });
    return { is: 'invalid', subject, detail };
  }
}

function textOf(error: unknown): string {
  if (error instanceof FrameError) return error.message;
  throw error;
}
