import { statfs } from 'node:fs/promises';

/** How full the file system of a folder is, %, as `df` has it: of what users may fill. */
export async function diskPercent(folder: string): Promise<number> {
  const { blocks, bfree, bavail } = await statfs(folder);
  const used = blocks - bfree;
  return used + bavail === 0 ? 0 : (used / (used + bavail)) * 100;
}
