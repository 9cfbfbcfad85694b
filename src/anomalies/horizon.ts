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
  /** The furthest that any stream has come; below 0 where it has to be looked for. */
  private front = -1;
  /** What is known, by which stream; undefined where it has to be worked out. */
  private known: { us: number; readonly stream: string } | undefined;

  /** All of this stream before `doneUs` is known, by a frame of that length. */
  reach(stream: string, doneUs: number, spanUs: number): void {
    const before = this.doneUs.get(stream);
    this.doneUs.set(stream, doneUs);
    if (spanUs > this.spanUs) {
      this.spanUs = Math.min(spanUs, SPAN_US_MAX);
      this.known = undefined;
    }
    if (this.firstUs < 0) this.firstUs = doneUs - spanUs;
    if (this.front >= 0 && doneUs >= this.front) {
      this.front = doneUs;
    } else if (before === this.front) {
      this.front = -1;
      this.known = undefined;
    }
    const { known } = this;
    // Where all go on as ever, what is known is what the one furthest behind has come to.
    const isStale = doneUs < (known?.us ?? 0) || known?.stream === stream || known?.stream === '';
    if (isStale) this.known = undefined;
  }

  /** Nobody waits for this stream any more. */
  leave(stream: string): void {
    if (!this.doneUs.delete(stream)) return;
    this.front = -1;
    this.known = undefined;
  }

  /** The furthest that any stream has come. */
  frontUs(): number {
    if (this.front >= 0) return this.front;
    let front = 0;
    for (const done of this.doneUs.values()) if (done > front) front = done;
    this.front = front;
    return front;
  }

  knownUs(): number {
    const front = this.frontUs();
    // At first, streams may be missing that will begin as early as this one did.
    const startUs = this.firstUs + 2 * this.spanUs;
    if (front < startUs && front >= this.firstUs) return this.firstUs;
    const lagUs = LAG_US + 2 * this.spanUs;
    if (this.known === undefined || front - this.known.us > lagUs) {
      this.known = this.furthestBehind(front, lagUs);
    }
    return this.known.us;
  }

  /** Of several the one that came last, as streams take turns: it moves last. */
  private furthestBehind(front: number, lagUs: number): { us: number; stream: string } {
    let [us, stream] = [front, ''];
    for (const [name, done] of this.doneUs) {
      if (front - done > lagUs || done > us) continue;
      us = done;
      stream = name;
    }
    return { us, stream };
  }

  snapshot(): Snapshot {
    return [[...this.doneUs], this.spanUs, this.firstUs];
  }

  restore(snapshot: Snapshot): void {
    const [doneUs, spanUs, firstUs] = snapshot as [[string, number][], number, number];
    this.doneUs = new Map(doneUs);
    this.spanUs = spanUs;
    this.firstUs = firstUs;
    this.front = -1;
    this.known = undefined;
  }
}
