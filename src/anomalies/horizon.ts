import type { HeldState, Snapshot } from '../component/state.ts';

/** A stream that lags behind the front by more than this, and twice its frames, holds up nobody. */
const LAG_US = 2_000_000;

/**
 * How far every stream of series has come: what lies before the least of that is known from all of
 * them, so that findings can be put in the order of their times, however frames were cut.
 */
export class Horizon implements HeldState {
  private doneUs: number[] = [];
  private lagUs: number[] = [];
  private isStopped: boolean[] = [];

  /** A new stream; its number. */
  add(): number {
    this.lagUs.push(LAG_US);
    this.isStopped.push(true);
    return this.doneUs.push(0) - 1;
  }

  /** All of this stream before `doneUs` is known. */
  reach(stream: number, doneUs: number, spanUs: number): void {
    this.doneUs[stream] = doneUs;
    this.isStopped[stream] = false;
    const lagUs = LAG_US + 2 * spanUs;
    if (lagUs > (this.lagUs[stream] as number)) this.lagUs[stream] = lagUs;
  }

  /** Nothing comes of this stream any more. */
  stop(stream: number): void {
    this.isStopped[stream] = true;
  }

  /** The furthest that any stream has come. */
  frontUs(): number {
    let front = 0;
    for (const done of this.doneUs) front = Math.max(front, done);
    return front;
  }

  knownUs(): number {
    const front = this.frontUs();
    let known = front;
    for (let i = 0; i < this.doneUs.length; i++) {
      const done = this.doneUs[i] as number;
      if (this.isStopped[i] || front - done > (this.lagUs[i] as number)) continue;
      known = Math.min(known, done);
    }
    return known;
  }

  snapshot(): Snapshot {
    return [[...this.doneUs], [...this.lagUs], [...this.isStopped]];
  }

  restore(snapshot: Snapshot): void {
    const [doneUs, lagUs, isStopped] = snapshot as [number[], number[], boolean[]];
    this.doneUs = [...doneUs];
    this.lagUs = [...lagUs];
    this.isStopped = [...isStopped];
  }
}
