import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, headers, type NatsConnection } from '@nats-io/transport-node';
import { storeAtomically } from '../../src/sinks/atomic-batch.ts';
import { setUpStreams, streamNames, wantedStreams } from '../../src/sources/jetstream-streams.ts';
import { streamOptions } from '../../src/sources/stream-options.ts';
import { startNatsServer } from '../../test/integration/nats-server.ts';
import { type BenchOptions, median, type Row } from './report.ts';

const PREFIX = 'spikeformer';
const FRAME_BYTES = 4096;
const RECORD_BYTES = 300;
const RECORDS_A_COMMIT = 50;
const FRAMES = 4000;
const COMMITS = 100;
const IN_FLIGHT = 64;
const REQUEST_MS_MAX = 10_000;

/**
 * What it costs that an acknowledged message survives a power cut: frames published and records
 * committed on a server that flushes every two minutes, and on one that flushes before it answers.
 */
export async function syncInterval({ rounds, scale }: BenchOptions): Promise<Row[]> {
  const settings = { '2 min, the default': '', always: 'sync_interval: always' };
  const seen = Object.entries(settings).map(([name, text]) => ({
    ...{ name, text, published: [] as number[] },
    commitsMs: [] as number[],
  }));
  for (let round = 0; round < rounds; round++) {
    for (const { text, published, commitsMs } of seen) {
      const server = await startNatsServer({ jetStream: text });
      const connection = await connect({ servers: server.url });
      try {
        const manager = await jetstreamManager(connection);
        const options = streamOptions.parse({ bytes_max: 1024 ** 3 });
        await setUpStreams(manager, wantedStreams(PREFIX, options, undefined), { change: false });
        published.push(await publishRate(connection, Math.round(FRAMES * scale)));
        commitsMs.push(...(await commitTimes(connection, Math.round(COMMITS * scale))));
      } finally {
        await connection.close();
        await server.stop();
      }
    }
  }
  return seen.map(({ name, published, commitsMs }) => ({
    sync_interval: name,
    [`frames of ${FRAME_BYTES} bytes acknowledged per s`]: Math.round(median(published)),
    [`commit of ${RECORDS_A_COMMIT} records, ms, median`]: shownMs(median(commitsMs)),
    '99 of 100 within': shownMs(quantile(commitsMs, 0.99)),
  }));
}

async function publishRate(connection: NatsConnection, frames: number): Promise<number> {
  const client = jetstream(connection, { timeout: REQUEST_MS_MAX });
  const data = new Uint8Array(FRAME_BYTES);
  const startMs = performance.now();
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < frames) {
      await client.publish(`${PREFIX}.spikes.cpu.0`, data, { msgID: `bench:${next++}` });
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
  return frames / ((performance.now() - startMs) / 1000);
}

/** As the service commits: records and the marker, which replaces the one before. */
async function commitTimes(connection: NatsConnection, commits: number): Promise<number[]> {
  const data = new Uint8Array(RECORD_BYTES);
  const times: number[] = [];
  let marker = 0;
  for (let commit = 0; commit < commits; commit++) {
    const records = Array.from({ length: RECORDS_A_COMMIT }, () => ({
      ...{ subject: `${PREFIX}.derived.power.cpu.0.total.total`, data, headers: headers() },
    }));
    const about = headers();
    about.set('Nats-Expected-Last-Subject-Sequence', String(marker));
    about.set('Nats-Rollup', 'sub');
    const last = { subject: `${PREFIX}.control.position`, data, headers: about };
    const startMs = performance.now();
    marker = await storeAtomically(connection, [...records, last], REQUEST_MS_MAX);
    times.push(performance.now() - startMs);
  }
  const { state } = await (await jetstreamManager(connection)).streams.info(
    streamNames(streamOptions.parse({}).name).derived,
  );
  if (state.last_seq < commits * RECORDS_A_COMMIT) throw new Error('commits did not store');
  return times;
}

function quantile(list: readonly number[], share: number): number {
  const sorted = [...list].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] as number;
}

function shownMs(value: number): number {
  return Number(value.toFixed(1));
}
