import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect } from 'vitest';

const SCRIPT = join(import.meta.dirname, '../../scripts/faults.ts');

/** A run under faults, and one without; fails where they differ. The report names the seed. */
export async function expectEqualUnderFaults(...flags: readonly string[]): Promise<string> {
  const args = [SCRIPT, ...flags, '--quiet'];
  const run = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let report = '';
  run.stdout.setEncoding('utf8').on('data', (text: string) => {
    report += text;
  });
  const [code] = (await once(run, 'close')) as [number | null];
  process.stdout.write(report);
  expect(report).toContain('equal to a run without faults');
  expect(code).toBe(0);
  return report;
}
