/**
 * npm run faults: the service, nats-server and the store killed at random while a known stream is
 * published; everything that was derived is compared with a run without faults.
 * Usage: npm run faults -- [--seed N] [--kills K] [--store sqlite|elasticsearch] [--rate N]
 *        [--keep] [--delivery D] [--quiet]
 * Several workers that share partitions, on a cluster of servers:
 *        npm run faults -- --workers 4 [--partitions 16] [--servers 3] [--faults 40] [--seed N] …
 * Exit codes: 0 equal, 1 different, 2 usage.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clusterReportOf } from './faults/cluster/report.ts';
import { clusterRun } from './faults/cluster/run.ts';
import type { Difference } from './faults/compare.ts';
import { type FaultRunOptions, faultRun } from './faults/fault-run.ts';
import { type FaultsAsked, faultsAsked } from './faults/options.ts';
import { reportOf } from './faults/report.ts';
import { inOwnNamespace, mayMount } from './faults/small-disk.ts';

interface Done {
  readonly report: string;
  readonly differences: readonly Difference[];
}

const asked = faultsAsked(process.argv.slice(2));
if (asked === undefined) process.exit(2);
const folder = mkdtempSync(join(tmpdir(), 'spikescope-faults-'));
const said = (text: string): void => {
  if (!asked.isQuiet) process.stderr.write(`${text}\n`);
};
process.stderr.write(`seed ${asked.seed}\n`);
const { report, differences } = await run(asked);
process.stdout.write(report);
const isEqual = differences.length === 0;
if (isEqual && !asked.isKept) rmSync(folder, { recursive: true, force: true });
else process.stdout.write(`what was left is in ${folder}\n`);
process.exit(isEqual ? 0 : 1);

async function run({ seed, messagesPerS, delivery, one, cluster }: FaultsAsked): Promise<Done> {
  const shared = { seed, messagesPerS, folder, said };
  if (cluster !== undefined) {
    const options = { ...shared, ...cluster };
    const result = await clusterRun(options);
    return { report: clusterReportOf(options, result), differences: result.differences };
  }
  if (one === undefined) throw new Error('neither one process nor a cluster');
  runWhereMountingIsAllowed(seed);
  const options: FaultRunOptions = { ...shared, ...one, delivery, settings: {} };
  const result = await faultRun(options);
  return { report: reportOf(options, result), differences: result.differences };
}

/** Who may not mount a small disk may do so in a namespace; where not, no disk is ever full. */
function runWhereMountingIsAllowed(seed: number): void {
  if (process.env['FAULTS_INSIDE'] === '1' || mayMount(join(folder, 'disk'))) return;
  const wrapped = inOwnNamespace([...process.argv.slice(1), '--seed', String(seed)]);
  if (wrapped === undefined) return;
  const [program, ...args] = wrapped as [string, ...string[]];
  const env = { ...process.env, FAULTS_INSIDE: '1' };
  const { status } = spawnSync(program, args, { stdio: 'inherit', env });
  rmSync(folder, { recursive: true, force: true });
  process.exit(status ?? 1);
}
