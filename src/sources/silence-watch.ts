import { z } from 'zod';
import { duration, formatDuration } from '../component/duration.ts';
import type { FrameWatch, Inlet } from '../component/source.ts';
import type { HeldState, Snapshot } from '../component/state.ts';
import { type Frame, frameCount } from '../frames/frame.ts';
import { OWN_EMITTER } from '../frames/header.ts';
import type { LogFrame } from '../frames/log.ts';
import { ByPlace } from '../frames/places.ts';

/** The section `silence` of the configuration. */
export const silenceOptions = z.strictObject({
  after: duration(1_000_000, 24 * 3_600_000_000)
    .prefault('5s')
    .describe(
      'A layer or chip that sent frames all the time, and then none for so long, is silent.',
    ),
  forget: duration(1_000_000, 30 * 24 * 3_600_000_000)
    .prefault('1h')
    .describe('One that was silent for so long is given up: its incident closes.'),
  watched_max: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(4096)
    .describe('Layers and chips whose silence is looked for at once.'),
});

/** Events of the log lines that say so. */
export const FRAMES_STOPPED = 'frames_stopped';
export const FRAMES_GIVEN_UP = 'frames_given_up';

/** Checks in which frames of it came, before its silence means anything. */
const HEARD_MIN = 5;
/** Between two checks; where it is longer, the service itself was held up. */
const CHECK_US_MAX = 2_500_000;
/** What lasts is told again after so long at the latest. */
const TOLD_US_MAX = 300_000_000;
/** How much longer than the longest pause known, and than a frame, silence has to be. */
const BEYOND = 4;

export interface SilenceWatchOptions {
  readonly afterUs: number;
  readonly forgetUs: number;
  readonly watchedMax: number;
  /** µs since the Unix epoch, of the clock that frames' arrivals are told by. */
  readonly nowUs: () => number;
  /** So many frames came of one layer or chip more; its silence is not looked for. */
  readonly refused: (frames: number) => void;
}

interface Watched {
  readonly deviceType: string;
  readonly chipId: string;
  /** Empty for the chip as a whole. */
  readonly layerName: string;
  /** End of its last frame, by its own time, and the longest of its frames. */
  endUs: number;
  spanUs: number;
  /** A frame came since the last check. */
  isHeard: boolean;
  /** Checks in which one came, up to HEARD_MIN. */
  heard: number;
  heardUs: number;
  pauseUs: number;
  /** How often its silence was told, and how long it is when it is told again. */
  told: number;
  dueUs: number;
}

type Kept = Omit<Watched, 'isHeard' | 'heardUs'>;

/**
 * Finds layers and chips whose frames stop coming: what sent frames all the time and then none is
 * told as a log line of emitter `spikescope` with the event `frames_stopped`, again soon after, and
 * each time its silence is twice as long, so that event time goes on. Where a chip is silent, its
 * layers are not told one by one. What sends now and then has pauses that are no silence.
 */
export class SilenceWatch implements FrameWatch, HeldState {
  readonly stateName = 'silence';
  private readonly options: SilenceWatchOptions;
  private readonly chips = new Map<string, Map<string, Map<string, Watched>>>();
  private count = 0;
  private checkedUs = Number.NaN;
  /** By the number of its place: a chip and its layer. */
  private readonly byPlace = new ByPlace<readonly [Watched, Watched]>();
  private last: Map<string, Watched> | undefined;
  private lastDevice = '';
  private lastChip = '';

  constructor(options: SilenceWatchOptions) {
    this.options = options;
  }

  /** Called for every frame, and so does next to nothing. */
  saw(frame: Frame): void {
    switch (frame.kind) {
      case 'conversion':
      case 'inference':
      case 'benchmark':
      case 'log':
        return;
      default:
    }
    if (frame.emitter === OWN_EMITTER) return;
    const known = frame.kind === 'spikes' ? this.byPlace.get(frame.place) : undefined;
    if (known !== undefined) {
      goesOn(known[0], frame);
      goesOn(known[1], frame);
      return;
    }
    const places = this.placesOf(frame.deviceType, frame.chipId);
    const chip = this.hear(places, frame, '');
    if (frame.kind !== 'spikes') return;
    const layer = this.hear(places, frame, frame.layerName);
    if (chip !== undefined && layer !== undefined) this.byPlace.set(frame.place, [chip, layer]);
  }

  private placesOf(deviceType: string, chipId: string): Map<string, Watched> {
    if (this.last !== undefined && chipId === this.lastChip && deviceType === this.lastDevice) {
      return this.last;
    }
    const device = this.chips.get(deviceType) ?? new Map<string, Map<string, Watched>>();
    this.chips.set(deviceType, device);
    const places = device.get(chipId) ?? new Map<string, Watched>();
    device.set(chipId, places);
    this.last = places;
    this.lastDevice = deviceType;
    this.lastChip = chipId;
    return places;
  }

  private hear(places: Map<string, Watched>, frame: Frame, layerName: string): Watched | undefined {
    const { deviceType, chipId } = frame;
    let watched = places.get(layerName);
    if (watched === undefined) {
      if (this.count >= this.options.watchedMax) {
        this.options.refused(frameCount(frame));
        this.dropIfEmpty(deviceType, chipId);
        return undefined;
      }
      watched = {
        ...{ deviceType, chipId, layerName, endUs: 0, spanUs: 0, isHeard: false },
        ...{ heard: 0, heardUs: 0, pauseUs: 0, told: 0, dueUs: 0 },
      };
      places.set(layerName, watched);
      this.count++;
    }
    goesOn(watched, frame);
    return watched;
  }

