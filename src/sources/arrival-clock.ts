/** How far the two clocks may differ before the system's is believed. */
const DRIFT_MS_MAX = 20;
const COMPARED_EVERY_MS = 1000;

/**
 * Arrival times in µs since the Unix epoch. They come from the monotonic clock, so that messages
 * one after the other differ by what passed between them; where the system's clock was set
 * meanwhile (a service runs for months) they follow it.
 */
export class ArrivalClock {
  private readonly monotonicMs: () => number;
  private readonly wallMs: () => number;
  private originMs: number;
  private compareAtMs: number;

  constructor(
    monotonicMs: () => number = () => performance.now(),
    wallMs: () => number = () => Date.now(),
  ) {
    this.monotonicMs = monotonicMs;
    this.wallMs = wallMs;
    const nowMs = monotonicMs();
    this.originMs = wallMs() - nowMs;
    this.compareAtMs = nowMs + COMPARED_EVERY_MS;
  }

  nowUs(): number {
    const nowMs = this.monotonicMs();
    if (nowMs >= this.compareAtMs) {
      const originMs = this.wallMs() - nowMs;
      if (Math.abs(originMs - this.originMs) > DRIFT_MS_MAX) this.originMs = originMs;
      this.compareAtMs = nowMs + COMPARED_EVERY_MS;
    }
    return Math.round((this.originMs + nowMs) * 1000);
  }
}
