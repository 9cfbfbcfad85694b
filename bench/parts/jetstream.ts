import { startNatsServer } from '../../test/integration/nats-server.ts';
import { type SpikeFrames, spikeFrames } from '../peers/own-frames.ts';
import { blast, openPublisher } from './blast.ts';
import { startService } from './consumer.ts';
import { PreloadedServer, watchReading } from './preloaded.ts';
import { type BenchOptions, median, type Row } from './report.ts';

interface Workload {
  readonly name: string;
  readonly spikesPerFrame: number;
  readonly dense?: boolean;
  /** Messages for some ten seconds of work: checkpoints are written meanwhile. */
  readonly messages: number;
}

const WORKLOADS: readonly Workload[] = [
  { name: '256 spikes', spikesPerFrame: 256, messages: 1_000_000 },
  { name: '1,000 spikes', spikesPerFrame: 1000, messages: 500_000 },
  { name: '1,000 spikes, denser', spikesPerFrame: 1000, dense: true, messages: 1_000_000 },
  { name: '4,096 spikes', spikesPerFrame: 4096, messages: 120_000 },
  { name: '4,096 spikes, denser', spikesPerFrame: 4096, dense: true, messages: 240_000 },
  { name: '65,536 spikes', spikesPerFrame: 65_536, messages: 8000 },
  { name: '65,536 spikes, denser', spikesPerFrame: 65_536, dense: true, messages: 16_000 },
];
/** Of the messages, not measured: compilation is no part of the figure. */
const WARM_UP = 0.2;
/**
 * Scrapes cost the service something, and before it has caught up they say less: so there are few.
 */
const PACE = { inFlightBytes: 48 * 1024 * 1024, pollMs: 100 };

interface Measured {
  readonly perCpuS: number;
  readonly perS: number;
  readonly rssMb: number;
}

/**
 * The service on a preloaded stream, with checkpoints and commits of derived records as they are by
 * default, beside the service on core NATS with the same frames, in turns within the same run.
 */
export async function jetStream({ rounds, scale }: BenchOptions): Promise<Row[]> {
  const core = await startNatsServer();
  const rows: Row[] = [];
  for (const { name, spikesPerFrame, dense, messages: usual } of WORKLOADS) {
    const plain = { spikesPerFrame, encoding: 'msgpack' } as const;
    const frames = dense === undefined ? plain : { ...plain, dense };
    const messages = Math.round(usual * scale);
    const preloaded = await PreloadedServer.start();
    await preloaded.load(spikeFrames(frames), messages);
    const best: Measured[] = [];
    const exact: Measured[] = [];
    for (let round = 0; round < rounds; round++) {
      best.push(await measureCore(core.port, frames, messages));
      exact.push(await measureJetStream(preloaded, spikesPerFrame, messages));
      const [c, e] = [best.at(-1) as Measured, exact.at(-1) as Measured];
      const shares = `${(e.perCpuS / c.perCpuS).toFixed(2)}, per s ${(e.perS / c.perS).toFixed(2)}`;
      process.stderr.write(`${name}, round ${round + 1}: ${shares} of core\n`);
    }
    await preloaded.stop();
    rows.push(rowOf(name, best, exact));
  }
  await core.stop();
  return rows;
}

async function measureCore(
  natsPort: number,
  frames: SpikeFrames,
  messages: number,
): Promise<Measured> {
  const service = await startService(natsPort, ['--delivery', 'core']);
  const socket = await openPublisher(natsPort);
  try {
    const stream = spikeFrames(frames);
    await blast(socket, stream, service, Math.ceil(messages * WARM_UP), PACE);
    const rest = messages - Math.ceil(messages * WARM_UP);
    const { spikes, cpuS, wallS, rssMb } = await blast(socket, stream, service, rest, PACE);
    return { perCpuS: spikes / cpuS, perS: spikes / wallS, rssMb: Math.max(...rssMb) };
  } finally {
    socket.destroy();
    await service.stop();
  }
}

async function measureJetStream(
  preloaded: PreloadedServer,
  spikesPerFrame: number,
  messages: number,
): Promise<Measured> {
  await preloaded.forgetDerived();
  const service = await startService(preloaded.server.port, ['--delivery', 'jetstream']);
  try {
    const read = await watchReading(service, messages, messages * WARM_UP);
    const spikes = read.messages * spikesPerFrame;
    return { perCpuS: spikes / read.cpuS, perS: spikes / read.wallS, rssMb: read.rssMb };
  } finally {
    await service.stop();
  }
}

function rowOf(name: string, core: readonly Measured[], exact: readonly Measured[]): Row {
  const middle = (list: readonly Measured[], what: keyof Measured) =>
    median(list.map((each) => each[what]));
  const ratios = (what: keyof Measured) =>
    exact.map((each, round) => each[what] / (core[round] as Measured)[what]);
  const shown = (list: readonly number[]): string => {
    const [low, middling, high] = [Math.min(...list), median(list), Math.max(...list)];
    return `${middling.toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`;
  };
  return {
    frames: name,
    'core, spikes per CPU-s': Math.round(middle(core, 'perCpuS')),
    'JetStream, spikes per CPU-s': Math.round(middle(exact, 'perCpuS')),
    'of core': shown(ratios('perCpuS')),
    'core, spikes per s': Math.round(middle(core, 'perS')),
    'JetStream, spikes per s': Math.round(middle(exact, 'perS')),
    'of core, per s': shown(ratios('perS')),
    'resident, MB': Math.round(middle(exact, 'rssMb')),
  };
}
