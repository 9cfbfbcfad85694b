import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startNatsServer } from '../../test/integration/nats-server.ts';
import { type CpuProfile, type FlameFrame, flameOf } from '../flame/frames.ts';
import { flameSvg } from '../flame/svg.ts';
import { spikeFrames } from '../peers/own-frames.ts';
import { blast, openPublisher } from './blast.ts';
import { startService } from './consumer.ts';
import type { BenchOptions, Row } from './report.ts';

const PICTURE = join(import.meta.dirname, '..', '..', 'docs', 'flame.svg');
const WATCH = join(import.meta.dirname, 'profile-watch.ts');
const SPIKES_PER_FRAME = 4096;
const MESSAGES = 30_000;
const PACE = { inFlightBytes: 48 * 1024 * 1024, pollMs: 100 };
const WRITE_MS_MAX = 20_000;
const SHOWN = 15;

/**
 * Where the service's CPU goes from the socket to the histogram: a profile of its main thread under
 * frames of 4,096 spikes from a real server, all pipelines on, drawn as docs/flame.svg. The table
 * is of what functions used themselves.
 */
export async function flame({ scale }: BenchOptions): Promise<Row[]> {
  const profile = await profiled(Math.round(MESSAGES * scale));
  const root = flameOf(profile);
  const size = SPIKES_PER_FRAME.toLocaleString('en');
  const title = `Spikescope, frames of ${size} spikes, all pipelines`;
  writeFileSync(PICTURE, flameSvg(root, title));
  process.stderr.write(`flame graph written to ${PICTURE}\n`);
  return widest(root).map(({ name, place, us }) => ({
    function: name,
    where: place === '' ? 'V8, kernel' : place,
    'of all, %': ((us / root.us) * 100).toFixed(1),
  }));
}

async function profiled(messages: number): Promise<CpuProfile> {
  const folder = mkdtempSync(join(tmpdir(), 'spikescope-flame-'));
  const file = join(folder, 'profile.json');
  const nats = await startNatsServer();
  const env = { NODE_OPTIONS: `--import ${WATCH}`, PROFILE_FILE: file };
  const service = await startService(nats.port, ['--delivery', 'core'], { env });
  const socket = await openPublisher(nats.port);
  try {
    const stream = spikeFrames({ spikesPerFrame: SPIKES_PER_FRAME, encoding: 'msgpack' });
    await blast(socket, stream, service, Math.ceil(messages / 5), PACE);
    service.signal('SIGUSR2');
    await blast(socket, stream, service, messages, PACE);
    service.signal('SIGUSR2');
    const deadlineMs = performance.now() + WRITE_MS_MAX;
    while (!existsSync(file)) {
      if (performance.now() > deadlineMs) throw new Error('the service writes no profile');
      await sleep(50);
    }
    return JSON.parse(readFileSync(file, 'utf8')) as CpuProfile;
  } finally {
    socket.destroy();
    await service.stop();
    await nats.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Functions by the time that they used themselves, wherever they were called. */
function widest(root: FlameFrame): { name: string; place: string; us: number }[] {
  const own = new Map<string, { name: string; place: string; us: number }>();
  const visit = (frame: FlameFrame): void => {
    const called = frame.calls.reduce((sum, call) => sum + call.us, 0);
    const key = `${frame.name} ${frame.place}`;
    const entry = own.get(key) ?? { name: frame.name, place: frame.place, us: 0 };
    own.set(key, { ...entry, us: entry.us + frame.us - called });
    frame.calls.forEach(visit);
  };
  visit(root);
  return [...own.values()].sort((a, b) => b.us - a.us).slice(0, SHOWN);
}
