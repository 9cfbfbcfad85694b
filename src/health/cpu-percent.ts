import { cpus } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cgroupsOf, numberIn, readNumber, readNumberOf, readText } from './cgroup.ts';

/** Until there is a time between two looks. */
const FIRST_MS = 200;

/** Busy and whole time so far of one thing that has so much of it, in one unit. */
interface CpuTime {
  readonly busy: number;
  readonly whole: number;
}

/**
 * CPU in use since the last look, %: of what a control group's quota allows where there is one, of
 * the group that is closest to it; else of all the machine's CPUs.
 */
export class CpuPercent {
  private readonly root: string;
  private readonly nowMs: () => number;
  private before: ReadonlyMap<string, CpuTime> = new Map();

  constructor(root = '/', nowMs: () => number = () => performance.now()) {
    this.root = root;
    this.nowMs = nowMs;
  }

  async read(signal: AbortSignal): Promise<number> {
    if (this.before.size === 0) {
      this.before = await this.look();
      await sleep(FIRST_MS, undefined, { signal });
    }
    const { before } = this;
    const now = await this.look();
    this.before = now;
    let percent = 0;
    for (const [name, { busy, whole }] of now) {
      const last = before.get(name);
      if (last === undefined || whole <= last.whole) continue;
      percent = Math.max(percent, ((busy - last.busy) / (whole - last.whole)) * 100);
    }
    return Math.min(percent, 100);
  }

  private async look(): Promise<ReadonlyMap<string, CpuTime>> {
    const times = await this.quotaTimes();
    if (times.size === 0) times.set('machine', await machineTime(this.root));
    return times;
  }

  private async quotaTimes(): Promise<Map<string, CpuTime>> {
    const { version, folders } = await cgroupsOf(this.root, 'cpu');
    const accounts = version === 1 ? await cgroupsOf(this.root, 'cpuacct') : undefined;
    const times = new Map<string, CpuTime>();
    for (const [i, folder] of folders.entries()) {
      const allowed = await cpusAllowed(folder, version);
      if (allowed === undefined) continue;
      const account = accounts?.folders[i];
      const busyMs = await (account === undefined ? usageMs(folder) : usageMsFirst(account));
      if (busyMs !== undefined) times.set(folder, { busy: busyMs, whole: this.nowMs() * allowed });
    }
    return times;
  }
}

/** How many CPUs a group may use at once; undefined where it may use all. */
async function cpusAllowed(folder: string, version: 1 | 2): Promise<number | undefined> {
  let quotaUs: number | undefined;
  let periodUs: number | undefined;
  if (version === 1) {
    quotaUs = await readNumber(join(folder, 'cpu.cfs_quota_us'));
    periodUs = await readNumber(join(folder, 'cpu.cfs_period_us'));
  } else {
    const [quota, period] = (await readText(join(folder, 'cpu.max')))?.split(' ') ?? [];
    quotaUs = numberIn(quota);
    periodUs = numberIn(period);
  }
  if (!quotaUs || !periodUs) return undefined;
  return quotaUs / periodUs;
}

async function usageMs(folder: string): Promise<number | undefined> {
  const us = await readNumberOf(join(folder, 'cpu.stat'), 'usage_usec');
  return us === undefined ? undefined : us / 1000;
}

async function usageMsFirst(folder: string): Promise<number | undefined> {
  const ns = await readNumber(join(folder, 'cpuacct.usage'));
  return ns === undefined ? undefined : ns / 1e6;
}

/** user, nice, system, idle, iowait, irq, softirq, steal; guests are in user already. */
const IDLE = [3, 4];
const FIELDS = 8;

async function machineTime(root: string): Promise<CpuTime> {
  const text = await readText(join(root, 'proc/stat'));
  const fields = /^cpu +([\d ]+)$/m
    .exec(text ?? '')?.[1]
    ?.split(' ')
    .slice(0, FIELDS)
    .map(Number);
  if (fields !== undefined) {
    const whole = fields.reduce((sum, field) => sum + field, 0);
    const idle = IDLE.reduce((sum, at) => sum + (fields[at] ?? 0), 0);
    return { busy: whole - idle, whole };
  }
  const times = cpus().map((cpu) => cpu.times);
  const whole = times.flatMap((each) => Object.values(each)).reduce((sum, ms) => sum + ms, 0);
  return { busy: whole - times.reduce((sum, each) => sum + each.idle, 0), whole };
}
