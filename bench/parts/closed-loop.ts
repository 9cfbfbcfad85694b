/** How far a publisher may be ahead of who counts, in messages. */
export function windowOf(bytesPerMessage: number, bytesMax: number, messagesMax: number): number {
  return Math.max(1, Math.min(messagesMax, Math.floor(bytesMax / bytesPerMessage)));
}

const PAUSE_MS_MIN = 20;

/**
 * Accounts of a closed loop: what is published and not yet counted stays below a window, so that
 * nobody is measured while they lose messages. What was counted before is taken off.
 */
export class ClosedLoop {
  readonly total: number;
  private readonly ahead: number;
  private readonly countedBefore: number;
  private readonly stallMsMax: number;
  private sent = 0;
  private counted = 0;
  private movedAtMs = 0;

  constructor(total: number, ahead: number, countedBefore: number, stallMsMax: number) {
    this.total = total;
    this.ahead = ahead;
    this.countedBefore = countedBefore;
    this.stallMsMax = stallMsMax;
  }

  /** Messages that may be published now, at most `slice`. */
  allowance(slice: number): number {
    // Who is in the midst of a message has counted a part of it.
    const free = Math.floor(this.ahead - (this.sent - this.counted));
    return Math.max(0, Math.min(slice, free, this.total - this.sent));
  }

  published(messages: number): void {
    this.sent += messages;
  }

  /** Takes the counter's value; throws where it stands still, or counts what nobody sent. */
  looked(counter: number, elapsedMs: number): void {
    const counted = counter - this.countedBefore;
    if (counted > this.sent) {
      throw new Error(`${counted} messages are counted, of ${this.sent} that were published`);
    }
    if (counted !== this.counted) this.movedAtMs = elapsedMs;
    if (elapsedMs - this.movedAtMs > this.stallMsMax) {
      throw new Error(`${counted} of ${this.sent} messages arrived, no more`);
    }
    this.counted = counted;
  }

  /**
   * How long to wait for the next look: as usual while there is something to publish, and then as
   * long as the rest takes at the rate so far, so that the end is seen when it comes.
   */
  pauseMs(elapsedMs: number, usualMs: number): number {
    if (this.sent < this.total || this.counted <= 0) return usualMs;
    const restMs = ((this.total - this.counted) / this.counted) * elapsedMs;
    return Math.max(PAUSE_MS_MIN, Math.min(usualMs, restMs));
  }

  get isDone(): boolean {
    return this.counted >= this.total;
  }
}
