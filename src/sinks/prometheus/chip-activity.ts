/** When a chip was last heard of, in ticks of the store. */
export interface HeardChip {
  tick: number;
}

/** Chips that are remembered; the one heard of first goes when there are more. */
const CHIPS_MAX = 65_536;

/** Which chips are alive, for gauges that go when their chip falls silent. */
export class ChipActivity {
  private readonly byDevice = new Map<string, Map<string, HeardChip>>();
  private count = 0;

  /** A frame of this chip came. */
  heard(deviceType: string, chipId: string, tick: number): void {
    const chip = this.byDevice.get(deviceType)?.get(chipId) ?? this.add(deviceType, chipId);
    chip.tick = tick;
  }

  /** The tick of a chip's last frame; undefined for one never heard of. */
  lastOf(key: string): number | undefined {
    const slash = key.indexOf('/');
    return this.byDevice.get(key.slice(0, slash))?.get(key.slice(slash + 1))?.tick;
  }

  private add(deviceType: string, chipId: string): HeardChip {
    let chips = this.byDevice.get(deviceType);
    if (chips === undefined) {
      chips = new Map();
      this.byDevice.set(deviceType, chips);
    }
    if (this.count >= CHIPS_MAX) this.dropFirst();
    const chip = { tick: 0 };
    chips.set(chipId, chip);
    this.count++;
    return chip;
  }

  private dropFirst(): void {
    for (const [device, chips] of this.byDevice) {
      const [first] = chips.keys();
      if (first === undefined) continue;
      chips.delete(first);
      this.count--;
      if (chips.size === 0) this.byDevice.delete(device);
      return;
    }
  }
}
