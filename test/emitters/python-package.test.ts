import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Analysis } from '../../src/analysis/result.ts';
import { runProgram } from '../cli/program.ts';
import { PythonHost, runPython } from './python-host.ts';

const FIXTURES = join(import.meta.dirname, '../../fixtures');
let folder: string;
let host: PythonHost;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spikescope-python-'));
  host = new PythonHost();
});
afterAll(async () => {
  await host?.end();
  await rm(folder, { recursive: true, force: true });
});

test('the tests of the package pass with it installed', async () => {
  const printed = await runPython(['-m', 'pytest', 'tests']);
  expect(printed).toMatch(/^\d{3,} passed in/m);
  expect(printed).not.toContain('skipped');
});

interface Read {
  readonly spikes: Readonly<Record<string, number>>;
  readonly active: Readonly<Record<string, number>>;
  readonly kinds: Readonly<Record<string, number>>;
  readonly notes: readonly string[];
}

test.each([
  ['recordings/nest-layered-linkdrop', '--no-dense'],
  ['demo/sanafe-loihi', '--no-dense'],
  ['recordings/nest-layered-linkdrop', '--dense'],
])(
  'a .spk file that convert wrote of %s %s holds in Python what analyze says',
  async (name, columns) => {
    const source = join(FIXTURES, name);
    const out = join(folder, `${name.replace('/', '-')}${columns}.spk`);
    const converted = await runProgram('convert', source, out, columns);
    expect(converted.code, converted.stderr).toBe(0);
    const analyzed = JSON.parse((await runProgram('analyze', source, '--json')).stdout);
    const { layers } = analyzed as Analysis;
    const read = await host.call<Read>('recording', { path: out });
    expect(read.notes).toEqual([]);
    const rows = Object.entries(layers);
    expect(rows.length).toBeGreaterThan(1);
    const of = (number: 'spikes' | 'active_neurons') =>
      Object.fromEntries(rows.map(([layer, values]) => [layer, values[number]]));
    expect(read.spikes).toEqual(of('spikes'));
    expect(read.active).toEqual(of('active_neurons'));
    expect(Object.keys(read.kinds)).toContain('spikes');
  },
);
