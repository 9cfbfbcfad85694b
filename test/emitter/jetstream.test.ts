import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Emitter } from '../../src/emitter/emitter.ts';
import { FrameDecoder } from '../../src/frames/decode.ts';
import type { SpikesFrame } from '../../src/frames/spikes.ts';
import { type NatsServer, startNatsServer } from '../integration/nats-server.ts';
import { until } from '../integration/until.ts';
import { PATIENT, testEmitter } from './frame-reader.ts';

const STREAM = 'SPIKEFORMER';

let nats: NatsServer;
let connection: NatsConnection;
let emitter: Emitter | undefined;

beforeEach(async () => {
  nats = await startNatsServer({ jetStream: true });
  connection = await connect({
    servers: nats.url,
    reconnectTimeWait: 20,
    maxReconnectAttempts: -1,
  });
});

afterEach(async () => {
  await emitter?.close({ timeoutMs: 100 });
  emitter = undefined;
  await connection.close();
  await nats.stop();
});

async function addStream(limits: { max_msg_size?: number } = {}): Promise<void> {
  const manager = await jetstreamManager(connection);
  await manager.streams.add({ name: STREAM, subjects: ['spikeformer.spikes.>'], ...limits });
}

/** All that is stored, in its order. */
async function stored(): Promise<SpikesFrame[]> {
  const manager = await jetstreamManager(connection);
  const { state } = await manager.streams.info(STREAM);
  const decoder = new FrameDecoder();
  const frames: SpikesFrame[] = [];
  for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
    const message = await manager.streams.getMessage(STREAM, { seq });
    frames.push(decoder.decode(message?.data ?? new Uint8Array(0)) as SpikesFrame);
  }
  return frames;
}

it('stores each frame once, however often the server is killed under load', async () => {
  await addStream();
  emitter = testEmitter(nats.url, { delivery: 'jetstream' }).emitter;
  const layer = emitter.layer({ layerName: 'l0', neuronCount: 8, spanUs: 1000 });
  let spikes = 0;
  const record = (count: number) => {
    for (let i = 0; i < count; i++) layer.record(spikes % 8, spikes++ * 100);
  };
  // Until a kill came between storing and the word of it, which is what is to be seen here.
  for (let kill = 0; kill < 30 && emitter.stats().resentFrames < 10; kill++) {
    record(500);
    const { publishedFrames } = emitter.stats();
    await until('some of it is stored', () => {
      return (emitter?.stats().publishedFrames ?? 0) > publishedFrames;
    });
    record(200);
    await nats.kill();
    record(100);
    await nats.start();
  }
  const stats = await emitter.close(PATIENT);
  expect(stats.resentFrames).toBeGreaterThan(0);
  expect(stats.publishedSamples).toBe(spikes);
  await until('the reader is back', () =>
    connection.flush().then(
      () => true,
      () => false,
    ),
  );
  const frames = await stored();
  expect(frames).toHaveLength(stats.publishedFrames);
  const seqs = frames.map(({ seq }) => seq as number).sort((a, b) => a - b);
  expect(seqs).toEqual(Array.from(seqs, (_, i) => i));
  expect(frames.reduce((sum, { neuronId }) => sum + neuronId.length, 0)).toBe(spikes);
});

it('waits for a stream that is not there yet', async () => {
  const { emitter: early, problems } = testEmitter(nats.url, { delivery: 'jetstream' });
  emitter = early;
  const layer = early.layer({ layerName: 'l0', neuronCount: 8 });
  layer.record(1, 5);
  expect(await early.flush({ timeoutMs: 300 })).toBe(false);
  // How soon it is told is not what it had time for; it may be told more than once.
  await until('it is told', () => problems.length > 0);
  const message = 'no stream has the subject spikeformer.spikes.loihi2.chip0';
  for (const problem of problems) {
    expect(problem).toMatchObject({ reason: 'connection', message });
  }
  await addStream();
  expect(await early.flush(PATIENT)).toBe(true);
  expect(early.stats()).toMatchObject({ publishedFrames: 1, publishedSamples: 1, reconnects: 0 });
  expect(await stored()).toHaveLength(1);
});

it('counts what a stream will never take, and goes on', async () => {
  await addStream({ max_msg_size: 2000 });
  const { emitter: made, problems } = testEmitter(nats.url, { delivery: 'jetstream' });
  emitter = made;
  const layer = made.layer({ layerName: 'l0', neuronCount: 8 });
  for (let i = 0; i < 1000; i++) layer.record(1, i);
  layer.flush();
  layer.record(2, 5000);
  expect(await made.flush(PATIENT)).toBe(true);
  const stats = made.stats();
  expect(stats.droppedSamples.refused).toBe(1000);
  expect(stats.publishedSamples).toBe(1);
  expect(problems).toMatchObject([{ reason: 'refused' }]);
  expect(problems[0]?.message).toContain('message size exceeds maximum allowed');
});
