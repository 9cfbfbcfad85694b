import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
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

const LOOKS = 20;

/** It has filled what the kernel takes for the server, and sleeps: it writes nothing any more. */
async function untilHeldUp(pid: number): Promise<void> {
  let written = '';
  let looks = 0;
  await until('it waits for the server', () => {
    const now = /wchar: (\d+)/.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1] ?? '';
    const isAsleep = / S /.test(readFileSync(`/proc/${pid}/stat`, 'utf8').split(')').at(-1) ?? '');
    looks = isAsleep && now === written ? looks + 1 : 0;
    written = now;
    return looks === LOOKS;
  });
}

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
  await untilHeldUp(child.pid as number);
  child.kill('SIGINT');
  expect(await ended).toBe(0);
});
