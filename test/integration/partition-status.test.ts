import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { expect, onTestFinished, test } from 'vitest';
import type { Status } from '../../src/cli/status/status.ts';
import { partitionOf } from '../../src/component/partition.ts';
import { setUpStreams, wantedStreams } from '../../src/sources/jetstream-streams.ts';
import { streamOptions } from '../../src/sources/stream-options.ts';
import { runProgram } from '../cli/program.ts';
import { startNatsServer } from './nats-server.ts';
import { NAMES, PATIENT, stateFolder } from './stream-lab.ts';

const PARTITIONS = 4;

/** However long the program takes to start, the leases are of now. */
function flagsFor(nats: string): string[] {
  const folder = stateFolder();
  const config = join(folder, 'config.yaml');
  writeFileSync(config, 'workers: { ttl: 10m }\n');
  const places = ['--state', `${folder}/none`, '--nats', nats, '--http', '127.0.0.1:9'];
  return ['--config', config, ...places];
}

test('status tells who has which partition, since when, and what waits there', async () => {
  const server = await startNatsServer({ jetStream: 'max_file: 40G' });
  onTestFinished(() => server.stop());
  const connection = await connect({ servers: server.url });
  onTestFinished(() => connection.close());
  const manager = await jetstreamManager(connection, PATIENT);
  const options = streamOptions.parse({ partitions: PARTITIONS });
  await setUpStreams(manager, wantedStreams('spikeformer', options, undefined), { change: false });
  const client = jetstream(connection, PATIENT);
  const sent = new Map<number, number[]>();
  for (let i = 0; i < 40; i++) {
    const partition = partitionOf('cpu', `c${i}`, PARTITIONS);
    const { seq } = await client.publish(`spikeformer.spikes.cpu.c${i}`, 'x');
    sent.set(partition, [...(sent.get(partition) ?? []), seq]);
  }
  const { created } = await manager.streams.info(NAMES.frames);
  const mark = (partition: number | 'join', at: number, more: object) =>
    client.publish(
      `spikeformer.control.part.${partition === 'join' ? '' : 'p'}${partition}`,
      JSON.stringify({
        ...{ v: 1, owner: 'process-1', epoch: 7, stream: NAMES.frames, created },
        ...{
          sequence: sent.get(Number(partition))?.at(at),
          records: null,
          worker: 'east',
          ...more,
        },
      }),
    );
  // All done; the last two to come; given back; the fourth never had an owner.
  await mark(0, -1, {});
  await mark(1, -3, { worker: 'west', owner: 'process-2', epoch: 3 });
  await mark(2, 0, { worker: null });
  await mark('join', 0, { epoch: 1, stream: NAMES.derived, created: '', sequence: 17 });

  const flags = flagsFor(server.url);
  const [json, table] = [
    await runProgram('status', ...flags, '--json'),
    await runProgram('status', ...flags),
  ];
  const { partitions, problems } = JSON.parse(json.stdout) as Status;
  expect(problems).toEqual([]);
  const countOf = (partition: number) => sent.get(partition)?.length ?? 0;
  expect(partitions).toMatchObject({
    count: PARTITIONS,
    without_owner: 2,
    lag_messages: 2 + (countOf(2) - 1) + countOf(3),
    workers: [
      { worker: 'east', owner: 'process-1', partitions: 2 },
      { worker: 'west', owner: 'process-2', partitions: 1 },
    ],
  });
  expect(partitions?.list).toMatchObject([
    { partition: '0', worker: 'east', epoch: 7, lag_messages: 0, sequence: sent.get(0)?.at(-1) },
    { partition: '1', worker: 'west', owner: 'process-2', epoch: 3, lag_messages: 2 },
    { partition: '2', worker: null, owner: null, epoch: 7, lag_messages: countOf(2) - 1 },
    { partition: '3', worker: null, epoch: 0, lag_messages: countOf(3), sequence: null },
    { partition: 'join', worker: 'east', epoch: 1, lag_messages: null, sequence: 17 },
  ]);
  expect(partitions?.list[0]?.lease_age_seconds).toBeGreaterThanOrEqual(0);
  expect(partitions?.list[3]?.lease_age_seconds).toBeNull();
  const rows = table.stdout.split('\n').map((line) => line.trim().split(/ {2,}/));
  expect(rows.find(([name]) => name === '1')?.slice(0, 4)).toEqual(['1', 'west', '3', '2']);
  expect(rows.find(([name]) => name === '3')?.slice(0, 3)).toEqual(['3', 'nobody', '0']);
  expect(rows).toContainEqual(['east', '2', 'process-1']);
  expect(table.stdout).toContain('2 partitions have no owner\n');
  // Those that counted are gone again.
  expect((await manager.streams.info(NAMES.frames)).state.consumer_count).toBe(0);
});
