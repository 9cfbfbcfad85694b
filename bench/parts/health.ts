import { setTimeout as sleep } from 'node:timers/promises';
import { startNatsServer } from '../../test/integration/nats-server.ts';
import { blast, openPublisher } from './blast.ts';
import { type Service, startService } from './consumer.ts';
import { startProber } from './prober.ts';
import type { BenchOptions, Row } from './report.ts';
import { type StreamShape, spikeStream, USUAL_SHAPE } from './spike-stream.ts';

const PATHS = ['/health/detailed', '/health'] as const;
const IDLE_MS = 3000;

interface Load {
  readonly name: string;
  /** Undefined: nobody publishes. */
  readonly shape: Omit<StreamShape, keyof typeof USUAL_SHAPE> | undefined;
  /** Messages for some seconds of work. */
  readonly messages: number;
}

const LOADS: readonly Load[] = [
  { name: 'none', shape: undefined, messages: 0 },
  { name: '1 spike, JSON', shape: { spikesPerFrame: 1, encoding: 'json' }, messages: 1_200_000 },
  { name: '256 spikes', shape: { spikesPerFrame: 256, encoding: 'msgpack' }, messages: 400_000 },
];

/**
 * How long /health/detailed takes, beside /health, without load and while the service has all that
 * it can take from NATS. Publisher, server, service and who asks share the machine's cores.
 */
export async function health({ rounds, scale }: BenchOptions): Promise<Row[]> {
  const nats = await startNatsServer();
  const rows: Row[] = [];
  for (const load of LOADS) {
    const tookMs = new Map<string, number[]>(PATHS.map((path) => [path, []]));
    const perS: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const service = await startService(nats.port);
      const prober = startProber(service.url, PATHS);
      perS.push(await apply(load, nats.port, service, scale));
      for (const [path, list] of Object.entries(await prober())) tookMs.get(path)?.push(...list);
      await service.stop();
    }
    for (const [path, list] of tookMs) rows.push(rowOf(load, path, list, perS));
  }
  await nats.stop();
  return rows;
}

/** Spikes a second while it lasted. */
async function apply(
  { shape, messages }: Load,
  natsPort: number,
  service: Service,
  scale: number,
): Promise<number> {
  if (shape === undefined) {
    await sleep(IDLE_MS * scale);
    return 0;
  }
  const socket = await openPublisher(natsPort);
  try {
    const stream = spikeStream({ ...USUAL_SHAPE, ...shape });
    const { spikes, wallS } = await blast(socket, stream, service, Math.round(messages * scale));
    return spikes / wallS;
  } finally {
    socket.destroy();
  }
}

function rowOf(load: Load, path: string, tookMs: readonly number[], perS: readonly number[]): Row {
  const sorted = [...tookMs].sort((a, b) => a - b);
  const at = (part: number) =>
    (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN).toFixed(
      1,
    );
  return {
    load: load.name,
    'spikes per s': Math.round(Math.max(...perS)),
    asked: path,
    requests: sorted.length,
    'median, ms': at(0.5),
    'p99, ms': at(0.99),
    'largest, ms': at(1),
  };
}
