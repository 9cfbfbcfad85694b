import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder with package.json: the repository's, or the installed package's above `dist`. */
export function packageFolder(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'package.json'))) {
    const up = dirname(folder);
    if (up === folder) throw new Error(`no package.json above ${import.meta.dirname}`);
    folder = up;
  }
  return folder;
}
