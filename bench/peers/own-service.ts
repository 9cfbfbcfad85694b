import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildWithGo } from '../../scripts/services/go-toolchain.ts';
import { runProgram } from '../../scripts/services/program.ts';
import type { Service } from '../../scripts/services/service.ts';

/** A Go program of a folder beside this file; other sources are another version. */
export function goProgram(
  name: string,
  folder: string,
  check: Service['check'],
  env: Readonly<Record<string, string>> = {},
): Service {
  const source = join(import.meta.dirname, folder);
  const files = readdirSync(source).filter((file) => /\.go$|^go\.(mod|sum)$/.test(file));
  const hash = createHash('sha256').update(JSON.stringify(env));
  for (const file of files.sort()) hash.update(readFileSync(join(source, file)));
  return {
    name: `peer-${name}`,
    version: hash.digest('hex').slice(0, 8),
    binary: name,
    check,
    fetch: (into) =>
      buildWithGo(
        folder,
        async (to, scratch, go) => {
          for (const file of files) await copyFile(join(source, file), join(scratch, file));
          const args = ['-n', '10', 'go', 'build', '-trimpath', '-o', join(to, name), '.'];
          await runProgram('nice', args, { env: { ...go, ...env }, cwd: scratch });
        },
        into,
      ),
  };
}
