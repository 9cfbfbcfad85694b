import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Packed ones were whole before, and were read then. */
const PACKED = /\.(gz|zst|xz|bz2|lz4|zip)$/;

/**
 * Where a file that was rotated may have gone: beside it, named after it (`a.log.1`,
 * `a.log-20261125`), oldest first.
 */
export async function rotatedSiblings(path: string): Promise<string[]> {
  const folder = dirname(path);
  const name = basename(path);
  const names = (await readdir(folder)).filter((other) => {
    const rest = other.startsWith(name) ? other.slice(name.length) : '';
    return /^[.-]\d/.test(rest) && !PACKED.test(rest);
  });
  const found = await Promise.all(names.map((other) => modified(join(folder, other))));
  return found
    .filter((file) => file !== undefined)
    .sort((a, b) => a.ms - b.ms || (a.path < b.path ? 1 : -1))
    .map((file) => file.path);
}

async function modified(path: string): Promise<{ path: string; ms: number } | undefined> {
  try {
    const about = await stat(path);
    return about.isFile() ? { path, ms: about.mtimeMs } : undefined;
  } catch {
    // Rotated further meanwhile.
    return undefined;
  }
}
