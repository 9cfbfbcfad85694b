import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { MONITORING, promtool } from '../monitoring/tools.ts';
import { runProgram } from './program.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spikescope-monitoring-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function filesOf(at: string): Promise<string[]> {
  const entries = await readdir(at, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(at.length + 1))
    .sort();
}

it('writes what the repository has, where no values are given', async () => {
  const out = join(folder, 'plain');
  const { code, stdout } = await runProgram('monitoring', 'generate', '--out', out);
  expect(code).toBe(0);
  const written = await filesOf(out);
  expect(stdout.trim().split('\n').sort()).toEqual(written.map((path) => join(out, path)));
  const kept = (await filesOf(MONITORING)).filter((path) => !path.startsWith('kibana/'));
  expect(written.filter((path) => !path.startsWith('runbooks/'))).toEqual(kept);
  for (const path of kept) {
    const [mine, theirs] = [join(out, path), join(MONITORING, path)];
    expect(await readFile(mine, 'utf8'), path).toBe(await readFile(theirs, 'utf8'));
  }
});

it('writes over nothing without --force', async () => {
  const out = join(folder, 'twice');
  expect((await runProgram('monitoring', 'generate', '--out', out)).code).toBe(0);
  const again = await runProgram('monitoring', 'generate', '--out', out);
  expect([again.code, again.stderr]).toEqual([78, expect.stringContaining('--force')]);
  expect((await runProgram('monitoring', 'generate', '--force', '--out', out)).code).toBe(0);
});

it('takes values: thresholds, addresses, a factor of every time', async () => {
  const values = join(folder, 'values.yml');
  const text = [
    'time_scale: 0.1',
    'thresholds: { node_memory_ratio: 0.8 }',
    'runbooks_url: https://example.org/runbooks',
    'prometheus: { spikescope: ["10.0.0.1:9464"], spikescope_token: false }',
    'alertmanager: { email: { smarthost: "mail:25", username: kit } }',
  ].join('\n');
  await writeFile(values, text);
  const out = join(folder, 'own');
  const { code } = await runProgram('monitoring', 'generate', '--out', out, '--values', values);
  expect(code).toBe(0);
  const read = (path: string) => readFile(join(out, path), 'utf8');
  const rules = await read('prometheus/rules/alerts.yml');
  expect(rules).toContain('MemTotal_bytes > 0.8\n');
  expect(rules).toContain('https://example.org/runbooks/HighMemoryUsage.md');
  expect(rules).toMatch(/alert: HardwareDisconnected\n.*\n +for: 6s\n/);
  expect(await read('prometheus/prometheus.yml')).not.toContain('authorization');
  expect(await read('alertmanager/alertmanager.yml')).toContain('smtp_auth_username: kit');
  // The cases of the rules are in unscaled time.
  expect(await filesOf(out)).not.toContain('prometheus/rules.test.yml');
  const checked = await promtool('check', 'rules', join(out, 'prometheus/rules/alerts.yml'));
  expect(checked).toContain('SUCCESS');
});

it.each([
  ['tresholds: {}', 'unknown setting tresholds: did you mean thresholds?'],
  ['thresholds: { node_memory_ratio: 2 }', 'thresholds.node_memory_ratio'],
  ['prometheus: { spikescope: ["nowhere"] }', 'needs host:port'],
])('refuses %s, and says why', async (text, why) => {
  const values = join(folder, 'wrong.yml');
  await writeFile(values, text);
  const out = join(folder, 'wrong');
  const refused = await runProgram('monitoring', 'generate', '--out', out, '--values', values);
  expect([refused.code, refused.stderr]).toEqual([78, expect.stringContaining(why)]);
  await expect(readdir(out)).rejects.toThrow('ENOENT');
});
