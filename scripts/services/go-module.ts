import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { buildWithGo } from './go-toolchain.ts';
import { runProgram } from './program.ts';

export interface GoModule {
  /** Path and version, such as `example.org/m@v1.0.0`. */
  readonly module: string;
  /** Programs by the name that they get, with their packages inside the module. */
  readonly programs: Readonly<Record<string, string>>;
  readonly tags?: readonly string[];
  /** Files that the module's sources embed and its releases leave out. */
  readonly missing?: readonly string[];
}

/**
 * Builds programs in a copy of their module, so that what it pins, replaces and excludes holds:
 * `go install` refuses modules that do.
 */
export function buildGoModule(wanted: GoModule, into: string): Promise<void> {
  const build = async (to: string, scratch: string, go: Readonly<Record<string, string>>) => {
    const source = join(scratch, 'source');
    const answer = await runProgram('go', ['mod', 'download', '-json', wanted.module], {
      env: go,
      cwd: scratch,
    });
    const { Dir } = JSON.parse(answer.slice(answer.indexOf('{'))) as { readonly Dir: string };
    await runProgram('cp', ['-r', Dir, source]);
    await runProgram('chmod', ['-R', 'u+w', source]);
    for (const path of wanted.missing ?? []) {
      await mkdir(dirname(join(source, path)), { recursive: true });
      await writeFile(join(source, path), '');
    }
    const tags = wanted.tags === undefined ? [] : ['-tags', wanted.tags.join(',')];
    for (const [name, at] of Object.entries(wanted.programs)) {
      const args = ['-n', '10', 'go', 'build', '-trimpath', ...tags, '-o', join(to, name), at];
      await runProgram('nice', args, { env: go, cwd: source });
    }
  };
  return buildWithGo(wanted.module, build, into);
}