  /**
   * Tells who is silent, and gives up who was for long. Where the source was away, or the service
   * was held up, that time is nobody's silence.
   */
  check(inlet: Inlet, isSourceThere = true): void {
    const nowUs = this.options.nowUs();
    const sinceUs = nowUs - this.checkedUs;
    this.checkedUs = nowUs;
    if (!isSourceThere || sinceUs > CHECK_US_MAX) {
      for (const watched of this.all()) watched.heardUs += sinceUs;
    }
    if (!isSourceThere) return;
    for (const device of this.chips.values()) {
      for (const places of device.values()) this.checkChip(places, nowUs, inlet);
    }
  }

  private checkChip(places: ReadonlyMap<string, Watched>, nowUs: number, inlet: Inlet): void {
    // The chip stands before its layers: its own frames are heard with their first.
    const isChipSilent = [...places.values()].every((each) => this.isSilent(each, nowUs));
    for (const watched of places.values()) {
      if (watched.isHeard) {
        this.goOn(watched, nowUs);
        continue;
      }
      const silentUs = nowUs - watched.heardUs;
      if (silentUs >= this.options.forgetUs) {
        if (watched.told > 0) inlet.frame(this.said(FRAMES_GIVEN_UP, watched, nowUs));
        this.drop(watched);
        continue;
      }
      const isCovered = isChipSilent && watched.layerName !== '' && watched.told === 0;
      if (isCovered || !this.isSilent(watched, nowUs) || silentUs < watched.dueUs) continue;
      inlet.frame(this.said(FRAMES_STOPPED, watched, nowUs));
      // Once more with the next check: signs of one fault are gathered until then.
      watched.dueUs = watched.told === 0 ? 0 : silentUs + Math.min(silentUs, TOLD_US_MAX);
      watched.told++;
    }
  }

  private goOn(watched: Watched, nowUs: number): void {
    if (watched.heard > 0 && watched.told === 0) {
      watched.pauseUs = Math.max(watched.pauseUs, nowUs - watched.heardUs);
    }
    watched.isHeard = false;
    watched.heard = Math.min(watched.heard + 1, HEARD_MIN);
    watched.heardUs = nowUs;
    watched.told = 0;
    watched.dueUs = 0;
  }

  private isSilent({ isHeard, heard, heardUs, spanUs, pauseUs }: Watched, nowUs: number): boolean {
    if (isHeard || heard < HEARD_MIN) return false;
    return nowUs - heardUs >= Math.max(this.options.afterUs, BEYOND * Math.max(spanUs, pauseUs));
  }

  private drop({ deviceType, chipId, layerName }: Watched): void {
    this.byPlace.clear();
    this.chips.get(deviceType)?.get(chipId)?.delete(layerName);
    this.count--;
    this.dropIfEmpty(deviceType, chipId);
  }

  private dropIfEmpty(deviceType: string, chipId: string): void {
    const device = this.chips.get(deviceType);
    if (device?.get(chipId)?.size !== 0) return;
    device.delete(chipId);
    if (device.size === 0) this.chips.delete(deviceType);
    this.last = undefined;
  }

  /** Its time is that of the chip's last frame, and as much later as nothing came. */
  private said(eventType: string, watched: Watched, nowUs: number): LogFrame {
    const { deviceType, chipId, layerName, endUs, heardUs } = watched;
    const silentUs = Math.max(0, nowUs - heardUs);
    const place = layerName === '' ? 'chip' : `layer ${layerName} of`;
    const names = new Map([
      ['logger', 'spikeformer.neuromorphic'],
      ['hardware_type', deviceType],
    ]);
    if (layerName !== '') names.set('layer_name', layerName);
    const end = eventType === FRAMES_GIVEN_UP ? '; it is given up' : '';
    return {
      kind: 'log',
      ...{ deviceType, chipId, spanUs: 0, seq: undefined, runId: undefined },
      t0Us: Math.min(endUs + silentUs, Number.MAX_SAFE_INTEGER),
      ...{ emitter: OWN_EMITTER, arrivedUs: nowUs, restarts: 0 },
      level: eventType === FRAMES_GIVEN_UP ? 'INFO' : 'WARNING',
      text: `${place} ${deviceType}/${chipId}: no frame for ${formatDuration(silentUs)}${end}`,
      line: undefined,
      eventType,
      names,
      ...{ errorMessage: undefined, requiresAttention: undefined },
      ...{ spikeCount: undefined, timestep: undefined, spikeRate: undefined },
    };
  }

  snapshot(): Snapshot {
    const kept: Kept[] = [];
    for (const { isHeard: _, heardUs: __, ...rest } of this.all()) kept.push(rest);
    return kept as unknown as Snapshot;
  }

  private *all(): Generator<Watched> {
    for (const device of this.chips.values()) {
      for (const places of device.values()) yield* places.values();
    }
  }

  /** Silence begins with the next check; what was told is not told anew at once. */
  restore(snapshot: Snapshot): void {
    this.chips.clear();
    this.byPlace.clear();
    this.last = undefined;
    this.count = 0;
    for (const kept of snapshot as unknown as readonly Kept[]) {
      const places = this.placesOf(kept.deviceType, kept.chipId);
      places.set(kept.layerName, { ...kept, isHeard: false, heardUs: this.options.nowUs() });
      this.count++;
    }
  }
}

/** A frame of it came. No clock is asked for each: the next check does it once. */
function goesOn(watched: Watched, frame: Frame): void {
  const spanUs = frame.spanUs / frameCount(frame);
  watched.endUs = frame.t0Us + frame.spanUs;
  if (spanUs > watched.spanUs) watched.spanUs = spanUs;
  watched.isHeard = true;
}
