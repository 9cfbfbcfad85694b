import { existsSync } from 'node:fs';
import { chmod, copyFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { Service } from '../../scripts/services/service.ts';

/** A program that no registry has: it is taken from the PATH, where somebody has put it. */
export function fromPath(program: string, version: string, check: Service['check']): Service {
  return {
    name: `peer-${program}`,
    version,
    binary: program,
    check,
    fetch: async (into) => {
      const found = (process.env['PATH'] ?? '')
        .split(delimiter)
        .map((folder) => join(folder, program))
        .find((path) => existsSync(path));
      if (found === undefined) {
        const wanted = version === ANY ? program : `${program} ${version}`;
        throw new Error(`no registry serves it, and there is no ${wanted} on the PATH`);
      }
      await copyFile(found, join(into, program));
      await chmod(join(into, program), 0o755);
    },
  };
}

/** Of a program whose version does not matter to its configuration. */
export const ANY = 'any';
