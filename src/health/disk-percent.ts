import type { StatsFs } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * How full the file system of a folder is, %, as `df` has it: of what users may fill. A folder that
 * is not made yet is looked for above.
 */
export async function diskPercent(folder: string): Promise<number> {
  const { blocks, bfree, bavail } = await statsOf(folder);
  const used = blocks - bfree;
  return used + bavail === 0 ? 0 : (used / (used + bavail)) * 100;
}

async function statsOf(folder: string): Promise<StatsFs> {
  try {
    return await statfs(folder);
  } catch (error) {
    const above = dirname(folder);
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || above === folder) throw error;
    return await statsOf(above);
  }
}
