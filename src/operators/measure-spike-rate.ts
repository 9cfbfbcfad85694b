import type { OperatorFunction } from 'rxjs';
import type { CountEvent } from '../component/operator-event.ts';
import type { QuietState, Snapshot, StateSlot } from '../component/state.ts';
import { OWN_EMITTER } from '../frames/header.ts';
import type { SpikesFrame } from '../frames/spikes.ts';
import { RateBuckets } from '../numerics/rate-buckets.ts';
import { KeyedByNames } from './keyed.ts';
import { isTimeJump, restorePart, snapshotPart } from './part-time.ts';
import {
  CountsPool,
  countBefore,
  countSpikes,
  newPart,
  type OpenWindow,
  openWindow,
  type Part,
} from './spike-windows.ts';
import { type Stateful, stateful } from './stateful.ts';

/** Firing rates of one part in one observed window. */
export interface SpikeRate {
  readonly deviceType: string;
  readonly chipId: string;
  readonly layerName: string;
  readonly neuronType: string;
  readonly neuronCount: number;
  readonly t0Us: number;
  readonly t1Us: number;
  readonly spikes: number;
  /** Spikes / neurons / W. */
  readonly meanRateHz: number;
  /** [12] neurons by rate bucket, silent ones included, not cumulative. */
  readonly rateHistogram: readonly number[];
  /** Last timestep among its spikes; 0 where frames give none. */
  readonly timestep: number;
  /** The run of all frames in the window. */
  readonly runId: string | undefined;
}

export interface SpikeRateOptions {
  readonly windowUs: number;
  readonly latenessUs: number;
  readonly partsMax: number;
  /** Neurons of all parts together. */
  readonly neuronsMax: number;
  readonly windowsOpenMax: number;
}

/** Pieces of covered time that a part may be in; reordering past this leaves windows incomplete. */
const FRAGMENTS_MAX = 1024;
/** Windows that one frame fills before the oldest are closed. */
const WINDOWS_AT_ONCE = 8;
/** Closed count arrays that are kept to be used again. */
const COUNTS_POOL_BYTES = 16 * 1024 * 1024;

/**
 * Firing rate of every neuron in tumbling windows [k·W, (k+1)·W) of event time (DESIGN §2, Event
 * time). Emits one record for each window that frames covered from start to end (gaps of W/100 in
 * total are overlooked); a window covered in part counts as incomplete. A spike of a closed window
 * counts as late. The state is one `Part` for each layer on each chip.
 */
export function measureSpikeRate(
  options: SpikeRateOptions,
  slot: StateSlot,
  count: CountEvent,
): OperatorFunction<SpikesFrame, SpikeRate> {
  return stateful(slot, (emit) => new SpikeRateMeter(options, count, emit));
}

class SpikeRateMeter implements Stateful<SpikesFrame>, QuietState {
  private readonly options: SpikeRateOptions;
  private readonly count: CountEvent;
  private readonly emitRate: (rate: SpikeRate) => void;
  private readonly parts: KeyedByNames<Part>;
  private readonly buckets: RateBuckets;
  /** Of all parts: each has a count a window, whatever its frames weigh on the wire. */
  private neurons = 0;
  private readonly pool = new CountsPool(COUNTS_POOL_BYTES);

  constructor(options: SpikeRateOptions, count: CountEvent, emit: (rate: SpikeRate) => void) {
    this.options = options;
    this.count = count;
    this.emitRate = emit;
    this.parts = new KeyedByNames(options.partsMax);
    this.buckets = new RateBuckets(options.windowUs, true);
  }

  next(frame: SpikesFrame): void {
    const part = this.partOf(frame);
    if (part === undefined) {
      this.count('parts_refused', 1);
      return;
    }
    this.fill(part, frame);
    part.covered.add(frame.t0Us, frame.t0Us + frame.spanUs);
    if (part.covered.size > FRAGMENTS_MAX) {
      this.count('fragments_refused', 1);
      part.covered.clear();
    }
    part.endUs = Math.max(part.endUs, frame.t0Us + frame.spanUs);
    this.closeBefore(frame, part, part.endUs - this.options.latenessUs);
    while (part.windows.length > this.options.windowsOpenMax) this.closeOldest(frame, part);
  }

  /** Within its newest window, as long as no other closes. */
  quietUntilUs(frame: SpikesFrame): number {
    const { windowUs, latenessUs } = this.options;
    const part = this.parts.ofPlace(frame);
    const newest = part?.windows.at(-1);
    if (part === undefined || newest === undefined) return 0;
    if (part.endUs !== frame.t0Us + frame.spanUs || part.restarts !== frame.restarts) return 0;
    // What ends right there is in it, and does not end before.
    const windowEndUs = (newest.index + 1) * windowUs + 1;
    return Math.min(windowEndUs, (part.closedBelow + 1) * windowUs + latenessUs);
  }

  /** The frame's part: new, as it was, or started anew. */
  private partOf(frame: SpikesFrame): Part | undefined {
    const { deviceType, chipId, layerName } = frame;
    const part = this.parts.ofPlace(frame);
    if (part === undefined) {
      if (!this.hasRoomFor(frame.neuronCount)) return undefined;
      const fresh = newPart(frame);
      if (!this.parts.add(deviceType, chipId, layerName, fresh)) return undefined;
      this.neurons += frame.neuronCount;
      return fresh;
    }
    const own = frame.emitter === OWN_EMITTER;
    const jump = isTimeJump(part, frame, this.options.latenessUs);
    const restarted = !own && frame.restarts !== part.restarts;
    const changed = frame.neuronCount !== part.neuronCount || frame.neuronType !== part.neuronType;
    // A part that grows past the room keeps what it had, and its larger frames are refused.
    if (!this.hasRoomFor(frame.neuronCount - part.neuronCount)) return undefined;
    if (jump === 'counted' && !restarted) this.count('time_jumps', 1);
    if (restarted || changed || jump !== 'none') this.restart(part, frame);
    if (!own) part.restarts = frame.restarts;
    part.arrivedUs = frame.arrivedUs;
    return part;
  }

