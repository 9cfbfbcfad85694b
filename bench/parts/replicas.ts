import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { setUpStreams, wantedStreams } from '../../src/sources/jetstream-streams.ts';
import { streamOptions } from '../../src/sources/stream-options.ts';
import { NatsCluster } from '../../test/integration/nats-cluster.ts';
import { startNatsServer } from '../../test/integration/nats-server.ts';
import { type BenchOptions, median, type Row } from './report.ts';
import {
  commitRate,
  commitTimes,
  PREFIX,
  publishRate,
  quantile,
  RECORDS_A_COMMIT,
} from './stream-costs.ts';

const FRAME_BYTES = [4096, 33_000, 131_000] as const;
const BYTES = 64 * 1024 * 1024;
const COMMITS = 100;
const PARTS = 16;

interface Servers {
  readonly urls: string[];
  readonly stop: () => Promise<void>;
}

const KINDS = [
  { name: 'one server', copies: 1, start: one },
  { name: 'three servers, one copy', copies: 1, start: three },
  { name: 'three servers, three copies', copies: 3, start: three },
];

/**
 * What it costs that three servers keep each message: frames acknowledged and records committed, on
 * one server and on a cluster of three on the same machine, in turns.
 */
export async function replicas({ rounds, scale }: BenchOptions): Promise<Row[]> {
  const seen = KINDS.map((kind) => ({
    ...kind,
    rates: FRAME_BYTES.map(() => [] as number[]),
    ms: [] as number[],
    many: [] as number[],
  }));
  for (let round = 0; round < rounds; round++) {
    for (const { copies, start, rates, ms, many } of seen) {
      const { urls, stop } = await start();
      const connection = await connect({ servers: urls });
      try {
        const manager = await jetstreamManager(connection);
        const options = streamOptions.parse({ bytes_max: 4 * 1024 ** 3, replicas: copies });
        await setUpStreams(manager, wantedStreams(PREFIX, options, undefined), { change: false });
        for (const [i, bytes] of FRAME_BYTES.entries()) {
          const frames = Math.max(200, Math.round((BYTES * scale) / bytes));
          rates[i]?.push(await publishRate(connection, frames, bytes));
        }
        ms.push(...(await commitTimes(connection, Math.round(COMMITS * scale))));
        many.push(await commitRate(connection, PARTS, Math.round((COMMITS / 4) * scale)));
      } finally {
        await connection.close();
        await stop();
      }
    }
  }
  return seen.map(({ name, rates, ms, many }) => ({
    servers: name,
    ...Object.fromEntries(
      FRAME_BYTES.map((bytes, i) => [
        `frames of ${bytes} bytes a second`,
        Math.round(median(rates[i] ?? [])),
      ]),
    ),
    'MB/s of the largest': Number(((median(rates.at(-1) ?? []) * 131_000) / 1e6).toFixed(1)),
    [`commit of ${RECORDS_A_COMMIT} records, ms, median`]: Number(median(ms).toFixed(1)),
    '99 of 100 within': Number(quantile(ms, 0.99).toFixed(1)),
    [`commits a second, ${PARTS} parts at once`]: Math.round(median(many)),
  }));
}

async function one(): Promise<Servers> {
  const server = await startNatsServer({ jetStream: 'max_file: 40G' });
  return { urls: [server.url], stop: () => server.stop() };
}

async function three(): Promise<Servers> {
  const cluster = await NatsCluster.start(3);
  return { urls: cluster.urls, stop: () => cluster.stop() };
}
