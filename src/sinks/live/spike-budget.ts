/** Spikes that can be saved up while little comes: a burst of a replay is shown whole. */
const SAVED_S = 2;
const STRIDE_MAX = 4096;
/** How often the stride is thought over. */
const ADAPT_MS = 100;
/** What passes between two looks at the clock, which take as long as a few spikes. */
const LOOK_SPIKES = 512;
const LOOK_FRAMES = 8;

/**
 * How many of a frame's spikes the page's raster may take, so that it costs a bounded part of a
 * second whatever the rate: all of them, or each k-th, the same k for all parts. What is left out
 * is counted by who asks.
 */
export class SpikeBudget {
  private readonly perSecond: number;
  private readonly nowMs: () => number;
  private left: number;
  private lastMs: number;
  private adaptedMs: number;
  private stride = 1;
  /** A frame found no room since the stride was thought over. */
  private isShort = false;
  /** What came since the clock was looked at. */
  private spikesSince = 0;
  private framesSince = 0;

  constructor(perSecond: number, nowMs: () => number) {
    this.perSecond = perSecond;
    this.nowMs = nowMs;
    this.left = perSecond * SAVED_S;
    this.lastMs = nowMs();
    this.adaptedMs = this.lastMs;
  }

  /** 1: take all; k: take each k-th; 0: take none. */
  take(spikes: number): number {
    this.spikesSince += spikes;
    this.framesSince++;
    const isDue = this.spikesSince >= LOOK_SPIKES || this.framesSince >= LOOK_FRAMES;
    if (isDue || spikes / this.stride > this.left) this.look();
    const wanted = spikes / this.stride;
    if (wanted > this.left) {
      this.isShort = true;
      return 0;
    }
    this.left -= wanted;
    return this.stride;
  }

  private look(): void {
    this.spikesSince = 0;
    this.framesSince = 0;
    const nowMs = this.nowMs();
    const full = this.perSecond * SAVED_S;
    this.left = Math.min(full, this.left + ((nowMs - this.lastMs) / 1000) * this.perSecond);
    this.lastMs = nowMs;
    if (nowMs - this.adaptedMs >= ADAPT_MS) {
      this.adaptedMs = nowMs;
      if (this.isShort || this.left < full / 4) this.stride = Math.min(STRIDE_MAX, this.stride * 2);
      else if (this.left > (full * 3) / 4) this.stride = Math.max(1, this.stride / 2);
      this.isShort = false;
    }
  }
}
