import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';

const run = promisify(execFile);
const INSTALL = join(import.meta.dirname, '../../scripts/services/install.ts');

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spikescope-services-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Installs a program of a name in a process of its own, with a folder of services of its own. */
async function install(name: string, prints: string): Promise<string> {
  const script = `
    import { writeFile } from 'node:fs/promises';
    import { install, isInstalled, servicePath } from ${JSON.stringify(INSTALL)};
    const service = {
      name: ${JSON.stringify(name)}, version: '1', binary: 'tool',
      check: { args: [], prints: ${JSON.stringify(prints)} },
      fetch: (into) => writeFile(into + '/tool', '#!/bin/sh\\necho here', { mode: 0o755 }),
    };
    const before = isInstalled(service);
    await install(service);
    console.log(before, isInstalled(service), servicePath(service));`;
  const env = { ...process.env, TEST_SERVICES_FOLDER: folder };
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { env });
  return stdout.trim();
}

it('keeps programs in the folder that is named, each version in its own', async () => {
  const path = join(folder, 'one-1/tool');
  expect(await install('one', 'here')).toBe(`false true ${path}`);
  expect(await readFile(path, 'utf8')).toContain('echo here');
});

it('leaves nothing of a program that does not run', async () => {
  await expect(install('two', 'elsewhere')).rejects.toThrow(/tool printed "here", not "elsewhere"/);
  expect((await readdir(folder)).filter((name) => name.includes('two'))).toEqual([]);
});

it('makes what is broken anew', async () => {
  await mkdir(join(folder, 'three-1'));
  await writeFile(join(folder, 'three-1/rest'), '');
  expect(await install('three', 'here')).toMatch(/^false true /);
  expect(await readdir(join(folder, 'three-1'))).toEqual(['tool']);
});
