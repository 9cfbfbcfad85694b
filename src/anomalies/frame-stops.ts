import type { HeldState, Snapshot } from '../component/state.ts';
import type { FrameHeader } from '../frames/header.ts';
import { OWN_EMITTER } from '../frames/header.ts';
import type { LogFrame } from '../frames/log.ts';
import { KeyedByNames } from '../operators/keyed.ts';
import { FRAMES_GIVEN_UP, FRAMES_STOPPED } from '../sources/silence-watch.ts';
import type { DetectorSet } from './defaults.ts';
import { type Horizon, streamOf } from './horizon.ts';
import { Stopped } from './stopped.ts';

/** Which layers and chips sent frames until when, and which of them have stopped. */
export class FrameStops implements HeldState {
  private readonly set: DetectorSet;
  private readonly horizon: Horizon;
  private readonly max: number;
  private places: KeyedByNames<Stopped>;
  private count = 0;
  /** The chip of the frame before: frames of one chip come in a row. */
  private last: Stopped | undefined;
  private lastDevice = '';
  private lastChip = '';

  constructor(set: DetectorSet, horizon: Horizon, max: number) {
    this.set = set;
    this.horizon = horizon;
    this.max = max;
    this.places = new KeyedByNames(max);
  }

  /** A frame of a chip. */
  next(frame: FrameHeader): void {
    const { deviceType, chipId } = frame;
    if (chipId !== this.lastChip || deviceType !== this.lastDevice) {
      this.last = this.placeOf(frame, '');
      this.lastDevice = deviceType;
      this.lastChip = chipId;
    }
    this.nextOf(this.last, frame, '');
  }

  /** A frame of a place that is kept at hand, as `placeOf` told it. */
  nextOf(stopped: Stopped | undefined, frame: FrameHeader, layerName: string): void {
    if (stopped?.isRaised === true) this.horizon.leave(this.streamOf(frame, layerName));
    stopped?.goOn(frame);
  }

  /** End of the last frame of a chip, or how long it is known to be silent; below 0 for neither. */
  chipUs({ deviceType, chipId }: FrameHeader): number {
    return this.places.get(deviceType, chipId, '')?.knownUs ?? -1;
  }

  /** What the service found by arrival. */
  nextLog(frame: LogFrame): void {
    const { emitter, eventType, deviceType, chipId, t0Us } = frame;
    if (emitter !== OWN_EMITTER || !this.set.isOn('silence', 'frames')) return;
    const isGivenUp = eventType === FRAMES_GIVEN_UP;
    if (eventType !== FRAMES_STOPPED && !isGivenUp) return;
    const layerName = frame.names.get('layer_name') ?? '';
    const stopped = this.places.get(deviceType, chipId, layerName);
    if (stopped === undefined) return;
    const stream = this.streamOf(frame, layerName);
    // Of what is silent all is known until now, which lets time go on where nothing comes at all.
    this.horizon.reach(stream, t0Us, 0);
    if (isGivenUp) stopped.giveUp(t0Us);
    else stopped.say(t0Us);
  }

  private streamOf({ deviceType, chipId }: FrameHeader, layerName: string): string {
    return streamOf('frames', { deviceType, chipId, layerName, coreId: undefined });
  }

  placeOf({ deviceType, chipId }: FrameHeader, layerName: string): Stopped | undefined {
    const known = this.places.get(deviceType, chipId, layerName);
    if (known !== undefined || this.count >= this.max) return known;
    return this.add(deviceType, chipId, layerName);
  }

  private add(deviceType: string, chipId: string, layerName: string): Stopped {
    const isChip = layerName === '';
    const order = isChip ? Number.MAX_SAFE_INTEGER : this.count;
    const place = { deviceType, chipId, layerName: isChip ? undefined : layerName };
    const about = { ...place, coreId: undefined, series: 'frames', unit: 's', order };
    const stopped = new Stopped(about, this.set);
    this.places.add(deviceType, chipId, layerName, stopped);
    this.count++;
    return stopped;
  }

  snapshot(): Snapshot {
    return [...this.places.entries()].map(([device, chip, layer, stopped]) => [
      ...[device, chip, layer],
      stopped.snapshot(),
    ]);
  }

  restore(snapshot: Snapshot): void {
    this.places = new KeyedByNames(this.max);
    this.count = 0;
    this.lastChip = '';
    for (const kept of snapshot as readonly (readonly [string, string, string, Snapshot])[]) {
      const [device, chip, layer, state] = kept;
      this.add(device, chip, layer).restore(state);
    }
  }
}
