import { join } from 'node:path';
import type { NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { FrameDecoder } from '../../src/frames/decode.ts';
import type { Frame } from '../../src/frames/frame.ts';
import { runProgram } from '../cli/program.ts';
import { ownCopy, ownFolder } from '../recordings/spk-files.ts';
import { readBack, writeAs } from '../recordings/written-files.ts';
import { connectEmitter } from './nats-reader.ts';
import { type NatsServer, startNatsServer } from './nats-server.ts';
import { until } from './until.ts';

const FIXTURE = 'fixtures/demo/sanafe-loihi';

let nats: NatsServer;
let reader: NatsConnection;
let received: Frame[];

beforeAll(async () => {
  nats = await startNatsServer();
  reader = await connectEmitter(nats.url);
  const decoder = new FrameDecoder();
  reader.subscribe('spikeformer.>', {
    callback: (_error, message) => {
      received.push(ownCopy(decoder.decode(message.data)));
    },
  });
  await reader.flush();
});

beforeEach(() => {
  received = [];
});

afterAll(async () => {
  await reader?.close();
  await nats?.stop();
});

async function replay(path: string, ...flags: readonly string[]): Promise<number> {
  const all = ['replay', path, '--nats', nats.url, '--speed', 'max', ...flags];
  const { code, stdout, stderr } = await runProgram(...all);
  if (code !== 0) throw new Error(stderr);
  const { frames } = JSON.parse(stdout) as { frames: number };
  await until('all frames came', () => received.length === frames);
  return frames;
}

it.each(['folder', 'a.spk', 'a.ndjson', 'a.csv'])('publishes a stretch of %s', async (name) => {
  const all = await readBack(FIXTURE, 100_000);
  const path = name === 'folder' ? FIXTURE : join(ownFolder(), name);
  if (name !== 'folder') await writeAs(path, all.frames, all.info);
  await replay(path, '--from', '500ms', '--to', '700ms');
  const spikes = (frames: readonly Frame[]) => frames.filter((frame) => frame.kind === 'spikes');
  const expected = spikes(all.frames).filter(({ t0Us }) => t0Us >= 500_000 && t0Us < 700_000);
  const bare = { seq: 0, emitter: '', arrivedUs: 0 };
  expect(spikes(received).map((frame) => ({ ...frame, ...bare }))).toEqual(
    expected.map((frame) => ({ ...frame, ...bare })),
  );
});

it('publishes spikes in denser columns where it is asked to, and plain ones of them', async () => {
  const kinds = new Set<string>();
  const names = /neuron_id_u16|dt_u16|step_spikes|neuron_id\b|\bdt\b/g;
  const subscription = reader.subscribe('spikeformer.spikes.>', {
    callback: (_error, { data }) => {
      for (const name of Buffer.from(data).toString('latin1').match(names) ?? []) kinds.add(name);
    },
  });
  // The server knows of it before anybody publishes.
  await reader.flush();
  const path = join(ownFolder(), 'dense.spk');
  const flags = ['--for', '1s', '--scenario', 'overdrive', '--dense', '--out', path];
  expect((await runProgram('simulate', ...flags)).code).toBe(0);
  const { frames } = await readBack(path);
  const bare = { seq: 0, emitter: '', arrivedUs: 0 };
  for (const flag of ['--dense', '--no-dense'] as const) {
    received = [];
    kinds.clear();
    await replay(path, flag);
    // Each frame comes twice, by either subscription.
    await reader.flush();
    expect(kinds.has('step_spikes')).toBe(flag === '--dense');
    expect(received.map((frame) => ({ ...frame, ...bare }))).toEqual(
      frames.map((frame) => ({ ...frame, ...bare })),
    );
  }
  subscription.unsubscribe();
});

it('rebases to now, the gaps between frames kept', async () => {
  const beforeUs = Date.now() * 1000;
  await replay(FIXTURE, '--from', '500ms', '--rebase', 'now');
  const [first, ...rest] = received.map((frame) => frame.t0Us) as [number, ...number[]];
  expect(first).toBeGreaterThanOrEqual(beforeUs);
  expect(first).toBeLessThanOrEqual(Date.now() * 1000);
  const { frames } = await readBack(FIXTURE, 100_000);
  const kept = frames.filter(({ t0Us }) => t0Us >= 500_000).map(({ t0Us }) => t0Us - 500_000);
  expect(rest.map((t0Us) => t0Us - first)).toEqual(kept.slice(1));
});

it.each([
  [['--from', 'x'], '--from needs a time such as 250ms'],
  [['--from', '2s', '--to', '1s'], '--to 1s is not after --from 2s'],
  [['--from', '5s'], '--from lies behind the end: fixtures/demo/sanafe-loihi covers 1.5 s'],
  [['--rebase', '12'], '--rebase takes now, got "12"'],
])('refuses %j', async (flags, message) => {
  const { code, stderr } = await runProgram('replay', FIXTURE, ...flags);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
});
