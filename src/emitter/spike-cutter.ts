/** How a layer's time is cut into frames. */
export interface CutOptions {
  /** Length of a frame, µs; shorter where it is full, longer where there was silence. */
  readonly spanUs: number;
  /** Spikes of a frame at most. */
  readonly spikesMax: number;
  /** Frames begin and end at whole steps, so that a spike's step can be told; 1 where none are. */
  readonly stepUs: number;
}

/** Takes one frame; `ids` and `timesUs` are the cutter's own and valid during the call only. */
export type TakeCut = (
  t0Us: number,
  spanUs: number,
  ids: Uint32Array,
  timesUs: Float64Array,
  count: number,
) => void;

/** What a frame covers at most, as the wire says. */
const SPAN_US_MAX = 60_000_000;
/** What readers take for another time altogether, not for silence. */
const JUMP_US = 3_600_000_000;

/** Spikes in the order of their coming, in memory that is taken once. */
class SpikeBatch {
  readonly ids: Uint32Array;
  readonly timesUs: Float64Array;
  count = 0;
  minUs = Number.POSITIVE_INFINITY;
  maxUs = Number.NEGATIVE_INFINITY;

  constructor(spikesMax: number) {
    this.ids = new Uint32Array(spikesMax);
    this.timesUs = new Float64Array(spikesMax);
  }

  add(id: number, tUs: number): void {
    this.ids[this.count] = id;
    this.timesUs[this.count++] = tUs;
    if (tUs > this.maxUs) this.maxUs = tUs;
    if (tUs < this.minUs) this.minUs = tUs;
  }

  clear(): void {
    this.count = 0;
    this.minUs = Number.POSITIVE_INFINITY;
    this.maxUs = Number.NEGATIVE_INFINITY;
  }
}

/**
 * Cuts the spikes of a layer into frames that follow one another without a gap, silent time
 * included, so that readers know the whole of it. Every spike is in exactly one frame. Those that
 * come before the frame that is being filled go into frames of their own, which overlap earlier
 * ones. Looks at no clock: time is what spikes and `advance` say.
 */
export class SpikeCutter {
  /** Times that were so far from the last that the time between is unknown, not silent. */
  jumps = 0;
  /** Frames so far. */
  cuts = 0;
  private readonly spanUs: number;
  private readonly spikesMax: number;
  private readonly stepUs: number;
  private readonly take: TakeCut;
  private readonly batch: SpikeBatch;
  private late: SpikeBatch | undefined;
  /** The frame that is being filled begins here; NaN before the first spike. */
  private startUs = Number.NaN;
  /** … and ends here, at the latest. */
  private endUs = Number.NaN;
  /** Time is known up to here. */
  private reachedUs = Number.NaN;
  private originUs = 0;

  constructor({ spanUs, spikesMax, stepUs }: CutOptions, take: TakeCut) {
    this.spanUs = spanUs;
    this.spikesMax = spikesMax;
    this.stepUs = stepUs;
    this.take = take;
    this.batch = new SpikeBatch(spikesMax);
  }

  /** Spikes that are in no frame yet. */
  get waiting(): number {
    return this.batch.count + (this.late?.count ?? 0);
  }

  /** Step of a frame that begins at this time, counted from the first; late ones may be below 0. */
  stepAt(t0Us: number): number {
    return Math.round((t0Us - this.originUs) / this.stepUs);
  }

  /** A spike at a whole µs, from 0. */
  add(id: number, tUs: number): void {
    if (!(tUs < this.endUs)) this.reach(tUs);
    if (tUs < this.startUs && this.isLate(id, tUs)) return;
    const { batch } = this;
    if (batch.count === this.spikesMax) this.cutFull(tUs);
    batch.add(id, tUs);
  }

  /** Says that time has come this far: what is whole before it can go, be it silent. */
  advance(tUs: number): void {
    if (!(tUs < this.endUs)) this.reach(tUs);
    else if (this.startUs - tUs > JUMP_US) this.restart(tUs);
    if (tUs > this.reachedUs) this.reachedUs = tUs;
  }

  /** Cuts what is there, up to the last spike, or to where time has come. */
  flush(): void {
    this.cutLate();
    const { maxUs } = this.batch;
    const endUs = Math.max(this.stepEnd(maxUs), this.stepStart(this.reachedUs));
    if (!(endUs > this.startUs)) return;
    this.cut(Math.min(endUs, this.endUs));
    if (this.startUs === this.endUs) this.endUs += this.spanUs;
  }

  /** Goes on to the frame in which the time lies. */
  private reach(tUs: number): void {
    if (Number.isNaN(this.startUs)) {
      this.begin(tUs);
      return;
    }
    if (tUs - this.endUs > JUMP_US) {
      this.restart(tUs);
      return;
    }
    this.cutLate();
    this.cut(this.endUs);
    const silentUs = Math.floor((tUs - this.startUs) / this.spanUs) * this.spanUs;
    const silentEndUs = this.startUs + silentUs;
    const stretchUs = Math.floor(SPAN_US_MAX / this.spanUs) * this.spanUs;
    while (this.startUs < silentEndUs) this.cut(Math.min(this.startUs + stretchUs, silentEndUs));
    this.endUs = this.startUs + this.spanUs;
  }

  private begin(tUs: number): void {
    this.originUs = tUs;
    this.startUs = tUs;
    this.endUs = tUs + this.spanUs;
    this.reachedUs = tUs;
  }

  private restart(tUs: number): void {
    this.flush();
    this.jumps++;
    this.begin(tUs);
  }

  /** Keeps a spike of a frame that has gone; false where time went back for good. */
  private isLate(id: number, tUs: number): boolean {
    if (this.startUs - tUs > JUMP_US) {
      this.restart(tUs);
      return false;
    }
    this.late ??= new SpikeBatch(this.spikesMax);
    const { late } = this;
    const fromUs = Math.min(late.minUs, tUs);
    const toUs = Math.max(late.maxUs, tUs);
    const spreadUs = this.stepEnd(toUs) - this.stepStart(fromUs);
    if (late.count === this.spikesMax || spreadUs > SPAN_US_MAX) this.cutLate();
    late.add(id, tUs);
    return true;
  }

  private cutLate(): void {
    const { late } = this;
    if (late === undefined || late.count === 0) return;
    const t0Us = this.stepStart(late.minUs);
    this.give(late, t0Us, this.stepEnd(late.maxUs) - t0Us);
  }

  /**
   * Makes room for a spike at this time. A frame ends after its last spike; where more of that
   * same time, or of before, may come, the next frame begins where this one did.
   */
  private cutFull(tUs: number): void {
    this.cutLate();
    const endUs = Math.min(this.stepEnd(this.batch.maxUs), this.endUs);
    const { startUs } = this;
    this.cut(endUs);
    if (tUs < endUs) this.startUs = startUs;
  }

  private cut(endUs: number): void {
    this.give(this.batch, this.startUs, endUs - this.startUs);
    this.startUs = endUs;
    if (endUs > this.reachedUs) this.reachedUs = endUs;
  }

  private give(batch: SpikeBatch, t0Us: number, spanUs: number): void {
    this.cuts++;
    this.take(t0Us, spanUs, batch.ids, batch.timesUs, batch.count);
    batch.clear();
  }

  /** Start of the step in which a time lies. */
  private stepStart(tUs: number): number {
    const { originUs, stepUs } = this;
    return stepUs === 1 ? tUs : originUs + Math.floor((tUs - originUs) / stepUs) * stepUs;
  }

  private stepEnd(tUs: number): number {
    return this.stepStart(tUs) + this.stepUs;
  }
}
