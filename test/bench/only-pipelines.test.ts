import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const LIST = `
import { loadPipelines } from '${join(ROOT, 'src/cli/load-pipelines.ts')}';
console.log((await loadPipelines()).map(({ name }) => name).join());
`;

function loaded(only: string): string {
  const args = ['--import', join(ROOT, 'bench/parts/only-pipelines.ts'), '--input-type=module'];
  const env = { ...process.env, BENCH_PIPELINES: only };
  return execFileSync(process.execPath, [...args, '--eval', LIST], {
    env,
    encoding: 'utf8',
  }).trim();
}

test('a service under measurement has the pipelines that are named, or all', () => {
  expect(loaded('spike-totals,spike-rate')).toBe('spike-rate,spike-totals');
  expect(loaded('').split(',').length).toBeGreaterThan(10);
});
