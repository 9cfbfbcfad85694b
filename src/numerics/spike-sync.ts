/**
 * SPIKE-synchronization of several spike trains (Kreuz, Mulansky, Bozanic 2015, J. Neurophysiol.
 * 113:3432), as pyspike.spike_sync computes it: the share of spikes, over all pairs of trains,
 * that coincide with a spike of the other train. Two spikes coincide when they are closer than half
 * of each of the four intervals before and after them; an interval that the recording's edge cuts
 * counts as long as the recording.
 *
 * Streaming, in bounded memory and without loss. Spikes go through a window of some thousand: those
 * in its last third only serve to know the interval after those before them. A spike is compared
 * with the ones before it, back to half its interval. What can't be decided in the window is rare
 * and kept beside it: the last spike of each train that left the window, and for each pair the
 * coincidence that waits for a train that has been silent for long. A pair has no second one: its
 * distance and the first one's would both be below half of the same interval.
 */
export class SpikeSync {
  private readonly trains: number;
  /** Half of what an interval may be at most. */
  private readonly halfUsMax: number;
  private readonly third: number;
  /** [window] spikes in order of time, `length` of them; those before `done` are compared. */
  private readonly timesUs: Float64Array;
  private readonly trainOf: Uint8Array;
  /** [window] half of the lesser interval beside the spike; negative while none follows it. */
  private readonly reachUs: Float64Array;
  private length = 0;
  private done = 0;
  /** [trains] where in the window the train's last spike is; −1 when it is not there. */
  private readonly lastAt: Int32Array;
  /** [trains] the latest spike that left the window, and its reach. */
  private readonly goneUs: Float64Array;
  private readonly goneReachUs: Float64Array;
  /** [trains·trains] at (x, y) the distance of a coincidence that waits for x; −1 for none. */
  private readonly waiting: Float64Array;
  /** [trains] 1 where something waits. */
  private readonly isAwaited: Uint8Array;
  /** [trains·trains] coincidences of x and y, on either side. */
  private readonly coincidences: Float64Array;
  /** [trains] spikes of each. */
  private readonly counts: Float64Array;

  /** At most 256 trains; `lengthUs` is the recording's length. */
  constructor(trains: number, lengthUs: number, window: number) {
    this.trains = trains;
    this.halfUsMax = lengthUs / 2;
    this.third = Math.max(1, Math.floor(window / 3));
    this.timesUs = new Float64Array(3 * this.third);
    this.trainOf = new Uint8Array(3 * this.third);
    this.reachUs = new Float64Array(3 * this.third);
    this.lastAt = new Int32Array(trains).fill(-1);
    this.goneUs = new Float64Array(trains).fill(Number.NEGATIVE_INFINITY);
    this.goneReachUs = new Float64Array(trains);
    this.waiting = new Float64Array(trains * trains).fill(-1);
    this.isAwaited = new Uint8Array(trains);
    this.coincidences = new Float64Array(trains * trains);
    this.counts = new Float64Array(trains);
  }

  /** A spike of train `x`; times do not decrease. A second one at the same time is the same. */
  add(x: number, timeUs: number): void {
    if (this.length === this.timesUs.length) this.makeRoom();
    const { lastAt, reachUs } = this;
    const last = lastAt[x] as number;
    const lastUs = (last < 0 ? this.goneUs[x] : this.timesUs[last]) as number;
    if (timeUs === lastUs) return;
    const halfUs = Math.min((timeUs - lastUs) / 2, this.halfUsMax);
    if (last >= 0) reachUs[last] = Math.min(-(reachUs[last] as number), halfUs);
    else this.goneReachUs[x] = Math.min(-(this.goneReachUs[x] as number), halfUs);
    if (this.isAwaited[x] === 1) this.settle(x, halfUs);
    const at = this.length++;
    this.timesUs[at] = timeUs;
    this.trainOf[at] = x;
    reachUs[at] = -halfUs;
    lastAt[x] = at;
    this.counts[x] = (this.counts[x] as number) + 1;
  }

  /** Train x goes on: what waited for it stands where it is closer than half the interval. */
  private settle(x: number, halfUs: number): void {
    const { trains, waiting } = this;
    this.isAwaited[x] = 0;
    for (let y = 0; y < trains; y++) {
      const here = x * trains + y;
      const there = y * trains + x;
      const distance = waiting[here] as number;
      if (distance < 0) continue;
      waiting[here] = -1;
      if (distance >= halfUs) waiting[there] = -1;
      else if ((waiting[there] as number) < 0) this.count(here);
    }
  }

  private count(pair: number): void {
    this.coincidences[pair] = (this.coincidences[pair] as number) + 1;
  }

