import { expect, test } from 'vitest';
import { partitionOf } from '../../src/component/partition.ts';
import { healthFrame, logFrame, powerFrame } from '../../src/emitter/frame-builders.ts';
import { until } from './until.ts';
import { WorkerLab } from './worker-lab.ts';

const PARTITIONS = 8;
const CHIP_STATUS = /^neuromorphic_chip_health_status\{/gm;
const T0_US = 1_800_000_000_000_000;

/** Two chips that are in different partitions. */
function twoChips(): readonly [string, string] {
  const second = ['1', '2', '3', '4', '5'].find((chip) => {
    return partitionOf('loihi2', chip, PARTITIONS) !== partitionOf('loihi2', '0', PARTITIONS);
  });
  return ['0', second as string];
}

const health = (chipId: string, status: 'ok' | 'down', t0Us = T0_US) =>
  healthFrame({ deviceType: 'loihi2', chipId, t0Us, status });

test('what joins chips has one owner, is told once, and goes on with another', async () => {
  const lab = await WorkerLab.open(PARTITIONS);
  const first = await lab.worker();
  const [a, b] = twoChips();
  await lab.send(health(a, 'ok'));
  await lab.send(health(b, 'down'));
  const status = 'loihi2_health_status{partition="join"}';
  const seen = await first.until('not all are there', (metrics) => {
    // The join may hear of one chip before the other's partition has begun, and a chip that is seen
    // first is told before what it says of itself.
    return (
      metrics.value(status) === 0 &&
      metrics.text.match(CHIP_STATUS)?.length === 2 &&
      metrics.sum('neuromorphic_chip_health_status') === 1
    );
  });
  // A part says nothing of all chips.
  expect(seen.text.match(/^loihi2_health_status/gm)).toHaveLength(1);

  const ofRun = (chipId: string, second: number) => ({
    ...powerFrame({
      ...{ deviceType: 'loihi2', chipId, t0Us: T0_US + second * 1_000_000 },
      ...{ spanUs: 1_000_000, dtUs: [0], watts: [1] },
    }),
    runId: 'both',
  });
  for (let second = 0; second < 5; second++) {
    await lab.send(ofRun(a, second));
    await lab.send(ofRun(b, second));
  }
  const over = (chipId: string) => ({
    ...logFrame({
      ...{ deviceType: 'loihi2', chipId, t0Us: T0_US + 5_000_000, level: 'INFO' },
      ...{ text: 'over', eventType: 'run_end' },
    }),
    runId: 'both',
  });
  await until('it has begun in both', async () => {
    return (await lab.messages('spikeformer.derived.run-open-part.>')).length === 2;
  });
  await lab.send(over(a));
  await until('one part has ended', async () => {
    return (await lab.messages('spikeformer.derived.run-part.>')).length === 1;
  });
  expect(await lab.messages('spikeformer.derived.run.>')).toEqual([]);
  // The other half of it ends under another owner of the join.
  const second = await lab.worker();
  expect(await first.stop()).toBe(0);
  await second.until('it has the join', (metrics) => metrics.value(status) === 0);
  await lab.send(over(b));
  const runs = () => lab.messages('spikeformer.derived.run.>');
  await until('the run is told', async () => (await runs()).length > 0);
  expect(await runs()).toMatchObject([
    {
      subject: 'spikeformer.derived.run.join.both',
      id: expect.stringMatching(/^j[0-9a-z]+-\d{12}-0000$/),
      fields: {
        ...{ record: 'run', run_id: 'both', chips: 2, hardware: 'loihi2', ended_by: 'said' },
        // Five of power and the last line, of each chip.
        frames: 12,
      },
    },
  ]);
  await second.logged('run both: 12 frames');
  expect(first.log()).not.toContain('run both');
  await lab.send(health(b, 'ok', T0_US + 9_000_000));
  await second.until('all are there', (metrics) => metrics.value(status) === 1);
  expect(await second.stop()).toBe(0);
});
