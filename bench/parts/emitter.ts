import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import {
  createEmitter,
  type Emitter,
  type EmitterOptions,
  type LayerRecorder,
} from '../../src/emitter/emitter.ts';
import { type NatsServer, startNatsServer } from '../../test/integration/nats-server.ts';
import type { BenchOptions, Row } from './report.ts';
import { median } from './report.ts';

const NEURONS = 4096;
const SPIKES = 20e6;
/** Spikes between two turns of the host's event loop. */
const TURN_SPIKES = 20_000;
/** Spikes that are handed over at once, as a step of a simulation has them. */
const STEP_SPIKES = 250;
const SPIKE_EVERY_US = 5;
/** Of the host whose NATS is away. */
const AWAY_SPIKES_PER_S = 1e6;

type Take = (ids: Uint32Array, timesUs: Float64Array) => void;

interface Cost {
  readonly hostNs: number;
  readonly spikesPerCpuS: number;
  readonly stats: ReturnType<Emitter['stats']> | undefined;
}

/**
 * What recording costs a host: the time that it spends in the emitter's methods, and all CPU of the
 * process, sending included. The floor is two arrays that are written to and never sent.
 */
export async function emitterCost({ rounds, scale, awaySeconds }: BenchOptions): Promise<Row[]> {
  const spikes = Math.ceil((SPIKES * scale) / TURN_SPIKES) * TURN_SPIKES;
  const nats = await startNatsServer({ jetStream: true });
  try {
    await addStream(nats);
    const core = { servers: nats.url, prefix: 'core' };
    const stored = { servers: nats.url, delivery: 'jetstream' as const };
    const ways: readonly (readonly [string, number, () => Promise<Cost>])[] = [
      ['two arrays, written and not sent', 1, () => bare(spikes)],
      ['record, core', 1, () => emit(spikes, core, one)],
      ['recordSpikes of 250, core', 1, () => emit(spikes, core, many)],
      ['recordSpikes of 250, core, denser', 1, () => emit(spikes, { ...core, dense: true }, many)],
      ['250 at one time, core', 1, () => emit(spikes, core, together)],
      ['250 at one time, core, denser', 1, () => emit(spikes, { ...core, dense: true }, together)],
      ['recordSpikes of 250, jetstream', 0.2, () => emit(spikes / 5, stored, many)],
      ['a frame for each spike, core', 0.01, () => emit(spikes / 100, core, alone)],
    ];
    const costs = ways.map((): Cost[] => []);
    for (let round = 0; round < rounds; round++) {
      for (const [i, [, , measure]] of ways.entries()) costs[i]?.push(await measure());
    }
    const ns = (list: readonly Cost[] | undefined) => median((list ?? []).map((c) => c.hostNs));
    const floorNs = ns(costs[0]);
    const rows = ways.map(([what, share], i): Row => {
      const list = costs[i] as Cost[];
      const perCpuS = median(list.map(({ spikesPerCpuS }) => spikesPerCpuS));
      return rowOf(what, spikes * share, ns(list), floorNs, perCpuS, list.at(-1)?.stats);
    });
    return [...rows, await away(nats, awaySeconds, floorNs)];
  } finally {
    await nats.stop();
  }
}

function rowOf(
  what: string,
  spikes: number,
  hostNs: number,
  floorNs: number,
  perCpuS: number,
  stats: Cost['stats'],
): Row {
  return {
    host: what,
    spikes,
    'ns per spike': Number(hostNs.toFixed(1)),
    'of two arrays': Number((hostNs / floorNs).toFixed(1)),
    'spikes per CPU-s': Math.round(perCpuS),
    'bytes a spike': Number(
      ((stats?.publishedBytes ?? 0) / Math.max(1, stats?.publishedSamples ?? 0)).toFixed(2),
    ),
    published: stats?.publishedSamples ?? 0,
    dropped: stats?.droppedSamples.buffer_full ?? 0,
    'buffered at most, MB': Number(((stats?.bufferedBytesMax ?? 0) / 1e6).toFixed(1)),
  };
}

async function addStream(nats: NatsServer): Promise<void> {
  const connection = await connect({ servers: nats.url });
  const manager = await jetstreamManager(connection);
  const limits = { max_bytes: 256 * 1024 ** 2 };
  await manager.streams.add({ name: 'SPIKEFORMER', subjects: ['spikeformer.spikes.>'], ...limits });
  await connection.close();
}