  private hasRoomFor(neurons: number): boolean {
    return neurons <= 0 || this.neurons + neurons <= this.options.neuronsMax;
  }

  private restart(part: Part, frame: SpikesFrame): void {
    if (part.windows.length > 0) this.count('windows_incomplete', part.windows.length);
    for (const window of part.windows) this.pool.give(window.counts);
    this.neurons += frame.neuronCount - part.neuronCount;
    Object.assign(part, { ...newPart(frame), restarts: part.restarts });
  }

  /**
   * Puts the frame's spikes into its windows, oldest first, and counts those that come too late.
   */
  private fill(part: Part, frame: SpikesFrame): void {
    const { windowUs } = this.options;
    const first = Math.floor(frame.t0Us / windowUs);
    const last = Math.floor((frame.t0Us + frame.spanUs - 1) / windowUs);
    let index = first;
    if (index < part.closedBelow) {
      index = Math.min(part.closedBelow, last + 1);
      this.countLate(frame, index * windowUs - frame.t0Us);
    }
    for (; index <= last; index++) {
      const window = openWindow(part, index, frame.runId ?? null, this.pool);
      const fromDt = index * windowUs - frame.t0Us;
      window.spikes += countSpikes(window.counts, frame, fromDt, fromDt + windowUs);
      noteTimestep(window, frame, fromDt + windowUs);
      if (part.windows.length > this.options.windowsOpenMax + WINDOWS_AT_ONCE) {
        part.covered.add(frame.t0Us, Math.min((index + 1) * windowUs, frame.t0Us + frame.spanUs));
        while (part.windows.length > this.options.windowsOpenMax) this.closeOldest(frame, part);
      }
    }
  }

  private countLate(frame: SpikesFrame, belowDt: number): void {
    const late = countBefore(frame, belowDt);
    if (late > 0) this.count('samples_late', late);
  }

  private closeBefore(frame: SpikesFrame, part: Part, watermarkUs: number): void {
    const below = Math.floor(watermarkUs / this.options.windowUs);
    while (part.windows.length > 0 && (part.windows[0] as OpenWindow).index < below) {
      this.closeOldest(frame, part);
    }
    if (below > part.closedBelow) {
      part.closedBelow = below;
      part.covered.forgetBefore(below * this.options.windowUs);
    }
  }

  private closeOldest(key: PartKey, part: Part): void {
    const window = part.windows.shift();
    if (window === undefined) return;
    const { windowUs } = this.options;
    const t0Us = window.index * windowUs;
    const missing = windowUs - part.covered.covered(t0Us, t0Us + windowUs);
    part.closedBelow = Math.max(part.closedBelow, window.index + 1);
    if (missing * 100 <= windowUs) this.emit(key, part, window, t0Us);
    else this.count('windows_incomplete', 1);
    this.pool.give(window.counts);
  }

  private emit(key: PartKey, part: Part, window: OpenWindow, t0Us: number): void {
    const { windowUs } = this.options;
    this.emitRate({
      deviceType: key.deviceType,
      chipId: key.chipId,
      layerName: key.layerName,
      neuronType: part.neuronType,
      neuronCount: part.neuronCount,
      t0Us,
      t1Us: t0Us + windowUs,
      spikes: window.spikes,
      meanRateHz: window.spikes / part.neuronCount / (windowUs / 1e6),
      rateHistogram: this.buckets.histogram(window.counts),
      timestep: Math.max(window.timestepMax, 0),
      runId: window.runId ?? undefined,
    });
  }

  /** The recording has ended: what is covered whole is closed at once, without lateness. */
  finish(): void {
    for (const [deviceType, chipId, layerName, part] of this.parts.entries()) {
      while (part.windows.length > 0) this.closeOldest({ deviceType, chipId, layerName }, part);
    }
  }

  snapshot(): Snapshot {
    return [...this.parts.entries()].map(([device, chip, layer, part]) => [
      device,
      chip,
      layer,
      snapshotPart(part),
    ]);
  }

  /** Nothing comes any more: what lies in the memory of kernels moves out of it. */
  close(): void {
    this.moveOut();
    this.buckets.close();
  }

  private moveOut(): void {
    for (const [, , , part] of this.parts.entries()) {
      part.windows = part.windows.map((window) => {
        const counts = window.counts.slice();
        this.pool.give(window.counts);
        return { ...window, counts };
      });
    }
    this.pool.clear();
  }

  restore(snapshot: Snapshot): void {
    this.moveOut();
    this.parts.clear();
    this.neurons = 0;
    for (const entry of snapshot as readonly (readonly Snapshot[])[]) {
      const [device, chip, layer, part] = entry as readonly [string, string, string, Snapshot];
      const restored = restorePart(part, this.pool);
      this.parts.add(device, chip, layer, restored);
      this.neurons += restored.neuronCount;
    }
  }
}

interface PartKey {
  readonly deviceType: string;
  readonly chipId: string;
  readonly layerName: string;
}

/**
 * The last timestep of the frame's share of the window, by the frame's span (not by its spikes).
 */
function noteTimestep(window: OpenWindow, frame: SpikesFrame, toDt: number): void {
  const { timestep0, timestepUs } = frame;
  if (timestep0 === undefined) return;
  const lastDt = Math.min(toDt, frame.spanUs) - 1;
  const timestep = timestepUs === undefined ? 0 : Math.floor(lastDt / timestepUs);
  window.timestepMax = Math.max(window.timestepMax, timestep0 + timestep);
}
