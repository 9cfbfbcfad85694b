import type { Frame } from '../frames/frame.ts';
import { ByPlace } from '../frames/places.ts';
import {
  areOrdered,
  noteOrder,
  type SpikesFrame,
  spikesLike,
  withoutColumns,
} from '../frames/spikes.ts';

/** Spikes of a frame that is short: what its way costs is not what its spikes cost. */
const SHORT = 64;
/** Spikes that wait at once; with more all are passed on. */
const WAITING_MAX = 16_384;
/** Of frames joined, as of any frame. */
const SPAN_US_MAX = 60_000_000;

/** What joined frames depend on that chips say once for all of their layers. */
interface Chip {
  /** Of its last frame. */
  runId: string | undefined;
  /** What is known of its parts holds as long as this is the same. */
  epoch: number;
}

/** A layer on a chip, by its last frame, and its frames that wait. */
interface Part {
  readonly chip: Chip;
  like: SpikesFrame;
  restarts: number;
  /** End of its last frame, those that wait included. */
  endUs: number;
  /** Frames without a gap that end before are of no further consequence. */
  untilUs: number;
  epoch: number;
  /** Of those that wait. */
  frames: number;
  spikes: number;
  t0Us: number;
  seq: number | undefined;
  arrivedUs: number;
  /** Its place among those that wait. */
  slot: number;
  /** When the last one came, among all. */
  lastAt: number;
}

/**
 * Joins short frames of one part that came together: a frame of one spike costs its way through all
 * pipelines, and one of fifty costs no more. Only those wait that nothing follows from but sums and
 * ends: they are exactly as long as the one before, follow it without a gap, say the same of
 * themselves, and end before anything closes (`quietUntilUs`). All others are passed on at once,
 * after everything that waits. So what is derived, its order and every state are as if each frame
 * had been passed on by itself.
 */
export class FrameJoiner {
  private readonly quietUntilUs: (frame: SpikesFrame) => number;
  private readonly pass: (frame: SpikesFrame) => void;
  private readonly parts = new ByPlace<Part>();
  private readonly chips = new Map<string, Map<string, Chip>>();
  private waiting: Part[] = [];
  /** [spikes] of those that wait, as they came: whose, neuron, µs after the start of its part. */
  private readonly owners = new Uint32Array(WAITING_MAX);
  private readonly ids = new Uint32Array(WAITING_MAX);
  private readonly dts = new Uint32Array(WAITING_MAX);
  private spikes = 0;
  private joined = 0;
  /** What is known of any part holds as long as this is the same. */
  private epoch = 0;
  /** The same in the order of parts. */
  private readonly idColumns = new Uint32Array(WAITING_MAX);
  private readonly dtColumns = new Uint32Array(WAITING_MAX);

  constructor(quietUntilUs: (frame: SpikesFrame) => number, pass: (frame: SpikesFrame) => void) {
    this.quietUntilUs = quietUntilUs;
    this.pass = pass;
  }

  /** Whether a frame waits now; where it does not, it has to be passed on, and then `passed`. */
  take(frame: SpikesFrame): boolean {
    const part = this.parts.get(frame.place);
    if (part === undefined || frame.t0Us !== part.endUs) return false;
    const endUs = frame.t0Us + frame.spanUs;
    if (endUs >= part.untilUs || part.epoch !== this.epochOf(part)) return false;
    if (!isLike(frame, part)) return false;
    const { length } = frame.neuronId;
    if (length > SHORT || !areOrdered(frame)) return false;
    if (this.spikes + length > WAITING_MAX) this.flush();
    if (part.frames === 0) this.begin(part, frame);
    else if (endUs - part.t0Us > SPAN_US_MAX) return false;
    this.put(part, frame, length);
    part.endUs = endUs;
    part.arrivedUs = frame.arrivedUs;
    part.frames++;
    part.spikes += length;
    part.lastAt = this.joined++;
    const { seq } = frame;
    if (seq !== undefined && seq > (part.seq as number)) part.seq = seq;
    return true;
  }

  private begin(part: Part, { t0Us, seq }: SpikesFrame): void {
    part.slot = this.waiting.length;
    part.t0Us = t0Us;
    part.seq = seq;
    part.spikes = 0;
    this.waiting.push(part);
  }

  private put({ slot, t0Us }: Part, frame: SpikesFrame, length: number): void {
    const { owners, ids, dts } = this;
    const { neuronId, dtUs } = frame;
    const offUs = frame.t0Us - t0Us;
    let at = this.spikes;
    for (let i = 0; i < length; i++, at++) {
      owners[at] = slot;
      ids[at] = neuronId[i] as number;
      dts[at] = offUs + (dtUs[i] as number);
    }
    this.spikes = at;
  }

  /** Passes on all that waits before this frame, of whose columns what is known stays known. */
  flushBefore(frame: Frame): void {
    if (this.waiting.length === 0) return;
    const isPlain = frame.kind === 'spikes' && frame.dense === undefined;
    const isOrdered = isPlain && areOrdered(frame);
    this.flush();
    if (isOrdered) noteOrder(frame.dtUs, true);
  }

