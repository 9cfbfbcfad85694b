import type { OperatorFunction } from 'rxjs';
import type { CountEvent } from '../component/operator-event.ts';
import type { JoinedRecord } from '../component/pipeline.ts';
import type { Snapshot, StateSlot } from '../component/state.ts';
import { type Stateful, stateful } from './stateful.ts';

/** How the chips of a kind are, over all workers. */
export interface KindHealth {
  readonly deviceType: string;
  /** Whether every known one is connected; undefined where none is known any more. */
  readonly connected: boolean | undefined;
}

/** Kinds of chips, by the `chip-health` records of all parts. */
export function joinChipHealth(
  options: { readonly chipsMax: number },
  slot: StateSlot,
  count: CountEvent,
): OperatorFunction<JoinedRecord, KindHealth> {
  return stateful(slot, (emit) => new ChipHealthJoin(options.chipsMax, count, emit));
}

interface Kind {
  readonly known: Set<string>;
  readonly away: Set<string>;
}

class ChipHealthJoin implements Stateful<JoinedRecord> {
  private readonly chipsMax: number;
  private readonly count: CountEvent;
  private readonly emit: (record: KindHealth) => void;
  private readonly kinds = new Map<string, Kind>();
  private known = 0;

  constructor(chipsMax: number, count: CountEvent, emit: (record: KindHealth) => void) {
    this.chipsMax = chipsMax;
    this.count = count;
    this.emit = emit;
  }

  next({ fields }: JoinedRecord): void {
    const { device_type: deviceType, chip_id: chipId, event, connected } = fields;
    if (typeof deviceType !== 'string' || typeof chipId !== 'string') return;
    if (event === 'forgotten') this.forget(deviceType, chipId);
    else this.take(deviceType, chipId, connected === true);
    const kind = this.kinds.get(deviceType);
    this.emit({ deviceType, connected: kind === undefined ? undefined : kind.away.size === 0 });
  }

  private take(deviceType: string, chipId: string, isConnected: boolean): void {
    let kind = this.kinds.get(deviceType);
    if (kind?.known.has(chipId) !== true) {
      if (this.known >= this.chipsMax) {
        this.count('chips_refused', 1);
        return;
      }
      this.known++;
    }
    if (kind === undefined) {
      kind = { known: new Set(), away: new Set() };
      this.kinds.set(deviceType, kind);
    }
    kind.known.add(chipId);
    if (isConnected) kind.away.delete(chipId);
    else kind.away.add(chipId);
  }

  private forget(deviceType: string, chipId: string): void {
    const kind = this.kinds.get(deviceType);
    if (kind?.known.delete(chipId) !== true) return;
    this.known--;
    kind.away.delete(chipId);
    if (kind.known.size === 0) this.kinds.delete(deviceType);
  }

  snapshot(): Snapshot {
    return [...this.kinds].map(([deviceType, { known, away }]) => {
      return [deviceType, [...known], [...away]];
    });
  }

  restore(snapshot: Snapshot): void {
    this.kinds.clear();
    this.known = 0;
    for (const [deviceType, known, away] of snapshot as unknown as readonly KeptKind[]) {
      this.kinds.set(deviceType, { known: new Set(known), away: new Set(away) });
      this.known += known.length;
    }
  }
}

type KeptKind = readonly [string, readonly string[], readonly string[]];
