import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FrameEncoder } from '../../src/frames/encode.ts';
import type { Frame } from '../../src/frames/frame.ts';
import { formatSubject } from '../../src/frames/subject.ts';
import { type Ended, runProgram } from '../cli/program.ts';
import { ownFolder, spikesAt } from '../recordings/spk-files.ts';
import { asOnTheWire, readBack } from '../recordings/written-files.ts';
import { connectEmitter } from './nats-reader.ts';
import { type NatsServer, startNatsServer } from './nats-server.ts';
import { until } from './until.ts';

const MAIN = join(import.meta.dirname, '../../src/cli/main.ts');
const FIXTURE = 'fixtures/demo/sanafe-loihi';

let nats: NatsServer;
let emitter: NatsConnection;

beforeAll(async () => {
  nats = await startNatsServer();
  emitter = await connectEmitter(nats.url);
});

afterAll(async () => {
  await emitter?.close();
  await nats?.stop();
});

interface Recording {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Ends it as an operator would. */
  stop(signal?: NodeJS.Signals): Promise<Ended>;
}

/** A `record` that the server knows of: what is published from here on arrives. */
async function startRecord(...args: readonly string[]): Promise<Recording> {
  const all = ['record', '--nats', nats.url, ...args];
  const child = spawn(process.execPath, [MAIN, ...all], { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
  await new Promise<void>((resolve, reject) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
      if (stderr.includes('recording spikeformer.<kind>')) resolve();
    });
    child.once('exit', (code) => reject(new Error(`ended with ${code}:\n${stderr}`)));
  });
  return {
    child,
    ended,
    stop: async (signal = 'SIGTERM') => {
      child.kill(signal);
      return await ended;
    },
  };
}

function publish(frame: Frame): void {
  emitter.publish(formatSubject('spikeformer', frame), new FrameEncoder().encode(frame));
}

/** As it was before it travelled; each subject in its order. */
function bySubject(frames: readonly Frame[]): Record<string, Frame[]> {
  const groups: Record<string, Frame[]> = {};
  for (const frame of frames) {
    const subject = formatSubject('p', frame);
    groups[subject] ??= [];
    const own = { seq: undefined, emitter: undefined, arrivedUs: Number.NaN, restarts: 0 };
    groups[subject].push({ ...asOnTheWire(frame), ...own } as Frame);
  }
  return groups;
}

describe('record', () => {
  it.each(['a.spk', 'a.ndjson'])('keeps the frames of a replay in %s', async (name) => {
    const out = join(ownFolder(), name);
    const record = await startRecord('--out', out);
    const replay = await runProgram('replay', FIXTURE, '--nats', nats.url, '--speed', 'max');
    expect(replay.code).toBe(0);
    const sent = JSON.parse(replay.stdout) as { frames: number };
    const { code, stdout } = await record.stop('SIGINT');
    expect(code).toBe(0);
    const original = (await readBack(FIXTURE, 100_000)).frames;
    expect(sent.frames).toBe(original.length);
    expect(JSON.parse(stdout)).toMatchObject({
      recording: out,
      frames: original.length,
      bytes: readFileSync(out).length,
      invalid: 0,
      frames_missing: 0,
      frames_repeated: 0,
      dropped: 0,
    });
    const { frames, info, remarks } = await readBack(out);
    expect(bySubject(frames)).toEqual(bySubject(original));
    expect(remarks).toEqual([]);
    expect(info).toMatchObject({ name, startUs: 0, durationUs: 1_500_001 });
    expect(info.layers.map((layer) => layer.name)).toEqual(['in', 'l1', 'l2']);
    const arrivals = frames.map((frame) => frame.arrivedUs);
    expect(arrivals.every((us) => us > 1.6e15)).toBe(true);
  });

  it('can be read while it is written', async () => {
    const out = join(ownFolder(), 'a.spk');
    const record = await startRecord('--out', out);
    publish({ ...spikesAt(1000, [1, 2]), seq: 0 });
    await until('the frame is in the file', async () => (await readBack(out)).frames.length === 1);
    publish({ ...spikesAt(2000, [3]), seq: 1 });
    await emitter.flush();
    await record.stop();
    const { frames, remarks } = await readBack(out);
    expect(frames.map((frame) => frame.t0Us)).toEqual([1000, 2000]);
    expect(remarks).toEqual([]);
  });

  it('counts what is no frame, what is lost and what comes twice', async () => {
    const out = join(ownFolder(), 'a.spk');
    const record = await startRecord('--out', out);
    for (const seq of [0, 1, 1, 4]) publish({ ...spikesAt(1000 * seq, [seq]), seq });
    emitter.publish('spikeformer.spikes.cpu.0', 'rubbish');
    emitter.publish('spikeformer.spikes.cpu.0', '{"v":2}');
    emitter.publish('spikeformer.health.cpu', '{}');
    await emitter.flush();
    const { stdout, stderr, code } = await record.stop();
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      frames: 3,
      samples: 3,
      invalid: 3,
      invalid_reasons: { version: 1, subject: 1 },
      frames_missing: 2,
      frames_repeated: 1,
    });
    expect(stderr).toContain('3 messages were no frames');
    expect(stderr).toContain('2 frames never arrived, by their numbers');
    expect((await readBack(out)).frames.map((frame) => frame.seq)).toEqual([0, 1, 4]);
  });

  it('ends by itself after --for', async () => {
    const out = join(ownFolder(), 'live.dat');
    // Its time has begun when we hear of it: frames are on their way from before until after.
    const load = setInterval(() => publish(spikesAt(0, [1])), 5);
    try {
      const record = await startRecord('--out', out, '--for', '2s');
      const { code, stdout } = await record.ended;
      expect(code).toBe(0);
      const { info, frames } = await readBack(out);
      expect(JSON.parse(stdout)).toMatchObject({ format: 'spk', frames: frames.length });
      expect(frames.length).toBeGreaterThan(0);
      expect(info.format).toBe('spk');
    } finally {
      clearInterval(load);
    }
  });

  it('logs in as the configuration file says', async () => {
    const guarded = await startNatsServer({ config: 'authorization { token: "sesame" }' });
    const folder = ownFolder();
    const [config, token] = [join(folder, 'c.yaml'), join(folder, 'token')];
    writeFileSync(token, 'sesame');
    writeFileSync(config, `nats: { token_file: ${token} }\n`);
    try {
      const args = ['--nats', guarded.url, '--out', join(folder, 'a.spk'), '--for', '50ms'];
      const refused = await runProgram('record', ...args);
      expect(refused.code).toBe(1);
      expect(refused.stderr).toMatch(/authorization/i);
      const taken = await runProgram('record', ...args, '--config', config);
      expect(taken).toMatchObject({ code: 0 });
    } finally {
      await guarded.stop();
    }
  });

  it('does not replace a file, and says what is wrong with its flags', async () => {
    const out = join(ownFolder(), 'a.spk');
    writeFileSync(out, 'mine');
    const refused = await runProgram('record', '--out', out);
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.stderr).toContain('is there already; --force replaces it');
    expect(readFileSync(out, 'utf8')).toBe('mine');
    const wrong = await runProgram('record', '--out', `${out}.spk`, '--for', 'ever');
    expect(wrong).toMatchObject({ code: 2 });
    expect(wrong.stderr).toContain('--for needs a time such as 30s');
  });
});
