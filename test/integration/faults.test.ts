import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const SCRIPT = join(import.meta.dirname, '../../scripts/faults.ts');
const KILLS = 60;
/** A minute of faults and two runs that come to their end, on an idle machine; one may be busy. */
const MS_MAX = 1_800_000;
/** What is published meanwhile has to be processed twice, however long the faults take. */
const MESSAGES_PER_S = '150';

test(
  '60 kills of the service and of nats-server change nothing that is counted',
  async () => {
    // Another schedule and another stream each time; the report names the seed.
    const load = ['--store', 'sqlite', '--rate', MESSAGES_PER_S];
    const args = [SCRIPT, '--kills', String(KILLS), ...load, '--quiet'];
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
