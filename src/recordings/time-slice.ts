import type { Frame } from '../frames/frame.ts';
import type { Recording, RecordingInfo, RecordingNotes } from './recording.ts';

/** A recording that finds a stretch of time without reading what lies before. */
interface Seekable extends Recording {
  framesBetween(fromUs: number, toUs: number): AsyncIterable<Frame>;
}

/** Whether a frame starts before `toUs` and ends after `fromUs`, or starts at it. */
export function touches({ t0Us, spanUs }: Frame, fromUs: number, toUs: number): boolean {
  return t0Us < toUs && (t0Us >= fromUs || t0Us + spanUs > fromUs);
}

/**
 * The frames of a recording that touch [fromUs, toUs), µs on its own axis; they stay whole. Where
 * the format has an index the rest isn't read, else what lies before is read and left out.
 */
export class TimeSlice implements Recording {
  readonly info: RecordingInfo;
  private readonly whole: Recording;
  private readonly fromUs: number;
  private readonly toUs: number;

  constructor(whole: Recording, fromUs: number, toUs: number) {
    this.whole = whole;
    this.fromUs = fromUs;
    this.toUs = toUs;
    const { startUs, durationUs } = whole.info;
    const start = Math.min(Math.max(startUs, fromUs), durationUs);
    const end = Math.max(start, Math.min(durationUs, toUs));
    this.info = { ...whole.info, startUs: start, durationUs: end };
  }

  get notes(): RecordingNotes {
    return this.whole.notes;
  }

  async *frames(frameSpanUs: number): AsyncGenerator<Frame, void, void> {
    const { whole, fromUs, toUs } = this;
    if (isSeekable(whole)) {
      yield* whole.framesBetween(fromUs, toUs);
      return;
    }
    for await (const frame of whole.frames(frameSpanUs)) {
      // In the order of t0, so that nothing behind it touches either.
      if (frame.t0Us >= toUs) return;
      if (touches(frame, fromUs, toUs)) yield frame;
    }
  }

  close(): Promise<void> {
    return this.whole.close();
  }
}

function isSeekable(recording: Recording): recording is Seekable {
  return 'framesBetween' in recording;
}
