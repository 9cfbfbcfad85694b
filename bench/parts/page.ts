import { startNatsServer } from '../../test/integration/nats-server.ts';
import { blast, openPublisher } from './blast.ts';
import { startService } from './consumer.ts';
import { type BenchOptions, median, type Row } from './report.ts';
import { spikeStream, USUAL_SHAPE } from './spike-stream.ts';

const TABS = 4;
const WORKLOADS = [
  { name: '256 spikes', spikesPerFrame: 256, messages: 150_000, rateHz: 100 },
  { name: '4,096 spikes', spikesPerFrame: 4096, messages: 40_000, rateHz: 160 },
  // Event time that runs many times as fast as the clock: a recording replayed at full speed.
  { name: '4,096 spikes, replayed', spikesPerFrame: 4096, messages: 40_000, rateHz: 20 },
] as const;
type Workload = (typeof WORKLOADS)[number];

/** CPU of the service for each spike, with four live pages open on the raster and without. */
export async function page({ rounds, scale }: BenchOptions): Promise<Row[]> {
  const nats = await startNatsServer();
  const rows: Row[] = [];
  for (const workload of WORKLOADS) {
    const without: number[] = [];
    const beside: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const count = Math.round(workload.messages * scale);
      // In turns, and each first as often as second: the machine is not the same all the time.
      const order = round % 2 === 0 ? [0, TABS] : [TABS, 0];
      for (const tabs of order) {
        const ns = await measure(nats.port, workload, count, tabs);
        (tabs === 0 ? without : beside).push(ns);
      }
    }
    rows.push({
      frames: workload.name,
      'ns CPU per spike, no page': Number(median(without).toFixed(3)),
      'with four': Number(median(beside).toFixed(3)),
      'times as much': Number((median(beside) / median(without)).toFixed(3)),
    });
  }
  await nats.stop();
  return rows;
}

async function measure(
  natsPort: number,
  { spikesPerFrame, rateHz }: Workload,
  messages: number,
  tabs: number,
): Promise<number> {
  const service = await startService(natsPort);
  const socket = await openPublisher(natsPort);
  const stop = new AbortController();
  try {
    const stream = spikeStream({ ...USUAL_SHAPE, spikesPerFrame, rateHz, encoding: 'msgpack' });
    await blast(socket, stream, service, Math.ceil(messages / 5));
    for (let i = 0; i < tabs; i++) await openTab(service.url, stop.signal);
    const { cpuS, spikes } = await blast(socket, stream, service, messages);
    return (cpuS * 1e9) / spikes;
  } finally {
    stop.abort();
    socket.destroy();
    await service.stop();
  }
}

/** Reads the stream as a page on the raster does, and throws it away. */
async function openTab(url: string, signal: AbortSignal): Promise<void> {
  const answer = await fetch(`${url}/api/live?topics=overview,raster&seconds=30`, { signal });
  if (!answer.ok) throw new Error(`the stream answers ${answer.status}`);
  const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
  const read = async (): Promise<void> => {
    while (!(await reader.read()).done);
  };
  read().catch(() => {});
}
