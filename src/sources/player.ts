import { changedFrame, type Frame } from '../frames/frame.ts';
import type { Playable } from './play.ts';

/** What becomes of what is played. */
export interface PlayerEvents {
  /** A pass begins: what earlier passes gave is void. */
  begin(recording: Playable): void;
  /** The next frame; its columns are read during the call only. */
  frame(frame: Frame): void;
  /** All frames of the pass were given. */
  end(): void;
}

export interface PlayerOptions extends PlayerEvents {
  readonly open: () => Promise<Playable>;
  readonly frameSpanUs: number;
}

export type PlayerState = 'opening' | 'seeking' | 'playing' | 'paused' | 'ended';

/** What a person may ask of it; what is left out stays. */
export interface PlayerControl {
  /** Event time to go to, µs. */
  readonly atUs?: number | undefined;
  /** Times real time. */
  readonly speed?: number | undefined;
  readonly playing?: boolean | undefined;
}

/** Longest work between two looks at what was asked meanwhile. */
const TURN_MS = 8;
const WAIT_MS_MAX = 50;

/**
 * Plays a recording as a person wishes: at a speed, paused, from another time on. A frame is given
 * once its end has come, in the order in which the recording has them, always from the first: to
 * go to a time is to play up to it as fast as it goes, to go back is to begin a new pass. So what
 * has been given at a time does not depend on the way there.
 */
export class Player {
  private readonly options: PlayerOptions;
  private speed = 1;
  private isPlaying = false;
  private state_: PlayerState = 'opening';
  private startUs = 0;
  private endUs = 0;
  /** The time shown when the clock was last held. */
  private atUs = 0;
  /** End of the frames given so far in this pass. */
  private givenUs = Number.NEGATIVE_INFINITY;
  /** Where to go to; undefined when there. */
  private goalUs: number | undefined;
  /** End of the frame that waits. */
  private nextUs = Number.POSITIVE_INFINITY;
  /** What time it is by the recording: `atUs` at this moment of the clock, and on from there. */
  private sinceMs = 0;
  private wake = (): void => {};

  constructor(options: PlayerOptions) {
    this.options = options;
  }

  get state(): PlayerState {
    return this.state_;
  }

  get current(): { speed: number; playing: boolean; startUs: number; endUs: number } {
    const { speed, isPlaying: playing, startUs, endUs } = this;
    return { speed, playing, startUs, endUs };
  }

  /** The time that is shown: between two frames it goes on as the clock does. */
  get positionUs(): number {
    if (this.state_ !== 'playing') return this.atUs;
    return Math.min(this.clockUs(), this.nextUs, this.endUs);
  }

  private clockUs(): number {
    return this.atUs + (performance.now() - this.sinceMs) * 1000 * this.speed;
  }

  control({ atUs, speed, playing }: PlayerControl): void {
    this.holdClock(this.positionUs);
    if (speed !== undefined) this.speed = speed;
    if (playing !== undefined) this.isPlaying = playing;
    if (atUs !== undefined) this.goalUs = atUs;
    // Who presses play at the end wants to see it again.
    else if (playing === true && this.state_ === 'ended') this.goalUs = this.startUs;
    // At once: until it moves, where it was is not where it is any more.
    const { goalUs, state } = this;
    const isThere = state === 'opening' || (state === 'ended' && !this.mustGoBack());
    if (goalUs !== undefined && !isThere) this.become('seeking');
    this.wake();
  }

  private holdClock(atUs: number): void {
    this.atUs = atUs;
    this.sinceMs = performance.now();
  }

  /** Plays pass after pass, until the signal. */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.wake());
    while (!signal.aborted) {
      const recording = await this.options.open();
      try {
        await this.pass(recording, signal);
      } finally {
        await recording.close();
      }
    }
  }

  /** One pass from the first frame, until somebody wants to go back. */
  private async pass(recording: Playable, signal: AbortSignal): Promise<void> {
    const { startUs, durationUs } = recording.info;
    this.startUs = startUs;
    this.endUs = durationUs;
    this.holdClock(startUs);
    this.options.begin(recording);
    this.givenUs = Number.NEGATIVE_INFINITY;
    let turnMs = performance.now();
    for await (const frame of recording.frames(this.options.frameSpanUs)) {
      const endUs = frame.t0Us + frame.spanUs;
      this.nextUs = endUs;
      if (!(await this.reach(endUs, signal))) return;
      // The recording's own time is the clock: what comes behind a later frame arrives late.
      this.givenUs = Math.max(this.givenUs, endUs);
      this.options.frame(changedFrame(frame, { arrivedUs: this.givenUs }));
      if (this.state_ === 'seeking') this.holdClock(Math.max(this.atUs, endUs));
      if (performance.now() - turnMs < TURN_MS) continue;
      await new Promise((resolve) => setImmediate(resolve));
      turnMs = performance.now();
    }
    this.nextUs = Number.POSITIVE_INFINITY;
    // Wanted while the end was read: no frame comes any more at which it would be found.
    if (this.mustGoBack()) return;
    this.options.end();
    this.become('ended');
    this.goalUs = undefined;
    this.holdClock(this.endUs);
    while (!signal.aborted && !this.mustGoBack()) await this.sleep(Number.POSITIVE_INFINITY);
  }

  /** Waits until a time has come; false where this pass does not get there any more. */
  private async reach(endUs: number, signal: AbortSignal): Promise<boolean> {
    for (;;) {
      if (signal.aborted || this.mustGoBack()) return false;
      const { goal } = this;
      if (goal !== undefined) {
        this.become('seeking');
        if (endUs <= goal) return true;
        this.holdClock(Math.max(this.startUs, goal));
        this.goalUs = undefined;
      }
      if (!this.isPlaying) {
        this.become('paused');
        await this.sleep(Number.POSITIVE_INFINITY);
        continue;
      }
      if (this.state_ !== 'playing') this.holdClock(this.atUs);
      this.become('playing');
      const leftMs = (endUs - this.clockUs()) / 1000 / this.speed;
      if (leftMs <= 0) {
        this.holdClock(this.clockUs());
        return true;
      }
      await this.sleep(Math.min(leftMs, WAIT_MS_MAX));
    }
  }

  /** Where to go to; samples at exactly the end, which stand behind it, are part of the end. */
  private get goal(): number | undefined {
    const { goalUs } = this;
    return goalUs !== undefined && goalUs >= this.endUs ? Number.POSITIVE_INFINITY : goalUs;
  }

  /** What was given can't be taken back: an earlier time needs another pass. */
  private mustGoBack(): boolean {
    const { goal } = this;
    return goal !== undefined && goal < this.givenUs;
  }

  private become(state: PlayerState): void {
    this.state_ = state;
  }

  private async sleep(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = Number.isFinite(ms) ? setTimeout(resolve, ms) : undefined;
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.wake = () => {};
  }
}
