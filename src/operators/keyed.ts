import { ByPlace } from '../frames/places.ts';
import type { SpikesFrame } from '../frames/spikes.ts';

/**
 * State by device, chip and a third name (a layer, a rail, a core). Keys come from outside, so
 * there is a maximum; nested maps spare building a key string for every frame.
 */
export class KeyedByNames<V> {
  private readonly byDevice = new Map<string, Map<string, Map<string, V>>>();
  private readonly byPlace = new ByPlace<V>();
  private readonly max: number;
  private count = 0;

  constructor(max: number) {
    this.max = max;
  }

  get isEmpty(): boolean {
    return this.count === 0;
  }

  get(device: string, chip: string, name: string): V | undefined {
    return this.byDevice.get(device)?.get(chip)?.get(name);
  }

  /** Of the place of a frame of spikes, by its number where it has one. */
  ofPlace({ place, deviceType, chipId, layerName }: SpikesFrame): V | undefined {
    const known = this.byPlace.get(place);
    if (known !== undefined) return known;
    const value = this.get(deviceType, chipId, layerName);
    if (value !== undefined) this.byPlace.set(place, value);
    return value;
  }

  /** False, and nothing kept, when the maximum is reached. */
  add(device: string, chip: string, name: string, value: V): boolean {
    if (this.count >= this.max) return false;
    let chips = this.byDevice.get(device);
    if (chips === undefined) {
      chips = new Map();
      this.byDevice.set(device, chips);
    }
    let names = chips.get(chip);
    if (names === undefined) {
      names = new Map();
      chips.set(chip, names);
    }
    names.set(name, value);
    this.count++;
    return true;
  }

  /** In place of what is there under these names, if anything is. */
  put(device: string, chip: string, name: string, value: V): void {
    this.byPlace.clear();
    const names = this.byDevice.get(device)?.get(chip);
    if (names?.has(name) === true) names.set(name, value);
    else this.add(device, chip, name, value);
  }

  clear(): void {
    this.byDevice.clear();
    this.byPlace.clear();
    this.count = 0;
  }

  /** Every entry as [device, chip, name, value], in the order they came. */
  *entries(): Generator<readonly [string, string, string, V]> {
    for (const [device, chips] of this.byDevice) {
      for (const [chip, names] of chips) {
        for (const [name, value] of names) yield [device, chip, name, value];
      }
    }
  }
}
