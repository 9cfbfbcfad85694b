import type { Family } from './family.ts';
import type { FamilySource, MetricStore } from './metric-store.ts';
import type { Series } from './series.ts';

/** The metrics of a part of the frames. */
export interface StorePart {
  readonly store: MetricStore;
  /** Whether what it says is of now: neither behind what was shown before nor another's by now. */
  readonly isShown: () => boolean;
}

/** The metrics of a process that has several parts of the frames: its own, and those of each. */
export class StoreGroup implements FamilySource {
  private readonly own: MetricStore;
  private readonly parts = new Set<StorePart>();

  constructor(own: MetricStore) {
    this.own = own;
  }

  add(part: StorePart): void {
    this.parts.add(part);
  }

  delete(part: StorePart): void {
    this.parts.delete(part);
  }

  families(): readonly Family<Series>[] {
    const families = this.own.families();
    for (const { store, isShown } of this.parts) {
      if (!isShown()) continue;
      families.push(...store.families().filter(({ spec }) => spec.joinsChips !== true));
    }
    return families;
  }

  tick(): void {
    this.own.tick();
    for (const { store } of this.parts) store.tick();
  }
}
