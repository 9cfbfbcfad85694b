/** Places that have a number; those past it are found by their names. */
const PLACES_MAX = 65_536;

const byDevice = new Map<string, Map<string, Map<string, number>>>();
let count = 0;

/**
 * The number of a layer on a chip in this process, counted from 0: what belongs to a place lies in
 * a list, and a short frame need not look three names up wherever it comes. Undefined past the
 * bound. Numbers are never given anew, so that nothing can be taken for another's.
 */
export function placeOf(deviceType: string, chipId: string, layerName: string): number | undefined {
  const known = byDevice.get(deviceType)?.get(chipId)?.get(layerName);
  if (known !== undefined || count >= PLACES_MAX) return known;
  const chips = byDevice.get(deviceType) ?? new Map<string, Map<string, number>>();
  byDevice.set(deviceType, chips);
  const layers = chips.get(chipId) ?? new Map<string, number>();
  chips.set(chipId, layers);
  layers.set(layerName, count);
  return count++;
}

/** Something of each place that has a number. */
export class ByPlace<V> {
  private values: (V | undefined)[] = [];

  get(place: number | undefined): V | undefined {
    return place === undefined ? undefined : this.values[place];
  }

  set(place: number | undefined, value: V): void {
    if (place === undefined) return;
    // Filled up, as a list with holes is as slow as a map.
    while (this.values.length <= place) this.values.push(undefined);
    this.values[place] = value;
  }

  clear(): void {
    this.values = [];
  }
}
