import { join } from 'node:path';
import { startNatsServer } from '../../test/integration/nats-server.ts';
import { spikeFrames } from '../peers/own-frames.ts';
import { withConfig } from '../peers/own-service-config.ts';
import { blast, openPublisher } from './blast.ts';
import { startService } from './consumer.ts';
import { DIMENSIONS, type Dimension, type Size } from './growth-sizes.ts';
import { fittedExponent } from './power-law.ts';
import { type BenchOptions, median, type Row } from './report.ts';

/** A scrape in a quarter of a second: more often than anybody has, less than would be measured. */
const PACE = { inFlightBytes: 48 * 1024 * 1024, pollMs: 250 };
const WARM_UP = 0.3;
/** Lets a service have some pipelines only. */
const ONLY = join(import.meta.dirname, 'only-pipelines.ts');

interface Cost {
  readonly nsPerSpike: number;
  readonly peakMb: number;
}

/**
 * CPU of the service a spike at several sizes of what may grow, through a real server, and the
 * exponent of all its cost fitted over them: 1 is linear growth, less is better.
 */
export async function growth({ rounds, scale }: BenchOptions): Promise<Row[]> {
  const nats = await startNatsServer();
  const costs = new Map<Size, Cost[]>();
  try {
    for (let round = 0; round < rounds; round++) {
      for (const { name, sizes } of DIMENSIONS) {
        for (const size of sizes) {
          const cost = await measure(nats.port, size, scale);
          costs.set(size, [...(costs.get(size) ?? []), cost]);
          const ns = cost.nsPerSpike.toFixed(1);
          process.stderr.write(`round ${round + 1}, ${size.name} ${name}: ${ns} ns a spike\n`);
        }
      }
    }
  } finally {
    await nats.stop();
  }
  return DIMENSIONS.flatMap((dimension) => rowsOf(dimension, costs));
}

async function measure(natsPort: number, size: Size, scale: number): Promise<Cost> {
  const service = await withConfig(size.config, async (flags) => {
    const { env } = size;
    const options = env === undefined ? {} : { env: { ...env, NODE_OPTIONS: `--import ${ONLY}` } };
    return await startService(natsPort, ['--delivery', 'core', ...flags], options);
  });
  const socket = await openPublisher(natsPort);
  try {
    const stream = spikeFrames({ ...size.frames, encoding: 'msgpack' });
    const spikes = Math.max(size.spikesMin, size.spikes * scale);
    const messages = Math.ceil(spikes / size.frames.spikesPerFrame);
    await blast(socket, stream, service, Math.ceil(messages * WARM_UP), PACE);
    const run = await blast(socket, stream, service, messages, PACE);
    return { nsPerSpike: (run.cpuS * 1e9) / run.spikes, peakMb: service.peakMb() };
  } finally {
    socket.destroy();
    await service.stop();
  }
}

function rowsOf({ name, sizes, grows }: Dimension, costs: ReadonlyMap<Size, Cost[]>): Row[] {
  const middle = (size: Size, what: keyof Cost) => {
    return median((costs.get(size) ?? []).map((cost) => cost[what]));
  };
  // Of a spike's cost; where spikes grow as the size does, all of it grows by one more.
  const perSpike = fittedExponent(
    sizes.map(({ value }) => value),
    sizes.map((size) => middle(size, 'nsPerSpike')),
  );
  return sizes.map((size, i) => ({
    what: name,
    size: size.name,
    'CPU a spike, ns': middle(size, 'nsPerSpike').toFixed(1),
    'memory at most, MB': Math.round(middle(size, 'peakMb')),
    'exponent of CPU a spike': i === 0 ? perSpike.toFixed(3) : '',
    'of all CPU': i === 0 && grows === 'with spikes' ? (1 + perSpike).toFixed(3) : '',
  }));
}
