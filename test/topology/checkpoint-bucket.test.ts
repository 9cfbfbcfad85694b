import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { setUpStreams, streamNames, wantedStreams } from '../../src/sources/jetstream-streams.ts';
import { streamOptions } from '../../src/sources/stream-options.ts';
import { CheckpointBucket, CheckpointFencedError } from '../../src/topology/checkpoint-bucket.ts';
import { type NatsServer, startNatsServer } from '../integration/nats-server.ts';
import { PATIENT } from '../integration/stream-lab.ts';
import { checkpointContent } from './checkpoint-content.ts';

const { state: STREAM } = streamNames('SPIKEFORMER');

let nats: NatsServer;
let connection: NatsConnection;
let manager: JetStreamManager;
beforeAll(async () => {
  nats = await startNatsServer({ jetStream: true });
  connection = await connect({ servers: nats.url });
  manager = await jetstreamManager(connection, PATIENT);
  const options = streamOptions.parse({ partitions: 4, bytes_max: 2 ** 25 });
  await setUpStreams(manager, wantedStreams('spikeformer', options, undefined), { change: false });
});
afterAll(async () => {
  await connection.close();
  await nats.stop();
});

const bucketOf = (part: string, owner: string) =>
  new CheckpointBucket({ connection: () => connection, stream: STREAM, part, owner });

/** A state that takes several chunks. */
function large(sequence: number, mib: number) {
  const bytes = new Uint8Array(mib * 1024 * 1024).map((_, i) => (i * 31 + sequence) % 256);
  return { ...checkpointContent(sequence), states: { 'power/large': bytes } };
}

async function keysOf(part: string): Promise<string[]> {
  const { state } = await manager.streams.info(STREAM, { subjects_filter: `$KV.*.${part}.>` });
  return Object.keys(state.subjects ?? {}).map((subject) => subject.slice('$KV.'.length));
}

it('gives back what was written last, of any size, in a bucket like any other', async () => {
  const first = bucketOf('p0', 'a');
  expect(await first.newest()).toEqual({ content: undefined, refused: [] });
  for (const content of [checkpointContent(7), large(8, 5), checkpointContent(9), large(10, 2)]) {
    const bytes = await first.write(content);
    expect(bytes).toBeGreaterThan(100);
    const found = await bucketOf('p0', 'a').newest();
    expect(found).toEqual({ content, refused: [] });
    // The other one of the same owner has taken the head: so this one reads it again.
    await first.newest();
  }
  // What an earlier one had more of is gone: five MiB were ten chunks.
  expect(await keysOf('p0')).toHaveLength(1 + 5);
  const subject = '$KV.SPIKEFORMER_STATE.p0.head';
  const stored = await manager.streams.getMessage(STREAM, { last_by_subj: subject });
  const head: unknown = stored?.json();
  expect(head).toMatchObject({ v: 1, owner: 'a', chunks: 5 });
});

it('an owner whose part was taken over writes nothing more, not even a chunk', async () => {
  const paused = bucketOf('p1', 'paused');
  await paused.newest();
  await paused.write(large(20, 1));
  const next = bucketOf('p1', 'next');
  expect((await next.newest()).content?.sequence).toBe(20);
  const { state: before } = await manager.streams.info(STREAM);
  await expect(paused.write(large(21, 2))).rejects.toThrow(CheckpointFencedError);
  await expect(paused.write(large(22, 2))).rejects.toThrow('p1 is that of next now');
  expect((await manager.streams.info(STREAM)).state.last_seq).toBe(before.last_seq);
  await next.write(large(23, 1));
  expect((await bucketOf('p1', 'third').newest()).content).toEqual(large(23, 1));
});

it('one that is torn is none, with the reason; other parts are not touched', async () => {
  const bucket = bucketOf('p2', 'a');
  await bucket.newest();
  await bucket.write(large(30, 1));
  await manager.streams.purge(STREAM, { filter: '$KV.SPIKEFORMER_STATE.p2.chunk.1' });
  const { content, refused } = await bucketOf('p2', 'b').newest();
  expect(content).toBeUndefined();
  expect(refused).toMatchObject([{ path: `${STREAM}/p2`, reason: 'chunk 1 of 3 is missing' }]);
  const again = bucketOf('p2', 'b');
  await again.newest();
  await again.write(large(31, 1));
  expect((await bucketOf('p2', 'b').newest()).content?.sequence).toBe(31);
  expect((await bucketOf('p1', 'third').newest()).content?.sequence).toBe(23);
});

it('what does not fit is refused, and the one before stays', async () => {
  const bucket = bucketOf('p3', 'a');
  await bucket.newest();
  await bucket.write(checkpointContent(40));
  const { config } = await manager.streams.info(STREAM);
  await manager.streams.update(STREAM, { ...config, max_bytes: 2 ** 22 });
  await expect(bucket.write(large(41, 6))).rejects.toThrow(/maximum bytes/);
  await manager.streams.update(STREAM, config);
  expect((await bucketOf('p3', 'a').newest()).content?.sequence).toBe(40);
});

it('a bucket that was emptied is written to again', async () => {
  const bucket = bucketOf('p3', 'a');
  await bucket.newest();
  await manager.streams.purge(STREAM);
  await expect(bucket.write(checkpointContent(50))).rejects.toThrow();
  await bucket.write(checkpointContent(51));
  expect((await bucketOf('p3', 'a').newest()).content?.sequence).toBe(51);
});
