import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runProgram } from './program.ts';

const folder = mkdtempSync(join(tmpdir(), 'spikescope-flags-'));

function fileOf(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

async function analyze(path: string, ...flags: readonly string[]) {
  const { code, stdout, stderr } = await runProgram('analyze', path, '--json', ...flags);
  const result = (stdout === '' ? {} : JSON.parse(stdout)) as Record<string, number>;
  return { code, stderr, spikes: result['total_spikes'], durationUs: result['duration_us'] };
}

it('reads bare times, one a line, once somebody says their unit', async () => {
  const times = fileOf('times.txt', '1.5\n2.25\n10\n');
  const unsaid = await analyze(times);
  expect(unsaid).toMatchObject({ code: 1, spikes: undefined });
  expect(unsaid.stderr).toContain('say their unit with --time-unit');
  expect(await analyze(times, '--time-unit', 'ms')).toMatchObject({
    spikes: 3,
    durationUs: 10_000,
  });
  expect(await analyze(times, '--time-unit', 's')).toMatchObject({ durationUs: 10_000_000 });
  const wrong = await analyze(times, '--time-unit', 'hours');
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toContain('--time-unit needs one of ns, us, ms, s, got "hours"');
});

it('takes the unit of a column that names none, and the length of a step', async () => {
  const table = fileOf('table.csv', 'time,neuron\n1.5,0\n2.25,3\n');
  expect((await analyze(table)).stderr).toContain('the column time has no unit');
  expect(await analyze(table, '--time-unit', 'ms')).toMatchObject({ spikes: 2, durationUs: 2250 });
  const steps = fileOf('steps.csv', 'timestep,neuron\n1,0\n200,3\n');
  expect(await analyze(steps)).toMatchObject({ durationUs: 200_000 });
  expect(await analyze(steps, '--timestep', '100us')).toMatchObject({ durationUs: 20_000 });
  expect((await analyze(steps, '--timestep', '1')).code).toBe(2);
});