/** The host's own loop: a step's spikes at a time, and now and then a turn of its event loop. */
async function drive(spikes: number, take: Take, rest: () => Promise<unknown>): Promise<number> {
  const ids = Uint32Array.from({ length: STEP_SPIKES }, (_, i) => (i * 977) % NEURONS);
  const timesUs = new Float64Array(STEP_SPIKES);
  let tUs = 1.7e15;
  let hostMs = 0;
  for (let done = 0; done < spikes; done += TURN_SPIKES) {
    const startedMs = performance.now();
    for (let step = 0; step < TURN_SPIKES / STEP_SPIKES; step++) {
      for (let i = 0; i < STEP_SPIKES; i++) {
        timesUs[i] = tUs;
        tUs += SPIKE_EVERY_US;
      }
      take(ids, timesUs);
    }
    hostMs += performance.now() - startedMs;
    await rest();
  }
  return (hostMs * 1e6) / spikes;
}

async function bare(spikes: number): Promise<Cost> {
  const ids = new Uint32Array(NEURONS);
  const times = new Float64Array(NEURONS);
  let at = 0;
  const cpu = process.cpuUsage();
  const hostNs = await drive(
    spikes,
    (stepIds, stepTimes) => {
      for (let i = 0; i < stepIds.length; i++) {
        if (at === NEURONS) at = 0;
        ids[at] = stepIds[i] as number;
        times[at++] = stepTimes[i] as number;
      }
    },
    () => turn(),
  );
  return { hostNs, spikesPerCpuS: spikes / cpuSeconds(cpu), stats: undefined };
}

function cpuSeconds(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1e6;
}

type Recording = (layer: LayerRecorder, emitter: Emitter) => Take;

const one: Recording = (layer) => (ids, timesUs) => {
  for (let i = 0; i < ids.length; i++) layer.record(ids[i] as number, timesUs[i] as number);
};

const many: Recording = (layer) => (ids, timesUs) => layer.recordSpikes(ids, timesUs);

/** As the steps of a chip: a frame of these has a count for each step, where it is denser. */
const together: Recording = (layer) => (ids, timesUs) =>
  layer.recordSpikes(ids, timesUs[0] as number);

const alone: Recording = (_layer, emitter) => (ids, timesUs) => {
  for (let i = 0; i < ids.length; i++) {
    const header = { t0Us: timesUs[i] as number, spanUs: 1, layerName: 'encoder.0' };
    const columns = { neuronId: ids.subarray(i, i + 1), dtUs: Uint32Array.of(0) };
    emitter.recordSpikes({ ...header, neuronCount: NEURONS, ...columns });
  }
};

function open(options: Partial<EmitterOptions>): Emitter {
  const chip = { deviceType: 'cpu', chipId: '0', name: 'bench', reconnectWaitMs: 100 };
  return createEmitter({ ...chip, onError: () => {}, ...options });
}

async function emit(
  spikes: number,
  options: Partial<EmitterOptions>,
  recording: Recording,
): Promise<Cost> {
  const emitter = open(options);
  const steps = recording === together ? { timestepUs: STEP_SPIKES * SPIKE_EVERY_US } : {};
  const layer = emitter.layer({ layerName: 'encoder.0', neuronCount: NEURONS, ...steps });
  const take = recording(layer, emitter);
  await emitter.flush();
  // A warm-up, so that neither compilation nor connecting is part of the figure.
  await drive(TURN_SPIKES * 10, take, () => emitter.flush());
  const cpu = process.cpuUsage();
  const hostNs = await drive(spikes, take, async () => {
    await turn();
    if (emitter.isFull) await emitter.ready();
  });
  const stats = await emitter.close({ timeoutMs: 60_000 });
  return { hostNs, spikesPerCpuS: spikes / cpuSeconds(cpu), stats };
}

/** A host that goes on at its own pace while NATS is away, and does not wait for it. */
async function away(nats: NatsServer, seconds: number, floorNs: number): Promise<Row> {
  const emitter = open({ servers: nats.url, prefix: 'core' });
  const layer = emitter.layer({ layerName: 'encoder.0', neuronCount: NEURONS });
  const take = many(layer, emitter);
  layer.record(0, 1.6e15);
  if (!(await emitter.flush())) throw new Error('no connection to begin with');
  await nats.kill();
  const spikes = Math.ceil((AWAY_SPIKES_PER_S * seconds) / TURN_SPIKES) * TURN_SPIKES;
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  let turns = 0;
  const hostNs = await drive(spikes, take, () => {
    const dueMs = (++turns * TURN_SPIKES * 1000) / AWAY_SPIKES_PER_S;
    return sleep(Math.max(0, startedMs + dueMs - performance.now()));
  });
  const perCpuS = spikes / cpuSeconds(cpu);
  await nats.start();
  const stats = await emitter.close({ timeoutMs: 60_000 });
  const dropped = Object.values(stats.droppedSamples).reduce((sum, count) => sum + count, 0);
  if (stats.publishedSamples + dropped !== stats.recordedSamples) {
    throw new Error(`not accounted for: ${JSON.stringify(stats)}`);
  }
  return rowOf(`recordSpikes, ${seconds} s without NATS`, spikes, hostNs, floorNs, perCpuS, stats);
}
