/**
 * SPIKE-synchronization of several spike trains (Kreuz, Mulansky, Bozanic 2015, J. Neurophysiol.
 * 113:3432), as pyspike.spike_sync computes it: the share of spikes, over all pairs of trains,
 * that coincide with a spike of the other train. Two spikes coincide when they are closer than half
 * of each of the four intervals before and after them; an interval that the recording's edge cuts
 * counts as long as the recording.
 *
 * Streaming: spikes come in order of time, and what is remembered is the last spike of each train
 * and, for each pair, the one coincidence that waits for the intervals after its spikes. A pair has
 * no second one: its distance and the first one's would both be below half of the same interval.
 * 100 trains take 120 KiB and a spike 100 steps.
 */
export class SpikeSync {
  private readonly trains: number;
  private readonly lengthUs: number;
  /** [trains] spikes of each. */
  private readonly counts: Float64Array;
  /** [trains] time of the last spike; −∞ before the first. */
  private readonly lastUs: Float64Array;
  /** [trains] until when that spike may find a partner, by the interval before it. */
  private readonly reachUs: Float64Array;
  /**
   * [trains·trains] at (x, y): the distance of a coincidence of x and y that waits for the next
   * spike of x; −1 for none.
   */
  private readonly waiting: Float64Array;
  /** [trains·trains] coincidences of x and y; kept on both sides. */
  private readonly coincidences: Uint32Array;

  /** `lengthUs` is the recording's length. */
  constructor(trains: number, lengthUs: number) {
    this.trains = trains;
    this.lengthUs = lengthUs;
    this.counts = new Float64Array(trains);
    this.lastUs = new Float64Array(trains).fill(Number.NEGATIVE_INFINITY);
    this.reachUs = new Float64Array(trains).fill(Number.NEGATIVE_INFINITY);
    this.waiting = new Float64Array(trains * trains).fill(-1);
    this.coincidences = new Uint32Array(trains * trains);
  }

  /** A spike of train `x`; times do not decrease. A second one at the same time is the same. */
  spike(x: number, timeUs: number): void {
    const { trains, lastUs, reachUs, waiting } = this;
    const before = lastUs[x] as number;
    if (timeUs === before) return;
    const tookUs = Math.min(timeUs - before, this.lengthUs);
    const halfUs = tookUs / 2;
    const earliestUs = timeUs - halfUs;
    const row = x * trains;
    for (let y = 0; y < trains; y++) {
      const distance = waiting[row + y] as number;
      if (distance >= 0) this.settle(x, y, distance < halfUs);
      const otherUs = lastUs[y] as number;
      if (otherUs <= earliestUs || timeUs >= (reachUs[y] as number) || y === x) continue;
      waiting[row + y] = timeUs - otherUs;
      waiting[y * trains + x] = timeUs - otherUs;
    }
    lastUs[x] = timeUs;
    reachUs[x] = timeUs + halfUs;
    this.counts[x] = (this.counts[x] as number) + 1;
  }

  /** x has had its next spike, and the coincidence with y stands its side of the test or not. */
  private settle(x: number, y: number, stands: boolean): void {
    const { trains, waiting, coincidences } = this;
    const here = x * trains + y;
    const there = y * trains + x;
    waiting[here] = -1;
    if (!stands) {
      waiting[there] = -1;
    } else if ((waiting[there] as number) < 0) {
      coincidences[here] = (coincidences[here] as number) + 1;
      coincidences[there] = (coincidences[there] as number) + 1;
    }
  }

  /** Forgets a train, so that another one takes its place. */
  forget(x: number): void {
    const { trains, waiting, coincidences } = this;
    this.counts[x] = 0;
    this.lastUs[x] = Number.NEGATIVE_INFINITY;
    this.reachUs[x] = Number.NEGATIVE_INFINITY;
    for (let y = 0; y < trains; y++) {
      for (const at of [x * trains + y, y * trains + x]) {
        waiting[at] = -1;
        coincidences[at] = 0;
      }
    }
  }

  /** 0 … 1 if the trains ended here; undefined for less than two trains with spikes. */
  value(): number | undefined {
    const { trains, waiting, coincidences } = this;
    let coincident = 0;
    for (let x = 0; x < trains; x++) {
      for (let y = x + 1; y < trains; y++) {
        const here = x * trains + y;
        const there = y * trains + x;
        const waits = (waiting[here] as number) >= 0 || (waiting[there] as number) >= 0;
        coincident += 2 * ((coincidences[here] as number) + (waits ? 1 : 0));
      }
    }
    const filled = this.counts.filter((count) => count > 0);
    if (filled.length < 2) return undefined;
    // Every spike is compared with each of the other trains.
    const spikes = filled.reduce((sum, count) => sum + count, 0);
    return coincident / (spikes * (filled.length - 1));
  }
}
