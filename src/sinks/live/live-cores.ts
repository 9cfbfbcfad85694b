import type { ActivityFrame } from '../../frames/activity.ts';
import type { CoresFrame } from '../../frames/cores.ts';
import { LatestMap } from './latest-map.ts';
import { LIVE_LIMITS } from './live-limits.ts';
import type { CoresUpdate } from './schemas.ts';

interface CoreChip {
  readonly id: string;
  readonly device_type: string;
  readonly chip_id: string;
  t_us: number;
  coreIds: Uint32Array;
  percent: Float32Array;
  layers: readonly string[] | undefined;
  /** Growth of each counter in the last frame, by core. */
  readonly activity: Map<string, { ids: Uint32Array; values: Float64Array }>;
  /** Last values of cumulative counters. */
  readonly last: Map<string, Float64Array>;
}

const COUNTERS_MAX = 32;

/** The last snapshot of each chip's cores, and how much their counters grew. */
export class LiveCores {
  coresRefused = 0;
  private readonly chips = new LatestMap<CoreChip>(LIVE_LIMITS.chipsMax);
  private cores = 0;

  takeCores(frame: CoresFrame, revision: number): void {
    const chip = this.chipOf(frame, frame.coreId.length, revision);
    if (chip === undefined) return;
    // A frame's columns are valid during the call only.
    chip.coreIds = Uint32Array.from(frame.coreId);
    chip.percent = Float32Array.from(frame.utilizationPercent);
    chip.layers = frame.layerNames;
    chip.t_us = frame.t0Us + frame.spanUs;
  }

  takeActivity(frame: ActivityFrame, revision: number): void {
    if (frame.scope !== 'core') return;
    const chip = this.chipOf(frame, frame.coreId.length, revision);
    if (chip === undefined) return;
    const ids = Uint32Array.from(frame.coreId);
    for (const [name, column] of frame.counters) {
      if (chip.activity.size >= COUNTERS_MAX && !chip.activity.has(name)) continue;
      const values = Float64Array.from(column);
      const before = frame.cumulative ? chip.last.get(name) : undefined;
      if (frame.cumulative) chip.last.set(name, values);
      const growth = before === undefined ? values : growthOf(values, before);
      chip.activity.set(name, { ids, values: growth });
    }
    if (chip.coreIds.length === 0) chip.coreIds = ids;
    chip.t_us = Math.max(chip.t_us, frame.t0Us + frame.spanUs);
  }

  private chipOf(
    { deviceType, chipId }: CoresFrame | ActivityFrame,
    cores: number,
    revision: number,
  ): CoreChip | undefined {
    const id = `${deviceType}/${chipId}`;
    const known = this.chips.get(id);
    const more = cores - (known?.coreIds.length ?? 0);
    if (more > 0 && this.cores + more > LIVE_LIMITS.coresMax) this.cores = this.countCores();
    if (more > 0 && this.cores + more > LIVE_LIMITS.coresMax) {
      this.coresRefused += more;
      return undefined;
    }
    this.cores += Math.max(0, more);
    const chip = known ?? {
      ...{ id, device_type: deviceType, chip_id: chipId, t_us: 0, layers: undefined },
      ...{ coreIds: new Uint32Array(0), percent: new Float32Array(0) },
      ...{ activity: new Map(), last: new Map() },
    };
    this.chips.set(id, chip, revision);
    return chip;
  }

  /** Chips that made way for others took their cores along. */
  private countCores(): number {
    return this.chips.since(0).reduce((sum, { coreIds }) => sum + coreIds.length, 0);
  }

  since(revision: number): CoresUpdate {
    const chips = this.chips.since(revision).map((chip) => {
      const { id, device_type, chip_id, t_us, coreIds, percent, layers } = chip;
      const activity = Object.fromEntries(
        [...chip.activity].map(([name, column]) => [name, alignedTo(coreIds, column)]),
      );
      return {
        ...{ id, device_type, chip_id, t_us, activity, core_ids: [...coreIds] },
        utilization_percent: Array.from(percent, (value) => Math.round(value * 100) / 100),
        ...(layers === undefined ? {} : { layers: [...layers] }),
      };
    });
    return { chips, cores_refused: this.coresRefused };
  }
}

/** A counter that fell has started anew and counts in full. */
function growthOf(values: Float64Array, before: Float64Array): Float64Array {
  return values.map((value, i) => {
    const last = before[i] ?? 0;
    return value < last ? value : value - last;
  });
}

/** The values in the order of the chip's cores; 0 for one that the counters do not name. */
function alignedTo(
  coreIds: Uint32Array,
  { ids, values }: { ids: Uint32Array; values: Float64Array },
): number[] {
  const byId = new Map<number, number>();
  for (let i = 0; i < ids.length; i++) byId.set(ids[i] as number, values[i] as number);
  return Array.from(coreIds, (id) => byId.get(id) ?? 0);
}
