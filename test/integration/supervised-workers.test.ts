import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Exposition, startService } from './service-process.ts';
import { stateFolder, upTo } from './stream-lab.ts';
import { until } from './until.ts';
import { WorkerLab } from './worker-lab.ts';

const PARTITIONS = 8;
const CHIPS = 20;
/** Longer than a busy machine holds a process up: who has a share keeps it until one is killed. */
const TTL = '10s';

/** Partitions of frames: what joins chips is one more. */
const owned = ({ text }: Exposition) =>
  text.match(/^spikescope_partition_epoch\{partition="\d+"/gm)?.length ?? 0;

interface Targets {
  readonly targets: readonly string[];
  readonly labels: { readonly worker: string };
}

async function start(lab: WorkerLab, count: number) {
  const state = stateFolder();
  const parent = await startService([...lab.flags(state, TTL), '--workers', String(count)]);
  onTestFinished(() => parent.kill());
  const targets = () => JSON.parse(readFileSync(join(state, 'workers.json'), 'utf8')) as Targets[];
  /** What each worker shows; undefined where one does not answer. */
  const scrape = async () => {
    const all: Exposition[] = [];
    if (targets().length < count) return undefined;
    for (const {
      targets: [target],
    } of targets()) {
      const answer = await fetch(`http://${target}/metrics`).catch(() => undefined);
      if (answer === undefined) return undefined;
      all.push(new Exposition(await answer.text()));
    }
    return all;
  };
  const sum = async (metric: string, ...having: string[]) => {
    const all = (await scrape()) ?? [];
    return all.reduce((value, each) => value + each.sum(metric, ...having), 0);
  };
  return { parent, targets, scrape, sum };
}

/** The process that has a part, as its marker says; between two owners it waits for the next. */
async function pidOf(lab: WorkerLab, part: string): Promise<number> {
  let pid: string | undefined;
  await until(`${part} has an owner`, async () => {
    pid = /process (\d+)/.exec((await lab.marker(part))?.owner ?? '')?.[1];
    return pid !== undefined;
  });
  return Number(pid);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('run --workers: processes that share, started again when killed, ended together', async () => {
  const lab = await WorkerLab.open(PARTITIONS);
  const { parent, targets, scrape, sum } = await start(lab, 3);
  await until('all serve', () => Promise.resolve(targets().length === 3));
  expect(targets().map(({ labels }) => labels.worker)).toEqual(['0', '1', '2']);
  await lab.publish(5);
  await until('each has a share', async () => {
    const all = (await scrape())?.map(owned);
    return all !== undefined && Math.min(...all) >= 2 && Math.max(...all) <= 3;
  });
  const pid = await pidOf(lab, 'p0');
  process.kill(pid, 'SIGKILL');
  await lab.publish(5);
  await until('all frames are counted', async () => {
    return (await sum('spikescope_frames_total', 'kind="power"')) === 10 * CHIPS;
  });
  await parent.logged(/worker \d ended with SIGKILL: started again in \d+ ms/);
  await until('all is stored', () => lab.isSettled());
  for (const ofChip of (await lab.joules()).values()) expect(ofChip).toEqual(upTo(10));
  expect(await lab.oddMarks()).toEqual([]);
  const pids = await Promise.all(upTo(PARTITIONS).map((part) => pidOf(lab, `p${part}`)));
  expect(await parent.stop()).toBe(0);
  expect(pids.filter(isAlive)).toEqual([]);
  for (const part of upTo(PARTITIONS)) {
    expect((await lab.marker(`p${part}`))?.worker).toBeNull();
  }
});

test('workers whose parent was killed give back what they have, and end', async () => {
  const lab = await WorkerLab.open(PARTITIONS);
  const { parent, scrape } = await start(lab, 2);
  await until('each has its share', async () => {
    const all = (await scrape())?.map(owned);
    return all?.length === 2 && all.every((count) => count === PARTITIONS / 2);
  });
  const pids = await Promise.all(upTo(PARTITIONS).map((part) => pidOf(lab, `p${part}`)));
  expect(new Set(pids).size).toBe(2);
  await parent.kill();
  await until('they are gone', () => Promise.resolve(!pids.some(isAlive)));
  for (const part of upTo(PARTITIONS)) {
    expect((await lab.marker(`p${part}`))?.worker).toBeNull();
  }
});

test('a worker with a bad configuration ends them all, with the code for it', async () => {
  const lab = await WorkerLab.open(PARTITIONS);
  const flags = lab.flags(stateFolder(), '2s', 'http: { token_file: /nowhere/token }');
  const started = startService([...flags, '--workers', '2']);
  await expect(started).rejects.toThrow(/ended with 78[\s\S]*token_file: \/nowhere\/token/);
});
