import { modulesOf } from './imports.ts';
import type { ParsedFile } from './parse.ts';
import type { Finding } from './source-tree.ts';

/** Where programs begin; every file below src/ is needed by one of them. */
export const ROOTS: readonly string[] = [
  'src/cli/main.ts',
  'src/spikescope.ts',
  'src/emitter/emitter.ts',
  'src/page/main.ts',
];

/** Files below src/ that no root reaches, each with the reason why it is there all the same. */
export const ORPHANS_EXCUSED: Readonly<Record<string, string>> = {};

export interface Reach {
  readonly orphans: readonly Finding[];
  /** Roots and imported files that do not exist: what lies behind them can't be judged. */
  readonly missing: readonly Finding[];
}

/** Which files of src/ no root and no pipeline reaches. */
export function findOrphans(
  files: readonly ParsedFile[],
  roots: readonly string[],
  excused: Readonly<Record<string, string>>,
): Reach {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const missing: Finding[] = [];
  const reached = new Set<string>();
  const pipelines = files.map(({ path }) => path).filter((path) => path.startsWith('pipelines/'));
  const open = [...roots, ...pipelines, ...Object.keys(excused)].map((path) => ({
    path,
    by: path,
  }));
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (reached.has(next.path)) continue;
    reached.add(next.path);
    const file = byPath.get(next.path);
    if (file === undefined) {
      missing.push({ path: next.by, line: 1, text: `needs ${next.path}, which is not there` });
      continue;
    }
    for (const { target } of modulesOf(file)) {
      if (target?.endsWith('.ts')) open.push({ path: target, by: file.path });
    }
  }
  const orphans = files
    .filter(({ path }) => path.startsWith('src/') && !reached.has(path))
    .map(({ path }) => ({
      path,
      line: 1,
      text: `no file imports it, from ${roots.join(', ')} on`,
    }));
  return { orphans, missing };
}
