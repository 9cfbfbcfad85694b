import { type SpikesFrame, spikeCount } from '../../frames/spikes.ts';
import { LIVE_LIMITS } from './live-limits.ts';

/** A run of columns of a raster, each `rows` counts, from bin `first` on. */
export interface RasterColumns {
  readonly first: number;
  readonly count: number;
  /** [count·rows] spikes of a row in a bin, at most 255. */
  readonly cells: Uint8Array;
  /** [count] 1 where a frame covers the bin: elsewhere nothing is known. */
  readonly covered: Uint8Array;
}

const CELL_MAX = 255;
const NO_TIMES = new Uint16Array(0);
/** Revisions for which it is known where changes begin. */
const REVISIONS = 32;

/** Where a bin lies in the ring. Not by %: of numbers as large as bins it is a slow division. */
function slotOf(bin: number): number {
  return bin - Math.floor(bin / LIVE_LIMITS.bins) * LIVE_LIMITS.bins;
}

/**
 * The raster of one part: spikes counted by row (one neuron, or as many as make the rows fit) and
 * by bin of event time, in a ring of bins.
 */
export class RasterPart {
  readonly neuronsPerRow: number;
  readonly rows: number;
  /** Newest bin that a frame covers; -1 before the first. */
  newest = -1;
  received = 0;
  shown = 0;
  /** Left out for the budget, or because their time has left the ring. */
  sampledOut = 0;
  tooLate = 0;
  private readonly cells: Uint8Array;
  /** Of each bin of the ring which one it is, and the revision at which it last changed. */
  private readonly marks = new Float64Array(LIVE_LIMITS.bins * 2).fill(-1);
  /** Lowest bin that changed at each of the last revisions, and which revision that was. */
  private readonly lowest = new Float64Array(REVISIONS);
  private readonly lowestOf = new Float64Array(REVISIONS).fill(-1);
  /** The revision that was noted last, and its lowest bin. */
  private noted = -1;
  private notedBin = 0;
  private phase = 0;

  constructor(neuronCount: number) {
    this.neuronsPerRow = Math.ceil(neuronCount / LIVE_LIMITS.rowsMax);
    this.rows = Math.ceil(neuronCount / this.neuronsPerRow);
    this.cells = new Uint8Array(LIVE_LIMITS.bins * this.rows);
  }

  /** Puts each `stride`-th spike in (none for 0) and marks the frame's bins as covered. */
  add(frame: SpikesFrame, stride: number, revision: number): void {
    const { binUs, bins } = LIVE_LIMITS;
    const first = Math.floor(frame.t0Us / binUs);
    const last = Math.floor((frame.t0Us + frame.spanUs - 1) / binUs);
    const spikes = spikeCount(frame);
    this.received += spikes;
    if (last <= this.newest - bins) {
      this.tooLate += spikes;
      return;
    }
    for (let bin = Math.max(first, last - bins + 1); bin <= last; bin++) this.cover(bin, revision);
    if (stride === 0) {
      this.sampledOut += spikes;
      return;
    }
    this.count(frame, stride, first);
  }

  private cover(bin: number, revision: number): void {
    const { bins } = LIVE_LIMITS;
    if (bin <= this.newest - bins) return;
    const slot = slotOf(bin);
    const { marks } = this;
    if (marks[slot * 2] !== bin) {
      this.cells.fill(0, slot * this.rows, (slot + 1) * this.rows);
      marks[slot * 2] = bin;
    }
    marks[slot * 2 + 1] = revision;
    if (this.noted !== revision || bin < this.notedBin) this.note(bin, revision);
    if (bin > this.newest) this.newest = bin;
  }

  private note(bin: number, revision: number): void {
    const at = revision % REVISIONS;
    this.lowestOf[at] = revision;
    this.lowest[at] = bin;
    this.noted = revision;
    this.notedBin = bin;
  }

  private count(frame: SpikesFrame, stride: number, first: number): void {
    const { binUs, bins } = LIVE_LIMITS;
    const { dense } = frame;
    const ids = dense?.ids ?? frame.neuronId;
    const stepEnds = dense?.stepEnds;
    const dts = stepEnds === undefined ? (dense?.dts ?? frame.dtUs) : NO_TIMES;
    const stepUs = dense?.stepUs ?? 0;
    const { cells, rows, neuronsPerRow, newest } = this;
    const intoUs = frame.t0Us - first * binUs;
    const oldest = newest - bins;
    let shown = 0;
    let late = 0;
    let step = 0;
    let i = this.phase;
    for (; i < ids.length; i += stride) {
      if (stepEnds !== undefined) while ((stepEnds[step] as number) <= i) step++;
      const dt = stepEnds === undefined ? (dts[i] as number) : step * stepUs;
      const bin = first + Math.floor((intoUs + dt) / binUs);
      if (bin <= oldest) {
        late++;
        continue;
      }
      const at = slotOf(bin) * rows + Math.floor((ids[i] as number) / neuronsPerRow);
      const cell = cells[at] as number;
      if (cell < CELL_MAX) cells[at] = cell + 1;
      shown++;
    }
    // The next frame goes on where this one's last step would have led.
    this.phase = (i - ids.length) % stride;
    this.shown += shown;
    this.tooLate += late;
    this.sampledOut += ids.length - shown - late;
  }

  /** No bin below this has changed after a revision, as far as that is remembered. */
  private lowestSince(revision: number, now: number): number {
    if (now - revision >= REVISIONS) return 0;
    let low = Number.POSITIVE_INFINITY;
    for (let each = revision + 1; each <= now; each++) {
      const at = each % REVISIONS;
      if (this.lowestOf[at] === each) low = Math.min(low, this.lowest[at] as number);
    }
    return low;
  }

  /** The columns of [from, to) that changed after a revision: from the first to the last. */
  since(revision: number, from: number, to: number, now: number): RasterColumns | undefined {
    const { bins } = LIVE_LIMITS;
    let low = -1;
    let high = -1;
    const start = Math.max(from, this.newest - bins + 1, this.lowestSince(revision, now));
    for (let bin = start; bin < to; bin++) {
      const slot = bin % bins;
      const changed = this.marks[slot * 2 + 1] as number;
      if (this.marks[slot * 2] !== bin || changed <= revision) continue;
      if (low < 0) low = bin;
      high = bin;
    }
    return low < 0 ? undefined : this.columns(low, high + 1);
  }

  /** Columns of [from, to), which is no wider than the ring. */
  columns(from: number, to: number): RasterColumns {
    const { rows } = this;
    const count = to - from;
    const cells = new Uint8Array(count * rows);
    const covered = new Uint8Array(count);
    for (let i = 0; i < count; i++) {
      const slot = (from + i) % LIVE_LIMITS.bins;
      if (this.marks[slot * 2] !== from + i) continue;
      covered[i] = 1;
      cells.set(this.cells.subarray(slot * rows, (slot + 1) * rows), i * rows);
    }
    return { first: from, count, cells, covered };
  }
}
