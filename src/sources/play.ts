import { setTimeout as sleep } from 'node:timers/promises';
import { changedFrame, type Frame } from '../frames/frame.ts';
import { formatSubject } from '../frames/subject.ts';

/** What can be played: a recording, or anything that gives frames in order of time. */
export interface Playable {
  readonly info: { readonly startUs: number; readonly durationUs: number };
  frames(frameSpanUs: number): AsyncIterable<Frame>;
  close(): Promise<void>;
}

export interface PlayOptions {
  readonly open: () => Promise<Playable>;
  /** 1 is real time, 2 twice as fast, Infinity as fast as it goes. */
  readonly speed: number;
  readonly loop: boolean;
  /** Where the first pass starts, µs; undefined keeps the recording's times. */
  readonly rebaseToUs: number | undefined;
  readonly frameSpanUs: number;
  /** Unique for each start; the frames are stamped with it and numbered by subject. */
  readonly emitter: string;
}

/** Frames delivered between two looks at the abort signal and the other work of the loop. */
const FRAMES_A_TURN = 256;
const SLEEP_MS_MAX = 250;

/**
 * Plays a recording: keeps its times (shifted as asked), stamps `emitter` and `seq`, paces the
 * frames, and, in a loop, shifts each pass so that time goes on.
 */
export async function play(
  options: PlayOptions,
  deliver: (frame: Frame) => void | Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const seqs = new Map<string, number>();
  let shiftUs: number | undefined;
  let pacer: Pacer | undefined;
  do {
    const recording = await options.open();
    const { startUs, durationUs } = recording.info;
    shiftUs ??= options.rebaseToUs === undefined ? 0 : options.rebaseToUs - startUs;
    pacer ??= new Pacer(startUs + shiftUs, options.speed);
    try {
      for await (const frame of recording.frames(options.frameSpanUs)) {
        if (signal.aborted) return;
        const stamped = stamp(frame, shiftUs, seqs, options.emitter);
        await pacer.wait(stamped.t0Us + stamped.spanUs, signal);
        if (signal.aborted) return;
        const done = deliver(stamped);
        if (done !== undefined) await done;
      }
    } finally {
      await recording.close();
    }
    shiftUs += durationUs - startUs;
  } while (options.loop && !signal.aborted);
}

function stamp(frame: Frame, shiftUs: number, seqs: Map<string, number>, emitter: string): Frame {
  const subject = formatSubject('', frame);
  const seq = seqs.get(subject) ?? 0;
  seqs.set(subject, seq + 1);
  const arrivedUs = Math.round((performance.timeOrigin + performance.now()) * 1000);
  return changedFrame(frame, { t0Us: frame.t0Us + shiftUs, seq, emitter, arrivedUs });
}

/** Holds frames back until their time has come. */
class Pacer {
  private readonly startedMs = performance.now();
  private readonly startUs: number;
  private readonly speed: number;
  private sinceTurn = 0;

  constructor(startUs: number, speed: number) {
    this.startUs = startUs;
    this.speed = speed;
  }

  async wait(frameEndUs: number, signal: AbortSignal): Promise<void> {
    if (this.speed === Number.POSITIVE_INFINITY) {
      if (++this.sinceTurn < FRAMES_A_TURN) return;
      this.sinceTurn = 0;
      await new Promise((resolve) => setImmediate(resolve));
      return;
    }
    const dueMs = this.startedMs + (frameEndUs - this.startUs) / 1000 / this.speed;
    for (let leftMs = dueMs - performance.now(); leftMs > 1; leftMs = dueMs - performance.now()) {
      if (signal.aborted) return;
      await sleep(Math.min(leftMs, SLEEP_MS_MAX));
    }
  }
}
