import { expect, test } from 'vitest';
import type { Status } from '../../src/cli/status/status.ts';
import type { PartitionsShown } from '../../src/component/partition-view.ts';
import { runProgram } from '../cli/program.ts';
import type { ServiceProcess } from './service-process.ts';
import { stateFolder } from './stream-lab.ts';
import { until } from './until.ts';
import { WorkerLab } from './worker-lab.ts';

const PARTITIONS = 8;
/** Longer than a busy machine holds a process up: who has a share keeps it until one is killed. */
const TTL = '10s';

async function asked<T>(worker: ServiceProcess, path: string): Promise<T> {
  return (await (await fetch(`${worker.url}${path}`)).json()) as T;
}

async function healthOf(worker: ServiceProcess): Promise<PartitionsShown> {
  const health = await asked<{ partitions: PartitionsShown }>(worker, '/health/detailed');
  return health.partitions;
}

test('status, health, page and metrics of two workers say who has which partition', async () => {
  const lab = await WorkerLab.open(PARTITIONS);
  const start = () => lab.worker(stateFolder(), TTL);
  const [one, two] = [await start(), await start()];
  await lab.publish(3);
  const parts = [...Array(PARTITIONS).keys()].map(String);
  // Each says what it has, and whose the others are, as each sees it; half is the share of either,
  // and from then on they keep what they have.
  await until('they share them', async () => {
    const [a, b] = await Promise.all([healthOf(one), healthOf(two)]);
    const isShared = a.owned + b.owned === a.count && Math.min(a.owned, b.owned) >= PARTITIONS / 2;
    return isShared && a.without_owner === 0 && b.without_owner === 0;
  });
  await until('all is processed', () => lab.isSettled());
  const [health, other] = [await healthOf(one), await healthOf(two)];
  expect(health.list.map(({ partition }) => partition)).toEqual(expect.arrayContaining(parts));
  const ownOf = ({ list }: PartitionsShown) => list.filter(({ own }) => own);
  const names = new Set(health.list.map(({ worker }) => worker));
  expect(names.size).toBe(2);
  for (const { partition, worker, epoch, lease_age_seconds: age } of ownOf(health)) {
    expect(epoch).toBeGreaterThan(0);
    expect(age).toBeGreaterThanOrEqual(0);
    expect(other.list.find((each) => each.partition === partition)?.worker).toBe(worker);
  }
  const page = await asked<{ delivery: { partitions: PartitionsShown } }>(one, '/api/overview');
  expect(page.delivery.partitions.count).toBe(health.count);
  expect(ownOf(page.delivery.partitions)).toHaveLength(health.owned);

  // A part that has only just begun does not know its lag yet.
  const lags = ownOf(health).map(({ partition }) => {
    return `spikescope_partition_lag_messages{partition="${partition}"}`;
  });
  const metrics = await one.until('all lags are 0', (seen) => {
    return lags.every((lag) => seen.value(lag) === 0);
  });
  expect(metrics.value('spikescope_partitions')).toBe(health.count);
  expect(metrics.value('spikescope_partitions_owned')).toBe(health.owned);
  for (const { partition, epoch } of ownOf(health)) {
    const label = `{partition="${partition}"}`;
    expect(metrics.value(`spikescope_partition_epoch${label}`)).toBe(epoch);
    expect(metrics.value(`spikescope_partition_lease_age_seconds${label}`)).toBeLessThan(60);
  }
  expect(metrics.text).not.toMatch(
    new RegExp(`partition_epoch\\{partition="${ownOf(other)[0]?.partition}"`),
  );

  const flags = ['--state', `${stateFolder()}/none`, '--nats', lab.nats.url];
  const status = async () => {
    const { stdout } = await runProgram('status', ...flags, '--http', '127.0.0.1:9', '--json');
    return (JSON.parse(stdout) as Status).partitions;
  };
  expect(await status()).toMatchObject({ count: PARTITIONS, lag_messages: 0 });
  expect((await status())?.workers.map(({ worker }) => worker).sort()).toEqual([...names].sort());

  // One is gone: the other says so of itself, and then of what it took.
  await two.kill();
  await until('the other has all', async () => (await healthOf(one)).owned === health.count);
  const after = await healthOf(one);
  expect(after.without_owner).toBe(0);
  for (const { partition, epoch } of ownOf(other)) {
    const now = after.list.find((each) => each.partition === partition);
    expect(now?.epoch).toBeGreaterThan(epoch);
  }
});
