import { FrameEncoder } from '../../src/frames/encode.ts';
import { startNatsServer } from '../../test/integration/nats-server.ts';
import { type BlastResult, blast, openPublisher } from './blast.ts';
import { type Consumer, startBareLoop, startService } from './consumer.ts';
import type { BenchOptions, Row } from './report.ts';
import { median } from './report.ts';
import { frameOf, type StreamShape, spanOf, spikeStream, USUAL_SHAPE } from './spike-stream.ts';

interface Workload {
  readonly name: string;
  readonly spikesPerFrame: number;
  readonly encoding: 'msgpack' | 'json';
  readonly dense?: 'times' | 'steps';
  /** Messages for two or three seconds of work, in which compilers settle, and as many again. */
  readonly messages: number;
}

const DENSE = { spikesPerFrame: 4096, encoding: 'msgpack', messages: 120_000 } as const;

const WORKLOADS: readonly Workload[] = [
  { name: '1 spike, JSON', spikesPerFrame: 1, encoding: 'json', messages: 600_000 },
  { name: '16 spikes', spikesPerFrame: 16, encoding: 'msgpack', messages: 600_000 },
  { name: '256 spikes', spikesPerFrame: 256, encoding: 'msgpack', messages: 300_000 },
  { name: '4,096 spikes', spikesPerFrame: 4096, encoding: 'msgpack', messages: 50_000 },
  { name: '4,096, u16', ...DENSE, dense: 'times' },
  { name: '4,096, u16 by step', ...DENSE, dense: 'steps' },
  { name: '65,536 spikes', spikesPerFrame: 65_536, encoding: 'msgpack', messages: 3000 },
];

/**
 * Spikes per CPU-second and per second through a real nats-server, the service with all pipelines
 * beside the bare loop (receive, unpack, count), in turns within the same run.
 */
export async function natsLoad({ rounds, scale }: BenchOptions): Promise<Row[]> {
  const nats = await startNatsServer();
  const rows: Row[] = [];
  for (const workload of WORKLOADS) {
    const shape = { ...USUAL_SHAPE, ...workload };
    const messages = Math.round(workload.messages * scale);
    const bare: BlastResult[] = [];
    const service: BlastResult[] = [];
    for (let round = 0; round < rounds; round++) {
      bare.push(await measure(startBareLoop, nats.port, shape, messages));
      service.push(await measure(startService, nats.port, shape, messages));
    }
    const perCpu = (list: readonly BlastResult[]) => median(list.map((r) => r.spikes / r.cpuS));
    rows.push({
      frames: workload.name,
      'bare, spikes per CPU-s': Math.round(perCpu(bare)),
      'bytes a spike': Number((bytesOf(shape) / shape.spikesPerFrame).toFixed(2)),
      'service, spikes per CPU-s': Math.round(perCpu(service)),
      'of bare': Number((perCpu(service) / perCpu(bare)).toFixed(2)),
      'service, spikes per s': Math.round(median(service.map((r) => r.spikes / r.wallS))),
      'resident, MB': Math.round(median(service.map((r) => Math.max(...r.rssMb)))),
    });
  }
  await nats.stop();
  return rows;
}

/** Of a message's payload, without the protocol around it. */
function bytesOf(shape: StreamShape): number {
  const frame = frameOf(shape, 0, 0, spanOf(shape));
  return new FrameEncoder().encode(frame, shape.encoding, shape.dense !== undefined).length;
}

async function measure(
  start: (port: number) => Promise<Consumer>,
  natsPort: number,
  shape: StreamShape,
  messages: number,
): Promise<BlastResult> {
  const consumer = await start(natsPort);
  const socket = await openPublisher(natsPort);
  try {
    const stream = spikeStream(shape);
    // Who runs for days is not measured in its first second.
    await blast(socket, stream, consumer, messages);
    return await blast(socket, stream, consumer, messages);
  } finally {
    socket.destroy();
    await consumer.stop();
  }
}
