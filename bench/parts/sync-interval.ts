import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { setUpStreams, streamNames, wantedStreams } from '../../src/sources/jetstream-streams.ts';
import { streamOptions } from '../../src/sources/stream-options.ts';
import { startNatsServer } from '../../test/integration/nats-server.ts';
import { type BenchOptions, median, type Row } from './report.ts';
import { commitTimes, PREFIX, publishRate, quantile, RECORDS_A_COMMIT } from './stream-costs.ts';

const FRAME_BYTES = 4096;
const FRAMES = 4000;
const COMMITS = 100;

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
        published.push(await publishRate(connection, Math.round(FRAMES * scale), FRAME_BYTES));
        const commits = Math.round(COMMITS * scale);
        commitsMs.push(...(await commitTimes(connection, commits)));
        const { derived } = streamNames(options.name);
        const { state } = await manager.streams.info(derived);
        if (state.last_seq < commits * RECORDS_A_COMMIT) throw new Error('commits did not store');
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

function shownMs(value: number): number {
  return Number(value.toFixed(1));
}
