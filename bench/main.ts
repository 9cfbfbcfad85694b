/**
 * npm run bench: what a frame costs, beside the bare loop in the same run.
 * Usage: npm run bench -- [--rounds N] [--seconds S]
 */
import { parseArgs } from 'node:util';
import { startNatsServer } from '../test/integration/nats-server.ts';
import { type BlastResult, blast, openPublisher } from './parts/blast.ts';
import { type Consumer, startBareLoop, startService } from './parts/consumer.ts';
import { spikeStream } from './parts/spike-stream.ts';

interface Workload {
  readonly name: string;
  readonly spikes: number;
  readonly encoding: 'msgpack' | 'json';
  /** Messages for about a second of work. */
  readonly messages: number;
}

const WORKLOADS: readonly Workload[] = [
  { name: '1 spike, JSON', spikes: 1, encoding: 'json', messages: 200_000 },
  { name: '16 spikes', spikes: 16, encoding: 'msgpack', messages: 150_000 },
  { name: '256 spikes', spikes: 256, encoding: 'msgpack', messages: 100_000 },
  { name: '4,096 spikes', spikes: 4096, encoding: 'msgpack', messages: 12_000 },
  { name: '65,536 spikes', spikes: 65_536, encoding: 'msgpack', messages: 800 },
];

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '3' }, scale: { type: 'string', default: '1' } },
});
const rounds = Number(values.rounds);
const scale = Number(values.scale);

function median(list: readonly number[]): number {
  const sorted = [...list].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] as number;
}

async function measure(
  start: (port: number) => Promise<Consumer>,
  natsPort: number,
  workload: Workload,
): Promise<BlastResult> {
  const consumer = await start(natsPort);
  const socket = await openPublisher(natsPort);
  try {
    const stream = spikeStream(workload.spikes, workload.encoding);
    const messages = Math.round(workload.messages * scale);
    // A warm-up, so that compilation is not part of the figure.
    await blast(socket, stream, consumer, Math.ceil(messages / 5));
    return await blast(socket, stream, consumer, messages);
  } finally {
    socket.destroy();
    await consumer.stop();
  }
}

const nats = await startNatsServer();
const out: Record<string, unknown>[] = [];
for (const workload of WORKLOADS) {
  const bare: BlastResult[] = [];
  const service: BlastResult[] = [];
  for (let round = 0; round < rounds; round++) {
    bare.push(await measure(startBareLoop, nats.port, workload));
    service.push(await measure(startService, nats.port, workload));
  }
  const perCpu = (list: readonly BlastResult[]) => median(list.map((r) => r.spikes / r.cpuS));
  const perWall = (list: readonly BlastResult[]) => median(list.map((r) => r.spikes / r.wallS));
  out.push({
    workload: workload.name,
    bareSpikesPerCpuS: Math.round(perCpu(bare)),
    spikesPerCpuS: Math.round(perCpu(service)),
    ofBare: Number((perCpu(service) / perCpu(bare)).toFixed(2)),
    spikesPerS: Math.round(perWall(service)),
    rssMb: Math.round(median(service.map((r) => r.rssMb))),
  });
  process.stderr.write(`${JSON.stringify(out.at(-1))}\n`);
}
await nats.stop();
console.table(out);
