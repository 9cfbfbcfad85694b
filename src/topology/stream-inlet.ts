import type { InboundMessage } from '../component/message.ts';
import type { Inlet } from '../component/source.ts';
import type { Frame } from '../frames/frame.ts';

/** Messages of the stream that will not come: they were discarded, deleted or purged. */
export interface StreamGap {
  readonly from: number;
  readonly to: number;
  /** When it was found, by the message behind it, µs since the Unix epoch. */
  readonly atUs: number;
}

export interface StreamInletParts {
  readonly inlet: Inlet;
  /** What is derived from now on belongs to this message of the stream. */
  readonly begin: (sequence: number) => void;
  /** Told before the message behind it is processed. */
  readonly gap: (gap: StreamGap) => void;
  /** A message was processed. */
  readonly processed: () => void;
  /** Only some of the stream's messages come: between two there are others'. */
  readonly isSparse?: boolean;
}

/**
 * The way from a stream into the pipelines: knows where in the stream their state stands, takes
 * each message once, and finds what is missing between two.
 */
export class StreamInlet implements Inlet {
  private readonly parts: StreamInletParts;
  private at: number | undefined;
  /** Up to there messages are gone, of which some may have been for a sparse inlet. */
  private goneTo = 0;

  constructor(parts: StreamInletParts) {
    this.parts = parts;
  }

  /** The last message that the state covers; undefined before the first of all. */
  get position(): number | undefined {
    return this.at;
  }

  /** The state stands there: that of a checkpoint, or of a stream that begins. */
  startAt(position: number | undefined): void {
    this.at = position;
  }

  message(message: InboundMessage): void {
    const { sequence } = message;
    if (sequence === undefined) throw new Error('a message of a stream has a sequence');
    if (this.at !== undefined) {
      if (sequence <= this.at) return;
      if (sequence > this.at + 1 && this.parts.isSparse !== true)
        this.miss(sequence - 1, sequence, message.arrivedUs);
    }
    if (this.goneTo > 0) this.tellGone(sequence, message.arrivedUs);
    this.at = sequence;
    this.parts.begin(sequence);
    this.parts.inlet.message(message);
    this.parts.processed();
  }

  /** Frames come by the stream only: those of the service itself are published to it as well. */
  frame(_frame: Frame): void {
    throw new Error('a stream gives messages, not frames');
  }

  /** Nothing up to there will come. */
  skipTo(sequence: number, atUs: number): void {
    if (this.at === undefined || sequence <= this.at) return;
    this.miss(sequence, sequence, atUs);
    this.at = sequence;
    this.parts.processed();
  }

  /** What lies up to there is not for this inlet. */
  pass(sequence: number): void {
    if (this.at === undefined || sequence <= this.at) return;
    this.at = sequence;
    this.parts.processed();
  }

  /** The stream has no message up to there any more; told with the next message that comes. */
  gone(sequence: number): void {
    if (this.at !== undefined && sequence > this.at) this.goneTo = sequence;
  }

  private tellGone(shownBy: number, atUs: number): void {
    const to = this.goneTo;
    this.goneTo = 0;
    if (to > (this.at as number)) this.miss(to, shownBy, atUs);
  }

  /** The gap is a record of the message that shows it, or of its own last. */
  private miss(to: number, shownBy: number, atUs: number): void {
    this.parts.begin(shownBy);
    this.parts.gap({ from: (this.at as number) + 1, to, atUs });
  }
}
