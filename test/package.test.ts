import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '..');
const NPM = ['--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error'];

let folder = '';
let bin = '';

/** What a user gets: the packed tarball, installed into a folder that has nothing else. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spikescope-package-'));
  await run('npm', ['pack', '--pack-destination', folder, ...NPM], { cwd: ROOT });
  const [tarball] = await readdir(folder);
  await writeFile(join(folder, 'package.json'), '{"type": "module", "private": true}');
  await run('npm', ['install', '--prefer-offline', ...NPM, `./${tarball}`], { cwd: folder });
  bin = join(folder, 'node_modules/.bin/spikescope');
});

afterAll(() => rm(folder, { recursive: true, force: true }));

function node(script: string) {
  return run(process.execPath, ['--input-type=module', '-e', script], { cwd: folder });
}

it('can be imported, whole and the emitter alone', async () => {
  const { stdout } = await node(`
    import * as all from 'spikescope';
    import * as emitter from 'spikescope/emitter';
    console.log(typeof all.openRecording, Object.keys(emitter).length > 0);
  `);
  expect(stdout).toBe('function true\n');
});

it('has declarations beside what is exported, and no sources or tests', async () => {
  const { exports, files } = JSON.parse(
    (await run('npm', ['pkg', 'get', 'exports', 'files'], { cwd: ROOT })).stdout,
  ) as { exports: Record<string, { types?: string; default?: string }>; files: string[] };
  const home = join(folder, 'node_modules/spikescope');
  for (const entry of Object.values(exports)) {
    for (const path of [entry.types, entry.default]) {
      if (path !== undefined) expect(existsSync(join(home, path)), path).toBe(true);
    }
  }
  for (const name of await readdir(home)) {
    expect(['node_modules', 'fixtures', 'package.json', ...files], name).toContain(name);
  }
  expect(existsSync(join(home, 'test'))).toBe(false);
});

it('runs its program: help, a recording converted, the demo', async () => {
  const { stdout } = await run(process.execPath, [bin, '--help']);
  for (const command of ['demo', 'run', 'replay', 'convert']) expect(stdout).toContain(command);
  const fixture = join(folder, 'node_modules/spikescope/fixtures/demo/nest-layered');
  const out = join(folder, 'out.spk');
  const converted = await run(process.execPath, [bin, 'convert', fixture, out]);
  expect(JSON.parse(converted.stdout)).toMatchObject({ format: 'spk' });
  expect(existsSync(out)).toBe(true);
  const demo = spawn(process.execPath, [bin, 'demo', '--http', '127.0.0.1:0']);
  const url = await new Promise<string>((resolve, reject) => {
    let log = '';
    demo.stderr.setEncoding('utf8').on('data', (text: string) => {
      log += text;
      const found = /(http:\/\/127[^\s"\\/]+)[\s"\\/]/.exec(log)?.[1];
      if (found !== undefined) resolve(found);
    });
    demo.once('exit', () => reject(new Error(log)));
  });
  expect(await (await fetch(`${url}/metrics`)).text()).toContain('spikescope_frames_total');
  for (const path of ['/', '/page/main.js', '/page/views/raster.js', '/page/vendor/uplot.js']) {
    const answer = await fetch(`${url}${path}`);
    expect([answer.status, (await answer.text()).length > 500], path).toEqual([200, true]);
  }
  const ended = new Promise((resolve) => demo.once('exit', resolve));
  demo.kill('SIGTERM');
  expect(await ended).toBe(0);
});

it('has what runs in threads of its own: the embedded store', async () => {
  const state = ['--state', join(folder, 'state')];
  const line = '{"event_type":"conversion_start","message":"m","model_type":"vit"}';
  const file = join(folder, 'kit.log');
  await writeFile(file, `${line}\n${line}\n`);
  const ship = await run(process.execPath, [bin, 'logs', 'ship', file, '--once', ...state]);
  expect(JSON.parse(ship.stdout)).toMatchObject({ lines: 2, created: 2 });
  const analyze = await run(process.execPath, [bin, 'logs', 'analyze', '--json', ...state]);
  expect(JSON.parse(analyze.stdout)).toMatchObject({ by_model_type: { vit: 2 } });
});

it('says so where Node is too old', async () => {
  // The file is read as an older Node would: what it says depends on process.versions alone.
  const preload = join(folder, 'old.cjs');
  await writeFile(
    preload,
    "Object.defineProperty(process.versions, 'node', { value: '20.20.2' });",
  );
  const old = run(process.execPath, ['--require', preload, bin, 'demo']);
  await expect(old).rejects.toMatchObject({ code: 1 });
  const { stderr } = await old.catch((error: { stderr: string }) => error);
  expect(stderr).toContain('needs Node.js 24 or newer');
  expect(stderr).toContain(bin.split('/').at(-1));
});
