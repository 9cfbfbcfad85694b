import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { FrameDecoder } from '../../src/frames/decode.ts';
import { parseSubject } from '../../src/frames/subject.ts';
import { TestReader } from './nats-reader.ts';
import { startNatsServer } from './nats-server.ts';
import { until } from './until.ts';

const MAIN = join(import.meta.dirname, '../../src/cli/main.ts');

const open: { stop(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.stop();
});

test('every frame of a run at full speed arrives, in order, numbered and valid', async () => {
  const server = await startNatsServer();
  open.push(server);
  const reader = new TestReader({ nats: { servers: server.url } });
  open.push({ stop: () => reader.stop().catch(() => {}) });
  await until('the source listens', () => reader.hasSaid('listening'));
  const startedUs = Date.now() * 1000;
  const flags = ['--for', '3s', '--speed', 'max', '--scenario', 'overdrive'];
  const args = [MAIN, 'simulate', ...flags, '--nats', server.url];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  const [code] = await once(child, 'close');
  expect(code).toBe(0);
  const result = JSON.parse(stdout) as { frames: number; spikes: number };
  await until('all are there', () => reader.messages.length >= result.frames);
  expect(reader.drops.size).toBe(0);
  const decoder = new FrameDecoder();
  const numbers = new Map<string, number>();
  const emitters = new Set<string | undefined>();
  let spikes = 0;
  for (const { subject, data, contentType } of reader.messages) {
    const frame = decoder.decode(data, parseSubject('spikeformer', subject), contentType);
    expect(frame.seq).toBe(numbers.get(subject) ?? 0);
    numbers.set(subject, (frame.seq ?? 0) + 1);
    emitters.add(frame.emitter);
    if (frame.kind === 'spikes') spikes += frame.neuronId.length;
    expect(frame.t0Us).toBeGreaterThanOrEqual(startedUs);
  }
  expect(reader.messages).toHaveLength(result.frames);
  expect(spikes).toBe(result.spikes);
  expect(emitters.size).toBe(1);
});
