import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Service, startService, sumOf } from './consumer.ts';
import { PreloadedServer } from './preloaded.ts';
import { type BenchOptions, median, type Row } from './report.ts';
import { spikeStream, USUAL_SHAPE } from './spike-stream.ts';

interface Rate {
  readonly spikesPerFrame: number;
  /** Of each of 262,144 neurons: 20 Hz are 5.2 million spikes a second. */
  readonly rateHz: number;
}

const RATES: readonly Rate[] = [
  { spikesPerFrame: 256, rateHz: 5 },
  { spikesPerFrame: 4096, rateHz: 5 },
  { spikesPerFrame: 4096, rateHz: 20 },
];
const BEFORE_S = 8;
const AWAY_S = 10;
const POLL_MS = 20;
const UP_MS_MAX = 60_000;

interface Recovery {
  readonly startedS: number;
  readonly upToDateS: number;
  /** Behind it when that could first be seen: what came meanwhile, and what is done again. */
  readonly behind: number;
  readonly away: number;
}

/**
 * kill -9, ten seconds of frames meanwhile, and how long the service then takes, from the start of
 * its process until it is up to date and shows its metrics again. Frames go on coming all the time.
 */
export async function recovery({ rounds, scale }: BenchOptions): Promise<Row[]> {
  const rows: Row[] = [];
  for (const rate of RATES) {
    const list: Recovery[] = [];
    for (let round = 0; round < rounds; round++) list.push(await recover(rate, scale));
    const middle = (what: keyof Recovery) => median(list.map((each) => each[what]));
    const perS = framesPerS(rate);
    rows.push({
      frames: `${rate.spikesPerFrame.toLocaleString('en')} spikes`,
      'frames per s': Math.round(perS),
      'spikes per s': Math.round(perS * rate.spikesPerFrame),
      'backlog of 10 s, frames': middle('away'),
      'behind when first seen, frames': middle('behind'),
      'process serves after, s': middle('startedS').toFixed(2),
      'up to date after, s': middle('upToDateS').toFixed(2),
      'largest, s': Math.max(...list.map(({ upToDateS }) => upToDateS)).toFixed(2),
    });
  }
  return rows;
}

function framesPerS({ spikesPerFrame, rateHz }: Rate): number {
  const { chips, layers, neurons } = USUAL_SHAPE;
  return (chips * layers * neurons * rateHz) / spikesPerFrame;
}

async function recover(rate: Rate, scale: number): Promise<Recovery> {
  const perS = framesPerS(rate);
  const frames = (seconds: number) => Math.round(perS * seconds * scale);
  const stream = spikeStream({ ...USUAL_SHAPE, ...rate, encoding: 'msgpack' });
  const preloaded = await PreloadedServer.start();
  const state = mkdtempSync(join(tmpdir(), 'spikescope-bench-state-'));
  const start = () => {
    return startService(preloaded.server.port, ['--delivery', 'jetstream'], { state });
  };
  let service: Service | undefined;
  try {
    service = await start();
    await preloaded.load(stream, frames(BEFORE_S), perS);
    await upToDate(service);
    await service.kill();
    const before = await preloaded.stored();
    await preloaded.load(stream, frames(AWAY_S), perS);
    const away = (await preloaded.stored()) - before;
    const beganMs = performance.now();
    const goingOn = preloaded.load(stream, frames(AWAY_S / 2), perS);
    service = await start();
    const startedS = (performance.now() - beganMs) / 1000;
    const behind = await upToDate(service);
    const upToDateS = (performance.now() - beganMs) / 1000;
    await goingOn;
    const published = frames(BEFORE_S) + frames(AWAY_S) + frames(AWAY_S / 2);
    await checkAllCounted(service, published);
    return { startedS, upToDateS, behind, away };
  } finally {
    await service?.stop();
    await preloaded.stop();
    rmSync(state, { recursive: true, force: true });
  }
}

/** Gives how far it was behind when that could first be seen. */
async function upToDate(service: Service): Promise<number> {
  let behind = 0;
  await until(async () => {
    const text = await service.text();
    behind = Math.max(behind, sumOf(text, 'spikescope_stream_lag_messages'));
    return /^spikescope_catching_up 0$/m.test(text);
  });
  return behind;
}

/** A time would mean nothing if frames were missing or counted twice. */
async function checkAllCounted(service: Service, published: number): Promise<void> {
  await until(async () => (await service.frames()) >= published);
  const counted = await service.frames();
  if (counted !== published) throw new Error(`${counted} frames counted of ${published}`);
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + UP_MS_MAX;
  while (!(await isSo())) {
    if (performance.now() > deadlineMs) throw new Error('the service does not come up to date');
    await sleep(POLL_MS);
  }
}
