import type { HeldState, Snapshot } from '../component/state.ts';
import type { FrameHeader } from '../frames/header.ts';
import { OWN_EMITTER } from '../frames/header.ts';
import type { SeriesAbout } from './finding.ts';
import type { WatchedGroup } from './watched-series.ts';

/** Behind by more than this is a new start, not a late frame. */
const JUMP_US = 3_600_000_000;

/** Sums of samples over panes of event time, for what is looked for in their means. */
export class PointSeries implements HeldState {
  readonly stream: string;
  private readonly about: SeriesAbout;
  private readonly group: WatchedGroup;
  private readonly paneUs: number;
  private restarts = -1;
  private endUs = 0;
  private pane = -1;
  private sum = 0;
  private weight = 0;

  constructor(about: SeriesAbout, stream: string, paneUs: number, group: WatchedGroup) {
    this.about = about;
    this.stream = stream;
    this.paneUs = paneUs;
    this.group = group;
  }

  /** All before it is known. */
  get doneUs(): number {
    return this.endUs;
  }

  /** Whether a frame goes on from the last one; one of the past does not count. */
  opens(frame: FrameHeader): boolean {
    const isOwn = frame.emitter === OWN_EMITTER;
    const isAnew = this.endUs - frame.t0Us > JUMP_US || frame.restarts !== this.restarts;
    if (isAnew && !isOwn) {
      this.group.clear(this.endUs);
      this.restarts = frame.restarts;
      this.pane = -1;
      this.endUs = frame.t0Us;
    }
    return frame.t0Us >= this.endUs;
  }

  /** A sample at `tUs`; `weight` is what it counts, such as the time it stands for. */
  add(tUs: number, value: number, weight: number): void {
    const pane = Math.floor(tUs / this.paneUs);
    if (pane !== this.pane) this.close();
    this.pane = pane;
    this.sum += value * weight;
    this.weight += weight;
  }

  /** The frame has ended: a pane that it filled is closed. */
  reach(endUs: number): void {
    this.endUs = endUs;
    if (this.pane >= 0 && (this.pane + 1) * this.paneUs <= endUs) this.close();
  }

  private close(): void {
    const { pane, paneUs, sum, weight } = this;
    if (pane >= 0 && weight > 0) this.group.next(this.about, (pane + 1) * paneUs, sum / weight);
    this.pane = -1;
    this.sum = 0;
    this.weight = 0;
  }

  snapshot(): Snapshot {
    const { restarts, endUs, pane, sum, weight } = this;
    return [this.group.snapshot(), [restarts, endUs, pane, sum, weight]];
  }

  restore(snapshot: Snapshot): void {
    const [group, numbers] = snapshot as readonly [Snapshot, readonly number[]];
    this.group.restore(group);
    const [restarts, endUs, pane, sum, weight] = numbers as [...number[]];
    Object.assign(this, { restarts, endUs, pane, sum, weight });
  }
}
