import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { runProgram } from '../cli/program.ts';
import type { Exposition, ServiceProcess } from './service-process.ts';
import { stateFolder, upTo } from './stream-lab.ts';
import { until } from './until.ts';
import { WorkerLab } from './worker-lab.ts';

const PARTITIONS = 8;
const CHIPS = 20;
/** Longer than a busy machine holds a process up: what moves was given, or its owner was killed. */
const TTL = '10s';
const TTL_OF_PAUSED = '6s';
/** Partitions of frames: what joins chips is one more. */
const owned = ({ text }: Exposition) =>
  text.match(/^spikescope_partition_epoch\{partition="\d+"/gm)?.length ?? 0;
/** How often it says that it gave a partition back. */
const gave = (worker: ServiceProcess) => worker.log().match(/gave p\d back/g)?.length ?? 0;
const frames = (metrics: Exposition) => metrics.sum('spikescope_frames_total', 'kind="power"');

/** Every joule of every chip once and in order, and each message with one owner's mark. */
async function expectExact(lab: WorkerLab, seconds: number): Promise<void> {
  await until('all is stored', () => lab.isSettled());
  const joules = await lab.joules();
  expect(joules.size).toBe(CHIPS);
  for (const ofChip of joules.values()) expect(ofChip).toEqual(upTo(seconds));
  expect(await lab.oddMarks()).toEqual([]);
  const ids = (await lab.messages('spikeformer.derived.>')).map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
}

test('workers share; one killed, one added, one told to end: totals are exact', async () => {
  const lab = await WorkerLab.open(PARTITIONS);
  const first = await lab.worker(stateFolder(), TTL);
  await lab.publish(5);
  await first.until('it has all', (seen) => owned(seen) === PARTITIONS);
  const second = await lab.worker(stateFolder(), TTL);
  await lab.publish(5);
  // The first gives half of them back, and nobody waits for a lease to end.
  await second.until('it has its share', (seen) => owned(seen) === PARTITIONS / 2);
  await until('it says what it gave', () => gave(first) === PARTITIONS / 2);
  expect(first.log()).not.toContain('could not be given back');
  await lab.publish(5);
  const third = await lab.worker(stateFolder(), TTL);
  await third.until('it has a share', (seen) => owned(seen) >= 2);
  await lab.publish(5);
  await second.kill();
  await lab.publish(5);
  await first.until('the rest is shared', (seen) => owned(seen) >= 4);
  await lab.publish(5);
  const before = await lab.marker('p0');
  const gaveBefore = gave(first);
  expect(await first.stop()).toBe(0);
  expect(gave(first)).toBeGreaterThan(gaveBefore);
  const last = await third.until('it has all', (seen) => {
    return owned(seen) === PARTITIONS && frames(seen) === 30 * CHIPS;
  });
  expect((await lab.marker('p0'))?.epoch).toBeGreaterThanOrEqual(before?.epoch ?? 1);
  expect(last.sum('neuromorphic_energy_joules_total')).toBe(29 * CHIPS);
  // Each chip's metrics are those of its partition.
  expect(last.sum('neuromorphic_energy_joules_total', 'partition="0"')).toBeLessThan(29 * CHIPS);
  expect(last.sum('spikescope_partition_changes_total', 'fenced')).toBe(0);
  await expectExact(lab, 30);
  expect(await third.stop()).toBe(0);
});

test('a worker paused while another took over: nothing of it lands, it says so', async () => {
  const lab = await WorkerLab.open(PARTITIONS);
  const paused = await lab.worker(stateFolder(), TTL_OF_PAUSED);
  await lab.publish(5);
  await paused.until('it has all', (seen) => {
    return owned(seen) === PARTITIONS && frames(seen) === 5 * CHIPS;
  });
  await until('all is stored', () => lab.isSettled());
  paused.child.kill('SIGSTOP');
  // It has these before it, unread, when it wakes.
  await lab.publish(5);
  const next = await lab.worker(stateFolder(), TTL_OF_PAUSED);
  await next.until('it has all', (seen) => {
    return owned(seen) === PARTITIONS && frames(seen) === 10 * CHIPS;
  });
  await lab.publish(5);
  await sleep(10_000);
  await until('all is stored', () => lab.isSettled());
  const { state: before } = await lab.manager.streams.info('SPIKEFORMER_DERIVED');
  const stored = await lab.stored();
  paused.child.kill('SIGCONT');
  await paused.until('it has given up', (seen) => {
    // What joins chips is one more.
    return seen.sum('spikescope_partition_changes_total', 'change="fenced"') === PARTITIONS + 1;
  });
  for (let part = 0; part < PARTITIONS; part++) {
    const line = `partition p${part} was taken over by`;
    await paused.logged(line);
    expect(paused.log().split(line)).toHaveLength(2);
  }
  expect(paused.log()).toContain('nothing of what this worker still had of it was stored');
  // Since it woke there is nothing of the epoch that was its own, and no frame of its own finding.
  expect(await lab.stored()).toEqual(stored);
  for (const message of await lab.messages('spikeformer.derived.>')) {
    if (message.at > before.last_seq) expect(message.owner.startsWith('1 ')).toBe(false);
  }
  // It takes its share again as any other worker would.
  await paused.until('it has its share', (seen) => owned(seen) === PARTITIONS / 2);
  await lab.publish(5);
  await expectExact(lab, 20);
  expect(await paused.stop()).toBe(0);
  expect(await next.stop()).toBe(0);
});

test('killed and started again on its state, it has what it had without waiting', async () => {
  const lab = await WorkerLab.open(PARTITIONS);
  const state = stateFolder();
  // So long a lease that no other way would do within this test.
  const first = await lab.worker(state, '10m');
  await lab.publish(3);
  await first.until('it has all', (seen) => frames(seen) === 3 * CHIPS);
  await first.kill();
  const again = await lab.worker(state, '10m');
  await lab.publish(3);
  await again.until('it has all', (seen) => frames(seen) === 6 * CHIPS);
  await expectExact(lab, 6);
  expect(await again.stop()).toBe(0);
});

test('a configuration that can’t be shared is refused with what to do', async () => {
  const state = stateFolder();
  const check = (...flags: string[]) => runProgram('run', '--check', '--state', state, ...flags);
  const refused = async (text: string, variables: Record<string, string>, ...flags: string[]) => {
    Object.assign(process.env, variables);
    const { code, stderr } = await check(...flags);
    for (const name of Object.keys(variables)) delete process.env[name];
    expect([code, stderr]).toEqual([78, expect.stringContaining(text)]);
  };
  const partitions = { SPIKESCOPE_STREAMS_PARTITIONS: '8' };
  await refused('core NATS has no partitions', partitions, '--delivery', 'core');
  await refused('need partitions to share', { SPIKESCOPE_WORKERS_COUNT: 'auto' });
  await refused('more than a quarter of workers.ttl', {
    ...partitions,
    SPIKESCOPE_WORKERS_TTL: '1s',
    SPIKESCOPE_CHECKPOINTS_COMMIT_INTERVAL: '500ms',
  });
});
