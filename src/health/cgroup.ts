import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Numbers above this mean that there is no limit. */
const LIMIT_MAX = 2 ** 60;

/** The groups that limit this process in one respect, its own first, then those around it. */
export interface Cgroups {
  readonly version: 1 | 2;
  readonly folders: readonly string[];
}

/**
 * Where the kernel has the control groups of this process for `controller`; none where it has no
 * such thing. `root` is `/`, but in tests. In a container the path may be that of the host, which
 * can't be seen: then the files at the top are the container's.
 */
export async function cgroupsOf(root: string, controller: string): Promise<Cgroups> {
  const text = (await readText(join(root, 'proc/self/cgroup'))) ?? '';
  const lines = text.split('\n').map((line) => /^\d+:([^:]*):(.*)$/.exec(line));
  const top = join(root, 'sys/fs/cgroup');
  const first = lines.find((line) => line?.[1]?.split(',').includes(controller));
  if (first) return { version: 1, folders: upwards(join(top, controller), first[2] ?? '/') };
  const unified = lines.find((line) => line?.[1] === '');
  if (unified) return { version: 2, folders: upwards(top, unified[2] ?? '/') };
  return { version: 2, folders: [] };
}

function upwards(top: string, path: string): string[] {
  const names = path.split('/').filter((name) => name !== '' && name !== '..');
  const depths = [...names.keys(), names.length];
  return depths.map((depth) => join(top, ...names.slice(0, depth))).reverse();
}

/** A file of one number; undefined where it is not there, or says that there is no limit. */
export async function readNumber(path: string): Promise<number | undefined> {
  return numberIn(await readText(path));
}

/** The number behind a word at the start of a line. */
export async function readNumberOf(path: string, word: string): Promise<number | undefined> {
  const line = (await readText(path))?.split('\n').find((each) => each.startsWith(`${word} `));
  return numberIn(line?.slice(word.length));
}

export function numberIn(text: string | undefined): number | undefined {
  const word = text?.trim() ?? '';
  const value = word === '' ? Number.NaN : Number(word);
  return value >= 0 && value < LIMIT_MAX ? value : undefined;
}

export async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'latin1');
  } catch {
    return undefined;
  }
}
