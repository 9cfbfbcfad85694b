/**
 * npm run faults: the service, nats-server and the store killed at random while a known stream is
 * published; everything that was derived is compared with a run without faults.
 * Usage: npm run faults -- [--seed N] [--kills K] [--store sqlite|elasticsearch] [--rate N]
 *        [--keep] [--delivery D] [--quiet]
 * Exit codes: 0 equal, 1 different, 2 usage.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type FaultRunOptions, faultRun } from './faults/fault-run.ts';
import { reportOf } from './faults/report.ts';
import { inOwnNamespace, mayMount } from './faults/small-disk.ts';

const SEEDS = 2 ** 31;

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    kills: { type: 'string', default: '60' },
    store: { type: 'string' },
    rate: { type: 'string', default: '300' },
    delivery: { type: 'string', default: 'jetstream' },
    keep: { type: 'boolean', default: false },
    quiet: { type: 'boolean', default: false },
  },
});
const seed = values.seed === undefined ? Math.floor(Math.random() * SEEDS) : Number(values.seed);
const kills = Number(values.kills);
const messagesPerS = Number(values.rate);
// Every fifth seed has the store that can be killed.
const store = values.store ?? (seed % 5 === 0 ? 'elasticsearch' : 'sqlite');
const isFine = [seed, kills, messagesPerS].every((n) => Number.isSafeInteger(n) && n >= 0);
if (!isFine || messagesPerS === 0 || (store !== 'sqlite' && store !== 'elasticsearch')) {
  process.stderr.write(
    'usage: faults [--seed N] [--kills K] [--store sqlite|elasticsearch] [--rate N] [--keep]\n',
  );
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), 'spikescope-faults-'));
runWhereMountingIsAllowed();
process.stderr.write(`seed ${seed}\n`);
const options: FaultRunOptions = {
  ...{ seed, kills, store, messagesPerS, folder },
  ...{ delivery: values.delivery, settings: {} },
  said: (text) => {
    if (!values.quiet) process.stderr.write(`${text}\n`);
  },
};
const result = await faultRun(options);
process.stdout.write(reportOf(options, result));
const isEqual = result.differences.length === 0;
if (isEqual && !values.keep) rmSync(folder, { recursive: true, force: true });
else process.stdout.write(`what was left is in ${folder}\n`);
process.exit(isEqual ? 0 : 1);

/** Who may not mount a small disk may do so in a namespace; where not, no disk is ever full. */
function runWhereMountingIsAllowed(): void {
  if (process.env['FAULTS_INSIDE'] === '1' || mayMount(join(folder, 'disk'))) return;
  const wrapped = inOwnNamespace([...process.argv.slice(1), '--seed', String(seed)]);
  if (wrapped === undefined) return;
  const [program, ...args] = wrapped as [string, ...string[]];
  const env = { ...process.env, FAULTS_INSIDE: '1' };
  const { status } = spawnSync(program, args, { stdio: 'inherit', env });
  rmSync(folder, { recursive: true, force: true });
  process.exit(status ?? 1);
}
