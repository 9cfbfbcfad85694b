import { access, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram } from './program.ts';
import type { Service } from './service.ts';

/** Where Debian's packages put it, and where people have it who do not use them. */
const PROGRAMS = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome-stable',
];

/** The system's own browser, for the tests of the live page; installed where there is none. */
export const CHROMIUM: Service = {
  name: 'chromium',
  version: 'system',
  binary: 'chromium',
  check: { args: ['--version'], prints: 'Chrom' },
  fetch: async (into) => {
    const program = (await installed()) ?? (await install());
    await symlink(program, join(into, 'chromium'));
  },
};

async function installed(): Promise<string | undefined> {
  for (const path of PROGRAMS) {
    const isThere = await access(path).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  return undefined;
}

async function install(): Promise<string> {
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  await runProgram('apt-get', ['update', '-qq'], { env });
  const options = ['-y', '-qq', '--no-install-recommends'];
  await runProgram('apt-get', ['install', ...options, 'chromium'], { env });
  const program = await installed();
  if (program === undefined) throw new Error('the package chromium has no /usr/bin/chromium');
  return program;
}
