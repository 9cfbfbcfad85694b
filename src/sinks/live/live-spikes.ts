import { ByPlace } from '../../frames/places.ts';
import { type SpikesFrame, spikeCount } from '../../frames/spikes.ts';
import { LIVE_LIMITS } from './live-limits.ts';
import { RasterPart } from './raster-part.ts';
import type { RevisionClock } from './revision.ts';
import { SpikeBudget } from './spike-budget.ts';
import { SpikeLog } from './spike-log.ts';

/** A layer on a chip, as the page and the API name it. */
export interface Population {
  /** `<device_type>/<chip_id>/<layer_name>` */
  readonly id: string;
  readonly deviceType: string;
  readonly chipId: string;
  readonly layerName: string;
  neuronType: string;
  neuronCount: number;
  neuronOffset: number;
  raster: RasterPart;
  /** When its first frame came into this raster: a change of its neurons begins a new one. */
  since: number;
  /** Event time of its first frame, and the end of the newest, µs. */
  firstUs: number;
  lastUs: number;
}

/** What the page knows of spikes: a raster of each part, and the last spikes exactly. */
export class LiveSpikes {
  readonly parts = new Map<string, Population>();
  readonly log = new SpikeLog();
  /** Spikes of parts past the bound: counted here, shown nowhere on the page. */
  partsRefused = 0;
  spikesRefused = 0;
  readonly revisions: RevisionClock;
  private readonly budget: SpikeBudget;
  /** Parts by chip and layer, so that a frame makes no string. */
  private readonly byNames = new Map<string, Map<string, Map<string, Population>>>();
  private readonly byPlace = new ByPlace<Population>();
  private readonly refusedIds = new Set<string>();
  /** Parts are never forgotten: what was refused once is refused for good. */
  private readonly refusedPlaces = new ByPlace<boolean>();

  constructor(revisions: RevisionClock, nowMs: () => number) {
    this.revisions = revisions;
    this.budget = new SpikeBudget(LIVE_LIMITS.spikesPerSecond, nowMs);
  }

  add(frame: SpikesFrame): void {
    const part = this.partOf(frame);
    if (part === undefined) {
      this.spikesRefused += spikeCount(frame);
      return;
    }
    const stride = this.budget.take(spikeCount(frame));
    part.raster.add(frame, stride, this.revisions.now);
    part.lastUs = Math.max(part.lastUs, frame.t0Us + frame.spanUs);
    if (stride === 1) this.log.add(part.id, frame);
    else this.log.skip(part.id, frame);
  }

  private partOf(frame: SpikesFrame): Population | undefined {
    const { deviceType, chipId, layerName, neuronCount } = frame;
    const known =
      this.byPlace.get(frame.place) ?? this.byNames.get(deviceType)?.get(chipId)?.get(layerName);
    if (known === undefined) {
      return this.refusedPlaces.get(frame.place) === true ? undefined : this.newPart(frame);
    }
    if (known.neuronCount !== neuronCount || isElsewhere(known, frame)) this.restart(known, frame);
    known.neuronType = frame.neuronType;
    known.neuronOffset = frame.neuronOffset;
    return known;
  }

  private newPart(frame: SpikesFrame): Population | undefined {
    const { deviceType, chipId, layerName, neuronType, neuronCount, neuronOffset } = frame;
    if (this.parts.size >= LIVE_LIMITS.partsMax) {
      this.refuse(`${deviceType}/${chipId}/${layerName}`);
      this.refusedPlaces.set(frame.place, true);
      return undefined;
    }
    const part: Population = {
      ...{ id: `${deviceType}/${chipId}/${layerName}`, deviceType, chipId, layerName },
      ...{ neuronType, neuronCount, neuronOffset, raster: new RasterPart(neuronCount) },
      ...{ since: this.revisions.now, firstUs: frame.t0Us, lastUs: frame.t0Us + frame.spanUs },
    };
    this.parts.set(part.id, part);
    const chips = getOrMake(this.byNames, deviceType);
    getOrMake(chips, chipId).set(layerName, part);
    this.byPlace.set(frame.place, part);
    return part;
  }

  private refuse(id: string): void {
    if (this.refusedIds.has(id) || this.refusedIds.size >= LIVE_LIMITS.partsMax * 16) return;
    this.refusedIds.add(id);
    this.partsRefused = this.refusedIds.size;
  }

  private restart(part: Population, frame: SpikesFrame): void {
    const { received, shown, sampledOut, tooLate } = part.raster;
    part.neuronCount = frame.neuronCount;
    part.raster = new RasterPart(frame.neuronCount);
    Object.assign(part.raster, { received, shown, sampledOut, tooLate });
    part.since = this.revisions.now;
    part.firstUs = frame.t0Us;
    part.lastUs = frame.t0Us + frame.spanUs;
  }
}

const HOUR_US = 3_600_000_000;

/** A jump of time by more than an hour: what was drawn belongs to another time. */
function isElsewhere(part: Population, frame: SpikesFrame): boolean {
  return Math.abs(frame.t0Us - part.lastUs) > HOUR_US;
}

function getOrMake<V>(map: Map<string, Map<string, V>>, key: string): Map<string, V> {
  let inner = map.get(key);
  if (inner === undefined) {
    inner = new Map();
    map.set(key, inner);
  }
  return inner;
}
