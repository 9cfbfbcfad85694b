import { type SpikesFrame, spikeCount } from '../../frames/spikes.ts';
import { LIVE_LIMITS } from './live-limits.ts';

/** Exact spikes of a population in [fromUs, toUs), in order of time. */
export interface ExactSpikes {
  readonly neuronIds: Uint32Array;
  readonly timesUs: Float64Array;
  /** All that came of this time are here: none was left out, and none has been forgotten. */
  readonly isComplete: boolean;
  /** There were more than was asked for; those from the time of the last one on are missing. */
  readonly isTruncated: boolean;
}

interface KeptFrame {
  readonly part: string;
  readonly t0Us: number;
  readonly endUs: number;
  /** Place of its first spike, counted from the first spike ever kept. */
  readonly at: number;
  readonly count: number;
}

/** What is missing of a part: all before a time, and something within a stretch. */
interface Missing {
  beforeUs: number;
  fromUs: number;
  toUs: number;
}

/** The last frames in a ring: columns, as an object for each would live long and be moved often. */
class FrameRing {
  /** Numbers of the oldest frame that is kept and of the next one, counted from the first ever. */
  first = 0;
  next = 0;
  private readonly parts: string[] = [];
  private readonly t0Us: Float64Array;
  private readonly endUs: Float64Array;
  private readonly at: Float64Array;
  private readonly count: Uint32Array;

  constructor(size: number) {
    this.t0Us = new Float64Array(size);
    this.endUs = new Float64Array(size);
    this.at = new Float64Array(size);
    this.count = new Uint32Array(size);
  }

  get isFull(): boolean {
    return this.next - this.first >= this.count.length;
  }

  push(part: string, t0Us: number, endUs: number, at: number, count: number): void {
    const slot = this.next % this.count.length;
    this.parts[slot] = part;
    this.t0Us[slot] = t0Us;
    this.endUs[slot] = endUs;
    this.at[slot] = at;
    this.count[slot] = count;
    this.next++;
  }

  partOf(frame: number): string {
    return this.parts[frame % this.count.length] as string;
  }

  endOf(frame: number): number {
    return this.endUs[frame % this.count.length] as number;
  }

  placeOf(frame: number): number {
    return this.at[frame % this.count.length] as number;
  }

  frame(number: number): KeptFrame {
    const slot = number % this.count.length;
    return {
      part: this.parts[slot] as string,
      t0Us: this.t0Us[slot] as number,
      endUs: this.endUs[slot] as number,
      at: this.at[slot] as number,
      count: this.count[slot] as number,
    };
  }
}

/**
 * The last spikes as they came, in one ring for all parts: two copies of columns a frame, and no
 * work for each spike.
 */
export class SpikeLog {
  private ids = new Uint32Array(0);
  private dts = new Uint32Array(0);
  private frames = new FrameRing(0);
  private end = 0;
  private readonly missing = new Map<string, Missing>();

  /** Keeps a frame's spikes; the columns are copied. */
  add(part: string, frame: SpikesFrame): void {
    const { spikesKept, framesKept } = LIVE_LIMITS;
    const count = spikeCount(frame);
    if (count > spikesKept) {
      this.skip(part, frame);
      return;
    }
    if (this.ids.length === 0) {
      this.ids = new Uint32Array(spikesKept);
      this.dts = new Uint32Array(spikesKept);
      this.frames = new FrameRing(framesKept);
    }
    while (this.frames.isFull || this.end + count - this.startOfOldest() > spikesKept) {
      this.forgetOldest();
    }
    copyInto(this.ids, frame.dense?.ids ?? frame.neuronId, this.end % spikesKept);
    copyInto(this.dts, frame.dtUs, this.end % spikesKept);
    this.frames.push(part, frame.t0Us, frame.t0Us + frame.spanUs, this.end, count);
    this.end += count;
  }

  /** A frame's spikes are not kept: answers about its time say so. */
  skip(part: string, frame: SpikesFrame): void {
    const missing = this.missingOf(part);
    missing.fromUs = Math.min(missing.fromUs, frame.t0Us);
    missing.toUs = Math.max(missing.toUs, frame.t0Us + frame.spanUs);
  }

  read(part: string, fromUs: number, toUs: number, max: number): ExactSpikes {
    const found: { id: number; us: number }[] = [];
    let lastUs = Number.NEGATIVE_INFINITY;
    for (const frame of this.framesOf(part, fromUs, toUs)) {
      // Frames come by their start: no later one holds anything that belongs before these.
      if (found.length > max && frame.t0Us > lastUs) break;
      for (let k = 0; k < frame.count; k++) {
        const slot = (frame.at + k) % LIVE_LIMITS.spikesKept;
        const us = frame.t0Us + (this.dts[slot] as number);
        if (us < fromUs || us >= toUs) continue;
        found.push({ id: this.ids[slot] as number, us });
        if (us > lastUs) lastUs = us;
      }
    }
    found.sort((a, b) => a.us - b.us || a.id - b.id);
    const isTruncated = found.length > max;
    const given = isTruncated ? found.slice(0, max) : found;
    const missing = this.missing.get(part);
    return {
      neuronIds: Uint32Array.from(given, ({ id }) => id),
      timesUs: Float64Array.from(given, ({ us }) => us),
      isComplete: missing === undefined || !isMissing(missing, fromUs, toUs),
      isTruncated,
    };
  }

  private framesOf(part: string, fromUs: number, toUs: number): KeptFrame[] {
    const inside = (frame: KeptFrame) =>
      frame.part === part && frame.endUs > fromUs && frame.t0Us < toUs;
    const found: KeptFrame[] = [];
    for (let i = this.frames.first; i < this.frames.next; i++) {
      const frame = this.frames.frame(i);
      if (inside(frame)) found.push(frame);
    }
    return found.sort((a, b) => a.t0Us - b.t0Us);
  }

  private startOfOldest(): number {
    const { first, next } = this.frames;
    return first === next ? this.end : this.frames.placeOf(first);
  }

  private forgetOldest(): void {
    const { first } = this.frames;
    const missing = this.missingOf(this.frames.partOf(first));
    missing.beforeUs = Math.max(missing.beforeUs, this.frames.endOf(first));
    this.frames.first++;
  }

  private missingOf(part: string): Missing {
    let missing = this.missing.get(part);
    if (missing === undefined) {
      const none = { fromUs: Number.POSITIVE_INFINITY, toUs: Number.NEGATIVE_INFINITY };
      missing = { beforeUs: Number.NEGATIVE_INFINITY, ...none };
      this.missing.set(part, missing);
    }
    return missing;
  }
}

function isMissing({ beforeUs, ...some }: Missing, fromUs: number, toUs: number): boolean {
  return fromUs < beforeUs || (fromUs < some.toUs && toUs > some.fromUs);
}

function copyInto(ring: Uint32Array, column: Uint16Array | Uint32Array, at: number): void {
  const room = ring.length - at;
  if (column.length <= room) {
    ring.set(column, at);
  } else {
    ring.set(column.subarray(0, room), at);
    ring.set(column.subarray(room), 0);
  }
}
