import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Emitter } from '../../src/emitter/emitter.ts';
import { type NatsServer, startNatsServer } from '../integration/nats-server.ts';
import { until } from '../integration/until.ts';
import { accounted, FrameReader, PATIENT, testEmitter } from './frame-reader.ts';

const KIB = 1024;
const BUFFER = 256 * KIB;
const TOKEN = { nats: { token: 't0' } };

let nats: NatsServer;
let reader: FrameReader;
let emitter: Emitter | undefined;

beforeEach(async () => {
  nats = await startNatsServer({ config: 'authorization { token: "t0" }' });
  reader = await FrameReader.start(nats.url, 't0');
});

afterEach(async () => {
  await emitter?.close({ timeoutMs: 100 });
  emitter = undefined;
  await reader.stop();
  await nats.stop();
});

function droppedSamples(of: Emitter): number {
  return Object.values(of.stats().droppedSamples).reduce((sum, count) => sum + count, 0);
}

/** Ten spikes a millisecond from here on; gives the time after them. */
function recordMs(layer: ReturnType<Emitter['layer']>, fromUs: number, ms: number): number {
  for (let i = 0; i < ms * 10; i++) layer.record(i % 64, fromUs + i * 100);
  return fromUs + ms * 1000;
}

it('through an outage, what arrived and what was dropped is all that was recorded', async () => {
  // With core NATS, what is sent before the reader listens again is not for it.
  let token = 't0';
  const made = testEmitter(nats.url, {
    bufferBytesMax: BUFFER,
    nats: { authenticator: () => ({ auth_token: token }) },
  });
  emitter = made.emitter;
  const layer = emitter.layer({ layerName: 'l0', neuronCount: 64, spanUs: 10_000 });
  let tUs = recordMs(layer, 1e15, 200);
  expect(await emitter.flush(PATIENT)).toBe(true);
  await until('all has arrived', () => reader.samples === 2000);

  token = 'not yet';
  await nats.kill();
  await until('it is told', () => made.problems.some(({ reason }) => reason === 'connection'));
  // Far more than the buffer holds; some of it in one go, some with pauses.
  for (let round = 0; round < 100; round++) {
    tUs = recordMs(layer, tUs, 200);
    expect(emitter.stats().bufferedBytes).toBeLessThanOrEqual(BUFFER);
    expect(accounted(emitter)).toBe(emitter.stats().recordedSamples);
    if (round % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  }
  expect(emitter.isFull).toBe(true);
  const whileAway = emitter.stats();
  expect(whileAway.publishedSamples).toBe(2000);
  expect(whileAway.droppedSamples.buffer_full).toBeGreaterThan(100_000);
  expect(whileAway.bufferedSamples).toBeGreaterThan(10_000);

  await nats.start();
  await until('the reader is back', () => reader.isBack());
  token = 't0';
  await emitter.ready();
  recordMs(layer, tUs, 200);
  const stats = await emitter.close(PATIENT);
  expect(stats.reconnects).toBe(1);
  expect(stats.bufferedBytesMax).toBeLessThanOrEqual(BUFFER);
  expect(stats.recordedSamples).toBe(2000 * 102);
  expect(stats.publishedSamples + droppedSamples(emitter)).toBe(stats.recordedSamples);
  expect(stats.droppedFrames.buffer_full).toBeGreaterThan(0);
  expect(stats.droppedFrames.closed).toBe(0);
  await until('the rest has arrived', () => reader.frames.length >= stats.publishedFrames);
  expect(reader.samples + droppedSamples(emitter)).toBe(stats.recordedSamples);
  // What was dropped is missing in the numbers, so that readers know.
  const seqs = reader.frames.map(({ seq }) => seq as number);
  expect(Math.max(...seqs) + 1).toBe(seqs.length + stats.droppedFrames.buffer_full);
});

it('keeps what it has until NATS comes for the first time', async () => {
  await nats.kill();
  const { emitter: early, problems } = testEmitter(nats.url, TOKEN);
  emitter = early;
  const layer = early.layer({ layerName: 'l0', neuronCount: 64 });
  recordMs(layer, 0, 500);
  expect(await early.flush({ timeoutMs: 100 })).toBe(false);
  expect(early.stats()).toMatchObject({ isConnected: false, bufferedSamples: 5000 });
  // When it is told, and how often by now, is up to the connection that is tried.
  await until('it is told', () => problems.length > 0);
  expect(new Set(problems.map(({ reason }) => reason))).toEqual(new Set(['connection']));
  expect(problems[0]?.message).toMatch(/^waiting for NATS at 127\.0\.0\.1:\d+: /);
  await nats.start();
  expect(await early.flush(PATIENT)).toBe(true);
  expect(early.stats()).toMatchObject({ publishedSamples: 5000, reconnects: 0 });
});

it('a server that is killed in the middle loses nothing for good', async () => {
  emitter = testEmitter(nats.url, { ...TOKEN, bufferBytesMax: 64 * KIB * KIB }).emitter;
  const layer = emitter.layer({ layerName: 'l0', neuronCount: 64, spanUs: 1000 });
  await until('it is connected', () => emitter?.stats().isConnected === true);
  let tUs = 0;
  for (let kill = 0; kill < 3; kill++) {
    for (let round = 0; round < 40; round++) {
      tUs = recordMs(layer, tUs, 50);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await nats.kill();
    tUs = recordMs(layer, tUs, 50);
    await nats.start();
  }
  const stats = await emitter.close(PATIENT);
  expect(stats.recordedSamples).toBe(3 * 41 * 500);
  expect(stats.publishedSamples).toBe(stats.recordedSamples);
  expect(stats.reconnects).toBeGreaterThan(0);
});

it('close gives up in time, and counts what it had to leave', async () => {
  await nats.kill();
  const { emitter: stuck, problems } = testEmitter(nats.url, TOKEN);
  emitter = stuck;
  const layer = stuck.layer({ layerName: 'l0', neuronCount: 64 });
  recordMs(layer, 0, 100);
  const stats = await stuck.close({ timeoutMs: 50 });
  expect(stats.droppedSamples.closed).toBe(1000);
  layer.record(1, 2e6);
  layer.flush();
  stuck.log('INFO', 'too late');
  expect(stuck.stats().droppedSamples.closed).toBe(1002);
  expect(stuck.stats().bufferedFrames).toBe(0);
  expect(problems.map(({ reason }) => reason)).toContain('closed');
  await stuck.ready();
  expect(await stuck.close()).toBe(stats);
});
