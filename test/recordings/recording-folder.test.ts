import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { RecordingFolder } from '../../src/recordings/recording-folder.ts';

let home: string;
let folder: RecordingFolder;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'spikescope-folder-'));
  const path = join(home, 'recordings');
  mkdirSync(join(path, 'run-1'), { recursive: true });
  writeFileSync(join(path, 'b.csv'), '12345');
  writeFileSync(join(path, 'run-1', 'spikes.dat'), '123');
  writeFileSync(join(path, 'run-1', 'meta.json'), '{}');
  writeFileSync(join(path, '.hidden'), '1');
  writeFileSync(join(home, 'secret'), 'a secret');
  symlinkSync(join(home, 'secret'), join(path, 'led-out'));
  symlinkSync(home, join(path, 'led-up'));
  symlinkSync('b.csv', join(path, 'led-in'));
  mkdirSync(join(path, 'run-2'));
  symlinkSync('../../secret', join(path, 'run-2', 'spikes.dat'));
  folder = new RecordingFolder(path);
});
afterAll(() => rmSync(home, { recursive: true }));

it('lists files and folders with their sizes; nothing hidden, nothing that leads out', async () => {
  const { entries, left } = await folder.list();
  expect(entries.map(({ name, kind, bytes }) => [name, kind, bytes])).toEqual([
    ['b.csv', 'file', 5],
    ['led-in', 'file', 5],
    ['run-1', 'folder', 5],
  ]);
  expect(left).toBe(0);
});

it.each([
  ...['..', '.', '', '../secret', 'run-1/../../secret', 'run-1/spikes.dat', '/etc/passwd'],
  ...['.hidden', 'led-out', 'led-up', 'run-2', 'b.csv\0', '..\\secret', '%2e%2e', 'B.CSV'],
])('finds nothing named %j', async (name) => {
  await expect(folder.find(name)).rejects.toMatchObject({ code: 'not_found' });
});

it('finds what it lists', async () => {
  expect(await folder.find('run-1')).toMatchObject({ path: join(folder.path, 'run-1') });
});
