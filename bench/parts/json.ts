import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNatsServer } from '../../test/integration/nats-server.ts';
import { type BlastResult, blast, openPublisher } from './blast.ts';
import { type Consumer, startBareLoop, startService } from './consumer.ts';
import { OBJECT_LAYERS, OBJECT_NEURONS, objectStream } from './object-stream.ts';
import { type BenchOptions, median, type Row } from './report.ts';
import { type SpikeStream, spikeStream, USUAL_SHAPE } from './spike-stream.ts';

const IN_FLIGHT_BYTES = 32 * 1024 * 1024;
const MESSAGES_AHEAD = 50_000;
/** Asking for the metrics costs as well: seldom. */
const POLL_MS = 200;

interface Workload {
  readonly name: string;
  readonly stream: () => SpikeStream;
  /** Messages for about a second of work. */
  readonly messages: number;
  readonly bareLoop: string;
}

const WORKLOADS: readonly Workload[] = [
  {
    name: 'a frame of 1 spike',
    stream: () => spikeStream({ ...USUAL_SHAPE, spikesPerFrame: 1, encoding: 'json' }),
    messages: 300_000,
    bareLoop: 'bare-loop.ts',
  },
  {
    name: 'a frame of 1,000 spikes',
    stream: () => spikeStream({ ...USUAL_SHAPE, spikesPerFrame: 1000, encoding: 'json' }),
    messages: 20_000,
    bareLoop: 'bare-loop.ts',
  },
  {
    name: '1 object',
    stream: () => objectStream(1),
    messages: 200_000,
    bareLoop: 'bare-objects.ts',
  },
  {
    name: '1,000 objects',
    stream: () => objectStream(1000),
    messages: 4000,
    bareLoop: 'bare-objects.ts',
  },
];

/**
 * JSON through a real nats-server: frames, and objects that an adapter reads (with a potential
 * each), by the service with all pipelines beside a bare loop of stock nats.js and JSON.parse.
 */
export async function json({ rounds, scale }: BenchOptions): Promise<Row[]> {
  const nats = await startNatsServer();
  const folder = mkdtempSync(join(tmpdir(), 'spikescope-bench-json-'));
  const config = join(folder, 'config.yaml');
  writeFileSync(config, JSON.stringify({ adapters: [ADAPTER] }));
  const rows: Row[] = [];
  try {
    for (const workload of WORKLOADS) {
      const messages = Math.round(workload.messages * scale);
      const bare: BlastResult[] = [];
      const service: BlastResult[] = [];
      for (let round = 0; round < rounds; round++) {
        const loop = (port: number) => startBareLoop(port, workload.bareLoop);
        bare.push(await measure(loop, nats.port, workload, messages));
        const start = async (port: number) =>
          bySpikes(await startService(port, ['--config', config]));
        service.push(await measure(start, nats.port, workload, messages));
      }
      rows.push(rowOf(workload, bare, service));
    }
  } finally {
    await nats.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  return rows;
}

const ADAPTER = {
  name: 'lab',
  subjects: ['lab.spikes.*'],
  format: 'json-objects',
  device_type: 'cpu',
  chip_id: '{3}',
  fields: { layer: 'layer', neuron: 'neuron', time: 't_us', membrane: 'mv' },
  neuron_count: OBJECT_NEURONS,
  layers: Array.from({ length: OBJECT_LAYERS }, (_, i) => {
    return { name: `L${String(i).padStart(2, '0')}`, neuron_count: OBJECT_NEURONS };
  }),
  silent_layers: 'unknown',
};

function rowOf(
  { name, stream }: Workload,
  bare: readonly BlastResult[],
  service: readonly BlastResult[],
): Row {
  const perCpu = (list: readonly BlastResult[]) => median(list.map((r) => r.spikes / r.cpuS));
  const { bytesPerMessage, spikesPerFrame } = stream();
  return {
    message: name,
    'bytes a spike': Number((bytesPerMessage / spikesPerFrame).toFixed(1)),
    'bare, spikes per CPU-s': Math.round(perCpu(bare)),
    'service, spikes per CPU-s': Math.round(perCpu(service)),
    'of bare': Number((perCpu(service) / perCpu(bare)).toFixed(2)),
    'service, spikes per s': Math.round(median(service.map((r) => r.spikes / r.wallS))),
    'resident, MB': Math.round(median(service.map((r) => Math.max(...r.rssMb)))),
  };
}

/** A consumer whose messages become several frames counts them by their spikes. */
function bySpikes(consumer: Consumer): Consumer & { readonly bySpikes: true } {
  return { ...consumer, bySpikes: true, frames: async () => spikesOf(await consumer.text()) };
}

function spikesOf(exposition: string): number {
  const found = /^spikescope_samples_total\{kind="spikes"\} (\S+)$/m.exec(exposition);
  return Number(found?.[1] ?? 0);
}

async function measure(
  start: (port: number) => Promise<Consumer>,
  natsPort: number,
  workload: Workload,
  messages: number,
): Promise<BlastResult> {
  const consumer = await start(natsPort);
  const socket = await openPublisher(natsPort);
  try {
    const stream = workload.stream();
    const perMessage = 'bySpikes' in consumer ? stream.spikesPerFrame : 1;
    const counted = {
      ...consumer,
      frames: async () => (await consumer.frames()) / perMessage,
    };
    // A waiting message takes room beside its bytes: many small ones must not fill the buffer.
    const inFlightBytes = Math.min(IN_FLIGHT_BYTES, MESSAGES_AHEAD * stream.bytesPerMessage);
    const pace = { inFlightBytes, pollMs: POLL_MS };
    // A warm-up, so that compilation is not part of the figure.
    await blast(socket, stream, counted, Math.ceil(messages / 3), pace);
    return await blast(socket, stream, counted, messages, pace);
  } finally {
    socket.destroy();
    await consumer.stop();
  }
}
