import type { HeldState, Snapshot } from '../component/state.ts';
import type { Place } from './finding.ts';

/** A stream that lags behind the front by more than this, and twice a frame, holds up nobody. */
const LAG_US = 2_000_000;
const SPAN_US_MAX = 60_000_000;

/** The name of a stream of series. */
export function streamOf(what: string, { deviceType, chipId, layerName }: Place): string {
  return JSON.stringify([what, deviceType, chipId, layerName]);
}

/**
 * How far every stream of series has come: what lies before the least of that is known from all of
 * them, so that findings can be put in the order of their times, however frames were cut.
 */
export class Horizon implements HeldState {
  private doneUs = new Map<string, number>();
  /** Of the longest frame. */
  private spanUs = 0;
  private firstUs = -1;

  /** All of this stream before `doneUs` is known, by a frame of that length. */
  reach(stream: string, doneUs: number, spanUs: number): void {
    this.doneUs.set(stream, doneUs);
    if (spanUs > this.spanUs) this.spanUs = Math.min(spanUs, SPAN_US_MAX);
    if (this.firstUs < 0) this.firstUs = doneUs - spanUs;
  }

  /** The furthest that any stream has come. */
  frontUs(): number {
    let front = 0;
    for (const done of this.doneUs.values()) if (done > front) front = done;
    return front;
  }

  knownUs(): number {
    const front = this.frontUs();
    const lagUs = LAG_US + 2 * this.spanUs;
    // At first, streams may be missing that will begin as early as this one did.
    const startUs = this.firstUs + 2 * this.spanUs;
    if (front < startUs && front >= this.firstUs) return this.firstUs;
    let known = front;
    for (const done of this.doneUs.values()) {
      if (front - done <= lagUs && done < known) known = done;
    }
    return known;
  }

  snapshot(): Snapshot {
    return [[...this.doneUs], this.spanUs, this.firstUs];
  }

  restore(snapshot: Snapshot): void {
    const [doneUs, spanUs, firstUs] = snapshot as [[string, number][], number, number];
    this.doneUs = new Map(doneUs);
    this.spanUs = spanUs;
    this.firstUs = firstUs;
  }
}