  /** Compares the middle third, and drops what lies a third before what is not yet compared. */
  private makeRoom(): void {
    this.compareTo(this.length - this.third);
    const drop = this.done - this.third;
    const { timesUs, trainOf, reachUs, lastAt, length } = this;
    for (let i = 0; i < drop; i++) {
      const x = trainOf[i] as number;
      // What was forgotten has no reach.
      if (reachUs[i] === 0) continue;
      this.goneUs[x] = timesUs[i] as number;
      this.goneReachUs[x] = reachUs[i] as number;
    }
    timesUs.copyWithin(0, drop, length);
    trainOf.copyWithin(0, drop, length);
    reachUs.copyWithin(0, drop, length);
    for (let x = 0; x < lastAt.length; x++) lastAt[x] = Math.max(-1, (lastAt[x] as number) - drop);
    this.length -= drop;
    this.done -= drop;
  }

  private compareTo(end: number): void {
    for (let k = this.done; k < end; k++) this.compareBack(k);
    for (let x = 0; x < this.trains; x++) this.compareSilent(x, end);
    this.done = end;
  }

  /** Counts the coincidences of spike k with those before it whose reach is known. */
  private compareBack(k: number): void {
    const { timesUs, trainOf, reachUs, coincidences, trains } = this;
    const reach = reachUs[k] as number;
    if (reach < 0) return;
    const timeUs = timesUs[k] as number;
    const row = (trainOf[k] as number) * trains;
    for (let j = k - 1; j >= 0; j--) {
      const distance = timeUs - (timesUs[j] as number);
      if (distance >= reach) return;
      const pair = row + (trainOf[j] as number);
      const coincides = distance < (reachUs[j] as number) ? 1 : 0;
      coincidences[pair] = (coincidences[pair] as number) + coincides;
    }
    for (let y = 0; y < trains; y++) {
      const distance = timeUs - (this.goneUs[y] as number);
      if (distance < Math.min(reach, this.goneReachUs[y] as number)) this.count(row + y);
    }
  }

  /**
   * The spike of train x that none follows in the window, if it is compared by now: every other
   * spike that may coincide with it waits for the next spike of x.
   */
  private compareSilent(x: number, end: number): void {
    const { timesUs, trainOf, reachUs, done } = this;
    const at = this.lastAt[x] as number;
    const reach = -((at < 0 ? this.goneReachUs[x] : reachUs[at]) as number);
    if (at >= end || reach <= 0) return;
    const timeUs = (at < 0 ? this.goneUs[x] : timesUs[at]) as number;
    for (let k = Math.max(at + 1, done); k < end; k++) {
      const distance = (timesUs[k] as number) - timeUs;
      if (distance >= reach) break;
      this.wait(x, trainOf[k] as number, distance, reachUs[k] as number);
    }
    if (at < done) return;
    for (let j = at - 1; j >= 0; j--) {
      const distance = timeUs - (timesUs[j] as number);
      if (distance >= reach) return;
      // Where that one is silent too, its own comparison has met this one.
      if ((reachUs[j] as number) > 0) {
        this.wait(x, trainOf[j] as number, distance, reachUs[j] as number);
      }
    }
    for (let y = 0; y < this.trains; y++) {
      const distance = timeUs - (this.goneUs[y] as number);
      const other = this.goneReachUs[y] as number;
      if (distance < reach && other > 0) this.wait(x, y, distance, other);
    }
  }

  /** A coincidence waits for x, and for y where the reach of its spike is not known (negative). */
  private wait(x: number, y: number, distance: number, reach: number): void {
    if (distance >= Math.abs(reach)) return;
    this.waiting[x * this.trains + y] = distance;
    this.isAwaited[x] = 1;
    if (reach >= 0) return;
    this.waiting[y * this.trains + x] = distance;
    this.isAwaited[y] = 1;
  }

  /** Forgets a train, so that another one takes its place. */
  forget(x: number): void {
    const { trains, waiting, coincidences } = this;
    this.counts[x] = 0;
    this.lastAt[x] = -1;
    this.goneUs[x] = Number.NEGATIVE_INFINITY;
    this.goneReachUs[x] = 0;
    for (let i = 0; i < this.length; i++) if (this.trainOf[i] === x) this.reachUs[i] = 0;
    for (let y = 0; y < trains; y++) {
      for (const at of [x * trains + y, y * trains + x]) {
        waiting[at] = -1;
        coincidences[at] = 0;
      }
    }
  }

  /** 0 … 1; undefined for less than two trains with spikes. Nothing may be added after. */
  value(): number | undefined {
    const { reachUs, goneReachUs } = this;
    for (let x = 0; x < this.trains; x++) this.settle(x, Number.POSITIVE_INFINITY);
    for (let i = 0; i < this.length; i++) reachUs[i] = Math.abs(reachUs[i] as number);
    for (let x = 0; x < this.trains; x++) goneReachUs[x] = Math.abs(goneReachUs[x] as number);
    this.compareTo(this.length);
    const pairs = this.coincidences.reduce((sum, count) => sum + count, 0);
    const filled = this.counts.filter((count) => count > 0);
    if (filled.length < 2) return undefined;
    // Every spike is compared with each of the other trains.
    const spikes = filled.reduce((sum, count) => sum + count, 0);
    return (2 * pairs) / (spikes * (filled.length - 1));
  }
}
