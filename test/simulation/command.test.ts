import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Frame } from '../../src/frames/frame.ts';
import { openRecording } from '../../src/recordings/open.ts';
import { until } from '../integration/until.ts';
import { ofKind, run, SPAN_US } from './run-simulation.ts';

const MAIN = join(import.meta.dirname, '../../src/cli/main.ts');

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spikescope-simulate-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command in a process of its own; ended by SIGINT after `untilSigint`, where given. */
async function simulate(
  args: readonly string[],
  untilSigint?: () => Promise<void>,
): Promise<Ended> {
  const child = spawn(process.execPath, [MAIN, 'simulate', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: folder,
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const closed = once(child, 'close');
  await untilSigint?.().finally(() => child.kill('SIGINT'));
  const [code] = (await closed) as [number | null];
  return { code, stdout, stderr };
}

async function inFolder(name: string): Promise<string> {
  await mkdir(join(folder, name));
  return join(folder, name, 'run.spk');
}

/** 0 where it is not there yet. */
function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

async function framesOf(path: string): Promise<Frame[]> {
  const recording = await openRecording(path);
  const frames: Frame[] = [];
  for await (const frame of recording.frames(SPAN_US)) frames.push(structuredClone(frame));
  await recording.close();
  return frames;
}

test('the same seed writes the same file at any speed, with the frames of the run', async () => {
  const flags = ['--scenario', 'rate-step', '--seed', '5', '--for', '1s'];
  // A file holds its own name: two of the same name, in two folders.
  const [once, twice] = await Promise.all([inFolder('once'), inFolder('twice')]);
  const [a, b] = await Promise.all([
    simulate([...flags, '--out', once, '--truth', 'a.json']),
    simulate([...flags, '--out', twice, '--speed', '2']),
  ]);
  expect([a.code, a.stderr]).toEqual([0, '']);
  expect(b.stdout).toBe(a.stdout);
  const { frames, truth } = run('rate-step', { seed: 5, seconds: 1 });
  const spikes = ofKind(frames, 'spikes').reduce((sum, each) => sum + each.neuronId.length, 0);
  expect(JSON.parse(a.stdout)).toMatchObject({
    scenario: 'rate-step',
    seed: 5,
    frames: frames.length,
    spikes,
    duration_us: 1_000_000,
  });
  expect(JSON.parse(await readFile(join(folder, 'a.json'), 'utf8'))).toEqual(truth);
  const written = await framesOf(once);
  expect(written.length).toBe(frames.length);
  const numbers = new Map<string, number>();
  for (const frame of written) {
    const subject = `${frame.kind} ${frame.deviceType} ${frame.chipId}`;
    expect(frame.seq).toBe(numbers.get(subject) ?? 0);
    expect(frame.emitter).toBe('simulate-rate-step-5');
    numbers.set(subject, (frame.seq ?? 0) + 1);
  }
  expect((await readFile(twice)).equals(await readFile(once))).toBe(true);
});

test('SIGINT ends a run with what there is: a sound file, the truth so far, exit 0', async () => {
  const out = join(folder, 'stopped.spk');
  const flags = ['--scenario', 'burst', '--for', '1h', '--speed', '1', '--out', out];
  const ended = await simulate([...flags, '--truth', 'stopped.json'], async () => {
    // The command listens for signals before it makes the file.
    await until('frames are in it', async () => (await sizeOf(out)) > 10_000);
  });
  expect([ended.code, ended.stderr]).toEqual([0, '']);
  const result = JSON.parse(ended.stdout) as { frames: number; duration_us: number };
  expect(result.duration_us).toBeLessThan(3_600_000_000);
  const recording = await openRecording(out);
  expect(recording.notes.truncated).toBe(false);
  expect(recording.info.durationUs).toBe(result.duration_us);
  await recording.close();
  expect(await framesOf(out)).toHaveLength(result.frames);
  const truth = await readFile(join(folder, 'stopped.json'), 'utf8');
  expect(JSON.parse(truth)).toEqual({ labels: [] });
});

test.each([
  [['--scenario', 'stedy'], 'did you mean steady?'],
  [['--seed', '1.5'], '--seed needs a whole number'],
  [['--for', '10'], '--for needs a time'],
  [['--for', '500us'], '--for needs a time'],
  [['--for', '900ms', '--scenario', 'burst'], 'burst needs 1s or more'],
  [['--out', 'x.doc'], 'its suffix says no format'],
  [['--out', 'nowhere/x.spk'], 'there is no folder'],
  [['--out', 'x.spk', '--nats', 'nats://127.0.0.1:1'], 'give one of them'],
  [['--out', 'x.spk', '--prefix', 'a'], '--prefix goes with NATS'],
  [['--prefix', 'a..b'], 'is no prefix'],
  [['--start', 'tomorrow'], '--start needs now'],
  [['--start', '9007199254740991'], 'beyond'],
  [['--speed', '0'], '--speed needs'],
  [['--bogus'], 'unknown option'],
])('%j ends with 2, and says why', async (args, message) => {
  const { code, stdout, stderr } = await simulate(args);
  expect(code).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toContain(message);
});

test('a file that is there stays as it is', async () => {
  const flags = ['--for', '100ms', '--out', 'kept.spk'];
  expect((await simulate(flags)).code).toBe(0);
  const before = await readFile(join(folder, 'kept.spk'));
  const again = await simulate(flags);
  expect([again.code, again.stdout]).toEqual([2, '']);
  expect(again.stderr).toContain('is there already');
  expect((await readFile(join(folder, 'kept.spk'))).equals(before)).toBe(true);
});