  /** Passes on all that waits, by the last frame of each: that of a chip comes last of its own. */
  flush(): void {
    const { waiting } = this;
    if (waiting.length === 0) return;
    this.sortSpikes();
    waiting.sort((a, b) => a.lastAt - b.lastAt);
    this.waiting = [];
    this.spikes = 0;
    this.joined = 0;
    let failure: { readonly error: unknown } | undefined;
    for (const part of waiting) {
      try {
        this.pass(this.frameOf(part));
      } catch (error) {
        failure ??= { error };
      }
    }
    if (failure !== undefined) throw failure.error;
  }

  /** Puts the spikes of each part together; `slot` is then where its own end. */
  private sortSpikes(): void {
    const { waiting, owners, ids, dts, idColumns, dtColumns } = this;
    let from = 0;
    for (const part of waiting) {
      part.slot = from;
      from += part.spikes;
    }
    for (let i = 0; i < this.spikes; i++) {
      const part = waiting[owners[i] as number] as Part;
      const at = part.slot++;
      idColumns[at] = ids[i] as number;
      dtColumns[at] = dts[i] as number;
    }
  }

  private frameOf(part: Part): SpikesFrame {
    const { like, slot, spikes, frames, t0Us, endUs, seq } = part;
    const ids = this.idColumns.subarray(slot - spikes, slot);
    const dts = noteOrder(this.dtColumns.subarray(slot - spikes, slot), true);
    const count = frames === 1 ? undefined : frames;
    const frame = spikesLike(like, t0Us, endUs - t0Us, seq, undefined, ids, dts, count);
    frame.arrivedUs = part.arrivedUs;
    frame.restarts = part.restarts;
    part.frames = 0;
    return frame;
  }

  /** This frame was passed on by itself. */
  passed(frame: Frame): void {
    if (frame.kind === 'log' || frame.kind === 'health') {
      this.forget();
      return;
    }
    if (frame.kind !== 'spikes') {
      const chip = this.chips.get(frame.deviceType)?.get(frame.chipId);
      if (chip !== undefined) noteRun(chip, frame);
    } else if (frame.place === undefined) {
      // Of whom it is, is told by its names only.
      this.forget();
    } else {
      this.passedSpikes(frame);
    }
  }

  private passedSpikes(frame: SpikesFrame): void {
    let part = this.parts.get(frame.place);
    const endUs = frame.t0Us + frame.spanUs;
    if (part === undefined) {
      const chip = this.chipOf(frame);
      noteRun(chip, frame);
      part = newPart(chip, frame);
      part.endUs = endUs;
      this.parts.set(frame.place, part);
      return;
    }
    noteRun(part.chip, frame);
    const goesOn = part.endUs === frame.t0Us && isLike(frame, part) && isShort(frame);
    if (!isLike(frame, part)) {
      part.like = withoutColumns(frame);
      part.restarts = frame.restarts;
    }
    part.endUs = endUs;
    part.epoch = this.epochOf(part);
    // Who sends with gaps, or at length, is not asked for in vain.
    part.untilUs = goesOn ? this.quietUntilUs(frame) : 0;
  }

  private chipOf({ deviceType, chipId }: SpikesFrame): Chip {
    const chips = this.chips.get(deviceType) ?? new Map<string, Chip>();
    this.chips.set(deviceType, chips);
    const chip = chips.get(chipId) ?? { runId: undefined, epoch: 0 };
    chips.set(chipId, chip);
    return chip;
  }

  /** Passes on what waits, and what is known of parts no longer holds. */
  forget(): void {
    this.flush();
    this.epoch++;
  }

  /** Both only ever grow: the sum is the same where both are. */
  private epochOf({ chip }: Part): number {
    return this.epoch + chip.epoch;
  }
}

function newPart(chip: Chip, frame: SpikesFrame): Part {
  return {
    ...{ chip, like: withoutColumns(frame), restarts: frame.restarts, endUs: 0, untilUs: 0 },
    ...{ epoch: 0, frames: 0, spikes: 0, t0Us: 0, seq: undefined, arrivedUs: Number.NaN },
    ...{ slot: 0, lastAt: 0 },
  };
}

/** A chip that goes from one run to another tells its frames apart. */
function noteRun(chip: Chip, { runId }: Frame): void {
  if (chip.runId === runId) return;
  chip.runId = runId;
  chip.epoch++;
}

function isShort(frame: SpikesFrame): boolean {
  return frame.dense === undefined && frame.neuronId.length <= SHORT;
}

/** Whether a frame says the same of itself as the last of its part, but for time and number. */
function isLike(frame: SpikesFrame, { like, restarts }: Part): boolean {
  return (
    frame.spanUs === like.spanUs &&
    frame.neuronCount === like.neuronCount &&
    frame.restarts === restarts &&
    frame.emitter === like.emitter &&
    frame.runId === like.runId &&
    frame.neuronType === like.neuronType &&
    frame.neuronOffset === like.neuronOffset &&
    frame.timestepUs === like.timestepUs &&
    frame.timestep0 === undefined &&
    frame.dense === undefined &&
    (frame.seq === undefined) === (like.seq === undefined)
  );
}
