import type { ActivityFrame } from '../../frames/activity.ts';
import type { CoresFrame } from '../../frames/cores.ts';

/** Cores of all chips together, chips, and counters of a chip that are drawn. */
const CORES_MAX = 2048;
const CHIPS_MAX = 64;
const COUNTERS_MAX = 8;

/** What is known of one core over the whole recording. */
interface Core {
  readonly id: number;
  layerName: string;
  /** Utilization, weighted by time. */
  percentUs: number;
  tookUs: number;
  maxPercent: number;
  /** By the order of the chip's counters. */
  readonly sums: number[];
  readonly last: number[];
}

interface Chip {
  readonly counters: string[];
  readonly cores: Map<number, Core>;
}

export interface CoreResult {
  readonly id: number;
  readonly layerName: string;
  /** Mean over time; undefined where no utilization came. */
  readonly meanPercent: number | undefined;
  readonly maxPercent: number;
  /** [counters] growth over the recording. */
  readonly sums: readonly number[];
}

export interface ChipCores {
  readonly chip: string;
  readonly counters: readonly string[];
  readonly cores: readonly CoreResult[];
}

/** Utilization and activity of cores, added up over the recording. */
export class CoreTallies {
  /** Samples of cores or chips that there is no room for. */
  leftOut = 0;
  private readonly chips = new Map<string, Chip>();
  private cores = 0;

  addCores(frame: CoresFrame): void {
    const { coreId, utilizationPercent, layerNames, spanUs } = frame;
    const chip = this.chipOf(frame);
    for (let i = 0; i < coreId.length; i++) {
      const core = this.coreOf(chip, coreId[i] as number);
      if (core === undefined) continue;
      const percent = utilizationPercent[i] as number;
      core.percentUs += percent * spanUs;
      core.tookUs += spanUs;
      core.maxPercent = Math.max(core.maxPercent, percent);
      const name = layerNames?.[i];
      if (name !== undefined && name !== '') core.layerName = name;
    }
  }

  /** Counters of cores; those of routers and of chips as a whole have no place on a core map. */
  addActivity(frame: ActivityFrame): void {
    if (frame.scope !== 'core') return;
    const chip = this.chipOf(frame);
    for (const [name, values] of frame.counters) {
      const at = counterOf(chip, name);
      if (at === undefined) this.leftOut += values.length;
      for (let i = 0; at !== undefined && i < values.length; i++) {
        const core = this.coreOf(chip, frame.coreId[i] as number);
        if (core !== undefined) addTo(core, at, values[i] as number, frame.cumulative);
      }
    }
  }

  private chipOf({ deviceType, chipId }: CoresFrame | ActivityFrame): Chip | undefined {
    const name = `${deviceType}/${chipId}`;
    const known = this.chips.get(name);
    if (known !== undefined || this.chips.size >= CHIPS_MAX) return known;
    const chip: Chip = { counters: [], cores: new Map() };
    this.chips.set(name, chip);
    return chip;
  }

  private coreOf(chip: Chip | undefined, id: number): Core | undefined {
    const known = chip?.cores.get(id);
    if (known !== undefined) return known;
    if (chip === undefined || this.cores >= CORES_MAX) {
      this.leftOut++;
      return undefined;
    }
    this.cores++;
    const core: Core = {
      ...{ id, layerName: '', percentUs: 0, tookUs: 0, maxPercent: 0, sums: [], last: [] },
    };
    chip.cores.set(id, core);
    return core;
  }

  result(): ChipCores[] {
    return [...this.chips].map(([chip, { counters, cores }]) => ({
      chip,
      counters,
      cores: [...cores.values()]
        .sort((a, b) => a.id - b.id)
        .map(({ id, layerName, percentUs, tookUs, maxPercent, sums }) => ({
          ...{ id, layerName, maxPercent },
          meanPercent: tookUs === 0 ? undefined : percentUs / tookUs,
          sums: counters.map((_, i) => sums[i] ?? 0),
        })),
    }));
  }
}

function counterOf(chip: Chip | undefined, name: string): number | undefined {
  if (chip === undefined) return undefined;
  const at = chip.counters.indexOf(name);
  if (at >= 0) return at;
  if (chip.counters.length >= COUNTERS_MAX) return undefined;
  return chip.counters.push(name) - 1;
}

/** As the operator `sumActivity`: a drop of a cumulative counter is a restart, counted in full. */
function addTo(core: Core, at: number, value: number, isCumulative: boolean): void {
  const last = isCumulative ? (core.last[at] ?? 0) : 0;
  core.sums[at] = (core.sums[at] ?? 0) + (value < last ? value : value - last);
  if (isCumulative) core.last[at] = value;
}
