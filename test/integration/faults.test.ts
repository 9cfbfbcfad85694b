import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const SCRIPT = join(import.meta.dirname, '../../scripts/faults.ts');
const KILLS = 60;
/** Under a minute of faults on an idle machine, then both runs come to their end. */
const MS_MAX = 600_000;

test(
  '60 kills of the service and of nats-server change nothing that is counted',
  async () => {
    // Another schedule and another stream each time; the report names the seed.
    const args = [SCRIPT, '--kills', String(KILLS), '--store', 'sqlite', '--quiet'];
    const run = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let report = '';
    run.stdout.setEncoding('utf8').on('data', (text: string) => {
      report += text;
    });
    const [code] = (await once(run, 'close')) as [number | null];
    process.stdout.write(report);
    expect(report).toContain('equal to a run without faults');
    expect(code).toBe(0);
  },
  MS_MAX,
);
