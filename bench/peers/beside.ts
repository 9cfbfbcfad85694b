import { setTimeout as sleep } from 'node:timers/promises';
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
  /** After so many no further round begins. */
  readonly minutes: number;
}

/** No document in so long: none is on its way. */
const STILL_MS = 1500;

/** What has come of a contender so far. */
interface Entry {
  readonly workload: Workload;
  readonly contender: Contender;
  readonly runs: Measured[];
  readonly failures: string[];
}

/** Every workload's contenders, in turns, as many rounds as asked; each run is its own process. */
export async function runBeside(
  workloads: readonly Workload[],
  peers: readonly Peer[],
  { rounds, seconds, minutes }: BesideOptions,
  say: (line: string) => void,
): Promise<ReadonlyMap<Workload, readonly Standing[]>> {
  const entries = workloads.flatMap((workload): Entry[] => {
    return workload
      .contenders(peers)
      .map((contender) => ({ workload, contender, runs: [], failures: [] }));
  });
  const nats = await startNatsServer();
  const elasticsearch = workloads.some(({ needsElasticsearch }) => needsElasticsearch)
    ? await startElasticsearch({ env: { HEAP: '1g', TIER: '4' } })
    : undefined;
  const servers = { natsPort: nats.port, elasticsearchUrl: elasticsearch?.url };
  const lastMs = performance.now() + minutes * 60_000;
  try {
    for (let round = 1; round <= rounds && performance.now() < lastMs; round++) {
      for (const entry of entries) {
        say(`round ${round}, ${await runOnce(entry, servers, seconds)}`);
      }
    }
  } finally {
    await nats.stop();
    await elasticsearch?.stop();
  }
  return new Map(workloads.map((workload) => [workload, standingsOf(workload, entries)]));
}

/** Gives a line that says what came of it: a failure is one of this contender alone. */
async function runOnce(
  { workload, contender, runs, failures }: Entry,
  servers: Omit<Arena, 'streamPort'>,
  seconds: number,
): Promise<string> {
  const who = `${workload.name}, ${contender.name}`;
  try {
    const measured = await inArena(contender, servers, seconds);
    runs.push(measured);
    const rate = Math.round(measured.events / measured.cpuS).toLocaleString('en');
    return `${who}: ${rate} events per CPU-s`;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    failures.push(why);
    return `${who}: ${why}`;
  }
}

function standingsOf(workload: Workload, entries: readonly Entry[]): Standing[] {
  return entries
    .filter((entry) => entry.workload === workload)
    .map(({ contender: { name, version, kind }, runs, failures }) => {
      return { name, version, kind, runs, failures };
    });
}

/** A stream of its own for who reads one: nothing is left of who was there before. */
async function inArena(
  contender: Contender,
  servers: Omit<Arena, 'streamPort'>,
  seconds: number,
): Promise<Measured> {
  if (!contender.usesStream) {
    const before = await documentsIn(servers.elasticsearchUrl);
    const arena = { ...servers, streamPort: servers.natsPort };
    const measured = await measure(contender, arena, seconds);
    const after = await documentsIn(servers.elasticsearchUrl);
    if (before === undefined || after === undefined) return measured;
    return { ...measured, documents: after - before };
  }
  const server = await startNatsServer({ jetStream: 'max_mem: 4GB, max_file: 16GB' });
  try {
    if (contender.kind !== 'own') await makeStream(server);
    return await measure(contender, { ...servers, streamPort: server.port }, seconds);
  } finally {
    await server.stop();
  }
}

/**
 * All documents of a server, once no more come: who took part before may have had some on their
 * way. Undefined without a server.
 */
async function documentsIn(url: string | undefined): Promise<number | undefined> {
  if (url === undefined) return undefined;
  for (let before = -1; ; await sleep(STILL_MS)) {
    await fetch(`${url}/_refresh`, { method: 'POST' });
    const { count } = (await (await fetch(`${url}/_count`)).json()) as { readonly count: number };
    if (count === before) return count;
    before = count;
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
