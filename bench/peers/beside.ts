import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { startElasticsearch } from '../../test/integration/elasticsearch.ts';
import { type NatsServer, startNatsServer } from '../../test/integration/nats-server.ts';
import { type Arena, type Contender, EVENTS_STREAM } from './contender.ts';
import { type Measured, measure } from './measure.ts';
import type { Peer } from './peer.ts';
import type { Standing } from './standings.ts';
import type { Workload } from './workloads.ts';

export interface BesideOptions {
  readonly rounds: number;
  /** Of each measurement. */
  readonly seconds: number;
}

/** Every workload's contenders, in turns, as many rounds as asked; each run is its own process. */
export async function runBeside(
  workloads: readonly Workload[],
  peers: readonly Peer[],
  { rounds, seconds }: BesideOptions,
  say: (line: string) => void,
): Promise<ReadonlyMap<Workload, readonly Standing[]>> {
  const lists = new Map(workloads.map((workload) => [workload, workload.contenders(peers)]));
  const runs = new Map<Contender, Measured[]>();
  const failures = new Map<Contender, string[]>();
  const nats = await startNatsServer();
  const elasticsearch = workloads.some(({ needsElasticsearch }) => needsElasticsearch)
    ? await startElasticsearch({ env: { HEAP: '1g', TIER: '4' } })
    : undefined;
  try {
    for (let round = 1; round <= rounds; round++) {
      for (const [workload, contenders] of lists) {
        for (const contender of contenders) {
          const where = `round ${round}, ${workload.name}, ${contender.name}`;
          try {
            const servers = { natsPort: nats.port, elasticsearchUrl: elasticsearch?.url };
            const measured = await inArena(contender, servers, seconds);
            push(runs, contender, measured);
            const rate = Math.round(measured.events / measured.cpuS).toLocaleString('en');
            say(`${where}: ${rate} events per CPU-s`);
          } catch (error) {
            const why = error instanceof Error ? error.message : String(error);
            push(failures, contender, why);
            say(`${where}: ${why}`);
          }
        }
      }
    }
  } finally {
    await nats.stop();
    await elasticsearch?.stop();
  }
  return new Map(
    [...lists].map(([workload, contenders]) => [
      workload,
      contenders.map((contender) => ({
        name: contender.name,
        version: contender.version,
        kind: contender.kind,
        runs: runs.get(contender) ?? [],
        failures: failures.get(contender) ?? [],
      })),
    ]),
  );
}

function push<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

/** A stream of its own for who reads one: nothing is left of who was there before. */
async function inArena(
  contender: Contender,
  servers: Omit<Arena, 'streamPort'>,
  seconds: number,
): Promise<Measured> {
  if (!contender.usesStream) {
    return await measure(contender, { ...servers, streamPort: servers.natsPort }, seconds);
  }
  const server = await startNatsServer({ jetStream: 'max_mem: 4GB, max_file: 16GB' });
  try {
    if (contender.kind !== 'own') await makeStream(server);
    return await measure(contender, { ...servers, streamPort: server.port }, seconds);
  } finally {
    await server.stop();
  }
}

async function makeStream(server: NatsServer): Promise<void> {
  const connection = await connect({ servers: server.url });
  const manager = await jetstreamManager(connection);
  const { name, subject } = EVENTS_STREAM;
  // Files and discarding the oldest, as Spikescope's own stream has them.
  await manager.streams.add({ name, subjects: [subject], max_bytes: 8 * 1024 ** 3 });
  // Vector reads a consumer that is there already.
  await manager.consumers.add(name, {
    durable_name: 'vector',
    ack_policy: 'explicit',
    max_ack_pending: 10_000,
  });
  await connection.close();
}
