import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { connectEmitter } from './nats-reader.ts';
import { startNatsServer } from './nats-server.ts';
import { until } from './until.ts';

const MAIN = join(import.meta.dirname, '../../src/cli/main.ts');
const FIXTURE = 'fixtures/demo/sanafe-loihi';

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

test('a replay to a server that is frozen can be stopped; its messages have ids', async () => {
  const nats = await startNatsServer();
  open.push(() => nats.stop());
  const reader = await connectEmitter(nats.url);
  open.push(() => reader.close());
  const ids: (string | undefined)[] = [];
  reader.subscribe('spikeformer.spikes.>', {
    callback: (_, message) => {
      if (ids.length < 100) ids.push(message.headers?.get('Nats-Msg-Id'));
    },
  });
  await reader.flush();
  const flags = ['replay', FIXTURE, '--nats', nats.url, '--speed', 'max', '--loop'];
  const child = spawn(process.execPath, [MAIN, ...flags], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  await until('frames arrive', () => ids.length === 100);
  const shape = /^replay-[0-9a-f-]{36}:spikeformer\.spikes\.loihi2\.0:\d+$/;
  for (const id of ids) expect(id).toMatch(shape);
  expect(new Set(ids).size).toBe(100);
  nats.signal('SIGSTOP');
  open.push(async () => nats.signal('SIGCONT'));
  // Long enough that it has filled what the kernel takes, and waits for the server.
  await sleep(500);
  child.kill('SIGINT');
  expect(await ended).toBe(0);
});
