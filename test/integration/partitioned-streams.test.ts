import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { expect, onTestFinished, test } from 'vitest';
import { partitionFilter, partitionOf } from '../../src/component/partition.ts';
import { setUpStreams, streamNames, wantedStreams } from '../../src/sources/jetstream-streams.ts';
import { streamOptions } from '../../src/sources/stream-options.ts';
import { startNatsServer } from './nats-server.ts';
import { PATIENT } from './stream-lab.ts';

const NAMES = streamNames('SPIKEFORMER');

async function open() {
  const server = await startNatsServer({ jetStream: 'max_file: 40G' });
  onTestFinished(() => server.stop());
  const connection = await connect({ servers: server.url });
  onTestFinished(() => connection.close());
  const jsm = await jetstreamManager(connection, PATIENT);
  const setUp = (partitions: number, change = false) => {
    const options = streamOptions.parse({ partitions });
    return setUpStreams(jsm, wantedStreams('spike.former', options, undefined), { change });
  };
  return { connection, jsm, setUp };
}

test('the server puts each chip into the partition that we compute', async () => {
  const { connection, jsm, setUp } = await open();
  const { made, differs } = await setUp(16);
  expect(made).toHaveLength(4);
  expect(differs).toEqual([]);
  expect((await setUp(16)).differs).toEqual([]);
  const stream = jetstream(connection, PATIENT);
  const counts = new Map<number, number>();
  for (let i = 0; i < 200; i++) {
    const device = ['loihi2', 'spinnaker', 'cpu'][i % 3] as string;
    const chip = `${(i * 7919) % 1000}-x_${i}`;
    const partition = partitionOf(device, chip, 16);
    const { seq } = await stream.publish(`spike.former.spikes.${device}.${chip}`, 'x');
    const stored = await jsm.streams.getMessage(NAMES.frames, { seq });
    expect(stored?.subject).toBe(`spike.former.spikes.${device}.${chip}.${partition}`);
    counts.set(partition, (counts.get(partition) ?? 0) + 1);
  }
  for (const [partition, count] of counts) {
    const { num_pending: pending } = await jsm.consumers.add(NAMES.frames, {
      filter_subject: partitionFilter('spike.former', partition),
      ack_policy: 'none',
    });
    expect(pending).toBe(count);
  }
  // What would look like a partition's message from outside is in no stream.
  await expect(stream.publish('spike.former.spikes.a.b.3', 'x')).rejects.toThrow();
});

test('the number of partitions of a stream stays, and a service would say so', async () => {
  const { jsm, setUp } = await open();
  await setUp(1);
  const differing = await setUp(8);
  expect(differing.vital.join()).toContain('subject_transform is none (1 partition)');
  expect(differing.vital.join()).toContain('set streams.partitions or streams.name');
  expect((await setUp(8, true)).changed).toEqual([]);
  const { config } = await jsm.streams.info(NAMES.frames);
  expect(config.subject_transform).toBeUndefined();
  expect(config.subjects).toContain('spike.former.spikes.>');
});

test('another number of partitions is not applied either', async () => {
  const { jsm, setUp } = await open();
  await setUp(8);
  const asked = await setUp(4, true);
  expect(asked.changed).toEqual([]);
  expect(asked.vital.join()).toContain('that of 8 partitions, wanted that of 4 partitions');
  const back = await setUp(1, true);
  expect(back.vital.join()).toContain('that of 8 partitions, wanted none (1 partition)');
  const { config } = await jsm.streams.info(NAMES.frames);
  expect(config.subject_transform?.dest).toContain('partition(8,2,3)');
});
