import type { DerivedRecord } from '../../component/derived-record.ts';
import { type Frame, frameCount } from '../../frames/frame.ts';
import { ByPlace } from '../../frames/places.ts';
import { type SpikesFrame, spikeCount } from '../../frames/spikes.ts';
import { LatestMap } from './latest-map.ts';
import { LIVE_LIMITS } from './live-limits.ts';
import { numberOf, optionalText, textOf } from './record-fields.ts';

/** A chip as it was last heard of. */
export interface LiveChip {
  readonly id: string;
  readonly deviceType: string;
  readonly chipId: string;
  frames: number;
  spikes: number;
  /** Arrival of its last frame by the wall clock, µs. */
  heardUs: number;
  connected: boolean | null;
  status: string | undefined;
  reason: string | undefined;
  temperatureC: number | undefined;
}

/** Which chips send, since when they are silent, and what is said of their health. */
export class LiveChips {
  private readonly chips = new LatestMap<LiveChip>(LIVE_LIMITS.chipsMax);
  /** By names, so that a frame makes no string. */
  private readonly byNames = new Map<string, Map<string, LiveChip>>();
  /** The chip of a layer, by the number of its place. */
  private readonly byPlace = new ByPlace<LiveChip>();

  heard(frame: Frame): void {
    const chip = frame.kind === 'spikes' ? this.ofSpikes(frame) : this.ofFrame(frame);
    chip.frames += frameCount(frame);
    chip.heardUs = frame.arrivedUs;
  }

  private ofSpikes(frame: SpikesFrame): LiveChip {
    let chip = this.byPlace.get(frame.place);
    if (chip === undefined) {
      chip = this.ofFrame(frame);
      this.byPlace.set(frame.place, chip);
    }
    chip.spikes += spikeCount(frame);
    return chip;
  }

  private ofFrame({ deviceType, chipId }: Frame): LiveChip {
    return this.byNames.get(deviceType)?.get(chipId) ?? this.chipOf(deviceType, chipId);
  }

  /** A `chip-health` record. */
  take({ fields }: DerivedRecord): void {
    const deviceType = textOf(fields['device_type']);
    const chipId = textOf(fields['chip_id']);
    if (fields['event'] === 'forgotten') {
      this.chips.delete(`${deviceType}/${chipId}`);
      this.byNames.get(deviceType)?.delete(chipId);
      this.byPlace.clear();
      return;
    }
    const chip = this.chipOf(deviceType, chipId);
    chip.connected = fields['connected'] === true;
    chip.status = optionalText(fields['status']);
    chip.reason = optionalText(fields['reason']);
    chip.temperatureC = numberOf(fields['temperature_c']);
  }

  private chipOf(deviceType: string, chipId: string): LiveChip {
    const id = `${deviceType}/${chipId}`;
    const known = this.chips.get(id);
    if (known !== undefined) return known;
    const chip: LiveChip = {
      ...{ id, deviceType, chipId, frames: 0, spikes: 0, heardUs: Number.NaN, connected: null },
      ...{ status: undefined, reason: undefined, temperatureC: undefined },
    };
    const forgotten = this.chips.forgotten;
    this.chips.set(id, chip, 1);
    // The map made room: names that are gone go here too, all at once, which is rare.
    if (this.chips.forgotten > forgotten) {
      this.byNames.clear();
      this.byPlace.clear();
    }
    let chips = this.byNames.get(deviceType);
    if (chips === undefined) {
      chips = new Map();
      this.byNames.set(deviceType, chips);
    }
    chips.set(chipId, chip);
    return chip;
  }

  all(): LiveChip[] {
    return this.chips.since(0);
  }
}
