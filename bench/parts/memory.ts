import { startNatsServer } from '../../test/integration/nats-server.ts';
import { blast, openPublisher } from './blast.ts';
import { startService } from './consumer.ts';
import type { BenchOptions, Row } from './report.ts';
import { type StreamShape, spikeStream, USUAL_SHAPE } from './spike-stream.ts';

const MILLION: StreamShape = {
  chips: 4,
  layers: 16,
  neurons: 16_384,
  spikesPerFrame: 4096,
  encoding: 'msgpack',
};

const LONG: StreamShape = { ...USUAL_SHAPE, spikesPerFrame: 4096, encoding: 'msgpack' };
const SPIKES_OF_LONG = 100e6;

/** Resident size of the service, at 1 million neurons and over 100 million spikes. */
export async function memory({ scale }: BenchOptions): Promise<Row[]> {
  const idle = await residentOf(MILLION, 0);
  const million = await residentOf(MILLION, Math.round(16_384 * scale));
  const long = await residentOf(LONG, Math.round((SPIKES_OF_LONG / 4096) * scale));
  const [, second, last] = thirds(long);
  return [
    { what: 'started, MB', value: Math.round(Math.max(...idle)) },
    { what: '1,048,576 neurons in 64 parts, 20 Hz, MB', value: Math.round(Math.max(...million)) },
    { what: `${Math.round(100 * scale)} million spikes, second third, largest, MB`, value: second },
    { what: 'last third, largest, MB', value: last },
    { what: 'last to second', value: Number((last / second).toFixed(3)) },
  ];
}

async function residentOf(shape: StreamShape, messages: number): Promise<readonly number[]> {
  const nats = await startNatsServer();
  const consumer = await startService(nats.port);
  const socket = await openPublisher(nats.port);
  try {
    if (messages === 0) return [consumer.rssMb()];
    return (await blast(socket, spikeStream(shape), consumer, messages)).rssMb;
  } finally {
    socket.destroy();
    await consumer.stop();
    await nats.stop();
  }
}

/** The largest of each third of a series. */
function thirds(series: readonly number[]): readonly [number, number, number] {
  const third = Math.ceil(series.length / 3);
  const largest = (i: number) => Math.round(Math.max(...series.slice(i * third, (i + 1) * third)));
  return [largest(0), largest(1), largest(2)];
}
