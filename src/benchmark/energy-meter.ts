import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const POWERCAP = '/sys/class/powercap';

/**
 * What counts: whole packages, and the memory beside them. Cores are part of their package, psys
 * contains it, and the same package may be there a second time as intel-rapl-mmio.
 */
const ZONES: readonly (readonly [folder: RegExp, name: RegExp])[] = [
  [/^intel-rapl:\d+$/, /^package-\d+$/],
  [/^intel-rapl:\d+:\d+$/, /^dram$/],
];

interface Zone {
  readonly file: string;
  /** The counter starts again from 0 after this. */
  readonly rangeUj: number;
  lastUj: number;
}

/** Why there is no meter. */
export interface NoMeter {
  readonly why: string;
}

/**
 * Energy of the machine's processors and memory by their own counters (RAPL; Linux,
 * Documentation/power/powercap/powercap.rst). It is that of everything that ran meanwhile; what the
 * machine takes when idle is not subtracted.
 */
export class EnergyMeter {
  private readonly zones: readonly Zone[];

  private constructor(zones: readonly Zone[]) {
    this.zones = zones;
  }

  static open(root: string = POWERCAP): EnergyMeter | NoMeter {
    try {
      const zones = readdirSync(root)
        .filter((folder) => isWanted(root, folder))
        .map((folder) => openZone(join(root, folder)));
      if (zones.length > 0) return new EnergyMeter(zones);
      return { why: `${root} has no RAPL package` };
    } catch (error) {
      const { code, path, message } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' && path === root) return { why: 'the machine has no RAPL' };
      if (code === 'EACCES') return { why: `${path} may not be read by this user` };
      return { why: message };
    }
  }

  /** Joules since the last call, or since it was opened; one start from 0 is made up for. */
  lap(): number {
    let joules = 0;
    for (const zone of this.zones) {
      const nowUj = readCounter(zone.file);
      const grownUj = nowUj - zone.lastUj;
      joules += (grownUj < 0 ? grownUj + zone.rangeUj : grownUj) / 1e6;
      zone.lastUj = nowUj;
    }
    return joules;
  }
}

function isWanted(root: string, folder: string): boolean {
  const found = ZONES.find(([pattern]) => pattern.test(folder));
  return found?.[1].test(readFileSync(join(root, folder, 'name'), 'utf8').trim()) ?? false;
}

function openZone(folder: string): Zone {
  const file = join(folder, 'energy_uj');
  const rangeUj = readCounter(join(folder, 'max_energy_range_uj'));
  return { file, rangeUj, lastUj: readCounter(file) };
}

function readCounter(file: string): number {
  const text = readFileSync(file, 'utf8').trim();
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw new Error(`${file} holds "${text.slice(0, 40)}", which is no counter`);
}
