import type { HeldState, Snapshot } from '../component/state.ts';

/** A stream that lags behind the front by more than this, and twice a frame, holds up nobody. */
const LAG_US = 2_000_000;
const SPAN_US_MAX = 60_000_000;

/**
 * How far every stream of series has come: what lies before the least of that is known from all of
 * them, so that findings can be put in the order of their times, however frames were cut.
 */
export class Horizon implements HeldState {
  private doneUs: number[] = [];
  private isStopped: boolean[] = [];
  /** Of the longest frame. */
  private spanUs = 0;
  private firstUs = -1;

  /** A new stream; its number. */
  add(): number {
    this.isStopped.push(true);
    return this.doneUs.push(0) - 1;
  }

  /** All of this stream before `doneUs` is known, by a frame of that length. */
  reach(stream: number, doneUs: number, spanUs: number): void {
    this.doneUs[stream] = doneUs;
    this.isStopped[stream] = false;
    if (spanUs > this.spanUs) this.spanUs = Math.min(spanUs, SPAN_US_MAX);
    if (this.firstUs < 0) this.firstUs = doneUs - spanUs;
  }

  /** Nothing comes of this stream any more. */
  stop(stream: number): void {
    this.isStopped[stream] = true;
  }

  /** The furthest that any stream has come. */
  frontUs(): number {
    let front = 0;
    for (const done of this.doneUs) if (done > front) front = done;
    return front;
  }

  knownUs(): number {
    const front = this.frontUs();
    const lagUs = LAG_US + 2 * this.spanUs;
    // At first, streams may be missing that will begin as early as this one did.
    const startUs = this.firstUs + 2 * this.spanUs;
    if (front < startUs && front >= this.firstUs) return this.firstUs;
    let known = front;
    for (let i = 0; i < this.doneUs.length; i++) {
      const done = this.doneUs[i] as number;
      if (this.isStopped[i] || front - done > lagUs) continue;
      if (done < known) known = done;
    }
    return known;
  }

  snapshot(): Snapshot {
    const { doneUs, isStopped, spanUs, firstUs } = this;
    return [[...doneUs], [...isStopped], spanUs, firstUs];
  }

  restore(snapshot: Snapshot): void {
    const [doneUs, isStopped, spanUs, firstUs] = snapshot as [number[], boolean[], number, number];
    this.doneUs = [...doneUs];
    this.isStopped = [...isStopped];
    this.spanUs = spanUs;
    this.firstUs = firstUs;
  }
}
