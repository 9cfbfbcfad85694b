import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram } from './program.ts';
import type { Service } from './service.ts';

const PACKAGE = join(import.meta.dirname, '..', '..', 'emitters', 'python');
const REQUIREMENTS = join(PACKAGE, 'requirements-test.txt');

/**
 * The Python package as a user gets it: installed with pip into a fresh environment, with NEST and
 * SANA-FE beside it. Other sources or requirements are another folder.
 */
export const PYTHON_EMITTER_VENV: Service = {
  name: 'python-emitter-venv',
  version: hashOf(packageFiles()),
  binary: join('bin', 'python'),
  check: {
    args: ['-c', 'import nest, pandas, pytest, sanafe, spikescope; print("imports work")'],
    prints: 'imports work',
  },
  async fetch(into) {
    await runProgram('python3', ['-m', 'venv', into]);
    const python = join(into, 'bin', 'python');
    const options = ['--quiet', '--no-compile', '--only-binary', ':all:'];
    const wanted = ['--requirement', REQUIREMENTS, PACKAGE];
    await runProgram(python, ['-m', 'pip', 'install', ...options, ...wanted]);
  },
};

/** What goes into the package, and what is installed with it. */
function packageFiles(): string[] {
  const sources = readdirSync(join(PACKAGE, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.(py|typed)$/.test(path))
    .map((path) => join('src', path));
  return ['pyproject.toml', 'README.md', 'requirements-test.txt', ...sources.sort()];
}

function hashOf(paths: readonly string[]): string {
  const hash = createHash('sha256');
  for (const path of paths) {
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(PACKAGE, path)))
      .update('\0');
  }
  return hash.digest('hex').slice(0, 12);
}
