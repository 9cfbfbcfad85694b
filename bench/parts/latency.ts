import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { startNatsServer } from '../../test/integration/nats-server.ts';
import { spikeFrames } from '../peers/own-frames.ts';
import { blast, openPublisher, send } from './blast.ts';
import { startService } from './consumer.ts';
import { quantileOf } from './quantile.ts';
import type { BenchOptions, Row } from './report.ts';
import type { SpikeStream } from './spike-stream.ts';

/** Messages of a run that finds out what full load is. */
const LOADS = [
  { name: '1 spike, JSON', spikesPerFrame: 1, encoding: 'json', messages: 300_000 },
  { name: '4,096 spikes', spikesPerFrame: 4096, encoding: 'msgpack', messages: 20_000 },
] as const;
type Load = (typeof LOADS)[number];

const SECONDS = 30;
const PACE = { inFlightBytes: 48 * 1024 * 1024, inFlightMessages: 100_000, pollMs: 100 };
/** How often the load's next messages go out. */
const STEP_MS = 5;

interface Seen {
  readonly published: number;
  readonly metrics: readonly number[];
  readonly raster: readonly number[];
  readonly rates: readonly number[];
}

/**
 * How long it takes from publishing until a spike is visible, at half of what the service takes
 * when it is sent all that it can. Publisher, server, service and who looks share the machine's
 * cores.
 */
export async function latency({ scale }: BenchOptions): Promise<Row[]> {
  const rows: Row[] = [];
  for (const load of LOADS) {
    const { perS, seen } = await look(load, Math.max(3, Math.round(SECONDS * scale)));
    const rate = Math.round(perS).toLocaleString('en');
    const what = [
      ['totals on /metrics', seen.metrics],
      ['raster of the page', seen.raster],
      ['rates of the page, after the end of the window and 200 ms of lateness', seen.rates],
    ] as const;
    for (const [name, ms] of what) {
      rows.push({
        'beside it, at half of full load': `${load.name}, ${rate} a s`,
        visible: name,
        'times looked': ms.length,
        missed: name.startsWith('rates') ? '' : seen.published - ms.length,
        'median, ms': quantileOf(ms, 0.5).toFixed(0),
        'p99, ms': quantileOf(ms, 0.99).toFixed(0),
        'largest, ms': quantileOf(ms, 1).toFixed(0),
      });
    }
  }
  return rows;
}

async function look(load: Load, seconds: number): Promise<{ perS: number; seen: Seen }> {
  const nats = await startNatsServer();
  const service = await startService(nats.port, ['--delivery', 'core']);
  const socket = await openPublisher(nats.port);
  try {
    const stream = spikeFrames(load);
    await probe(service.url, nats.port, 0.5);
    await blast(socket, stream, service, Math.ceil(load.messages / 5), PACE);
    const full = await blast(socket, stream, service, load.messages, PACE);
    const messagesPerS = full.messages / full.wallS / 2;
    const loading = new AbortController();
    const loaded = publishAt(socket, stream, messagesPerS, loading.signal);
    // What the full load left behind is no part of it.
    await sleep(1000);
    const seen = await probe(service.url, nats.port, seconds);
    loading.abort();
    await loaded;
    return { perS: messagesPerS * stream.spikesPerFrame, seen };
  } finally {
    socket.destroy();
    await service.stop();
    await nats.stop();
  }
}

/** Sends messages at a rate; what it could not send in time it sends late, and all of it. */
async function publishAt(
  socket: Socket,
  stream: SpikeStream,
  messagesPerS: number,
  signal: AbortSignal,
): Promise<void> {
  const beganMs = performance.now();
  let sent = 0;
  while (!signal.aborted) {
    const due = Math.floor(((performance.now() - beganMs) / 1000) * messagesPerS);
    if (due > sent) {
      await send(socket, stream.next(due - sent));
      sent = due;
    }
    await sleep(STEP_MS);
  }
}

async function probe(url: string, natsPort: number, seconds: number): Promise<Seen> {
  const file = join(import.meta.dirname, 'latency-prober.ts');
  const child = spawn(process.execPath, [file, url, String(natsPort), String(seconds)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const text = await textOf(child.stdout);
  if ((await ended) !== 0) throw new Error('the prober failed');
  return JSON.parse(text) as Seen;
}
