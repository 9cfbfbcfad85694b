import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runProgram } from '../cli/program.ts';
import { NatsCluster } from './nats-cluster.ts';
import type { NatsServer } from './nats-server.ts';
import { startService } from './service-process.ts';
import { NAMES, PATIENT } from './stream-lab.ts';
import { until } from './until.ts';

const STREAMS = [NAMES.frames, NAMES.derived, NAMES.dead];

let cluster: NatsCluster;
let state = '';

beforeAll(async () => {
  state = await mkdtemp(join(tmpdir(), 'spikescope-cluster-state-'));
  cluster = await NatsCluster.start(3);
});
afterAll(async () => {
  await cluster.stop();
  await rm(state, { recursive: true, force: true });
});

const setup = (config: string, ...flags: string[]) =>
  runProgram('setup', '--state', state, '--config', config, '--nats', cluster.url, ...flags);

async function configOf(replicas: number): Promise<string> {
  const file = join(state, `replicas-${replicas}.yaml`);
  await writeFile(file, `streams: { replicas: ${replicas} }\n`);
  return file;
}

test('three servers keep streams and consumers, and what is kept by one is said', async () => {
  const [one, three] = await Promise.all([configOf(1), configOf(3)]);
  expect((await setup(one, '--streams')).code).toBe(0);
  const differing = await setup(three, '--streams');
  expect(differing.code).toBe(1);
  for (const name of STREAMS) {
    expect(differing.stdout).toContain(`stream ${name}: num_replicas is 1, wanted 3\n`);
  }
  const changed = await setup(three, '--streams', '--apply');
  expect(changed.code).toBe(0);
  expect(await setup(three)).toMatchObject({ code: 0, stdout: 'everything is there\n' });
  const connection = await connect({ servers: cluster.urls });
  const manager = await jetstreamManager(connection, PATIENT);
  for (const name of STREAMS) {
    await until(`${name} has copies`, async () => (await cluster.placeOf(name)).current === 2);
    expect((await manager.streams.info(name)).config.num_replicas).toBe(3);
  }
  await until('a durable consumer has as many copies as its stream', async () => {
    const documents = await manager.consumers.info(NAMES.derived, 'documents');
    return documents.cluster?.replicas?.length === 2;
  });
  await connection.close();
});

test('more copies than servers are refused, and it says what to do', async () => {
  const connection = await connect({ servers: cluster.urls });
  const manager = await jetstreamManager(connection, PATIENT);
  for (const name of STREAMS) await manager.streams.delete(name).catch(() => {});
  await connection.close();
  const { code, stderr } = await setup(await configOf(5), '--streams');
  expect(code).toBe(1);
  expect(stderr).toContain('stream SPIKEFORMER in 5 copies can');
  expect(stderr).toContain('streams.replicas, add servers or lower it');
});

test('a cluster of which one server is up is waited for, and then has whole streams', async () => {
  const [first, second, third] = cluster.servers as [NatsServer, NatsServer, NatsServer];
  await Promise.all([second, third].map((server) => server.kill()));
  expect(first.isUp).toBe(true);
  const flags = ['--http', '127.0.0.1:0', '--config', await configOf(3), '--state', state];
  const service = await startService(['run', '--nats', cluster.url, ...flags]);
  try {
    await service.logged("JetStream can't be used yet: ");
    await Promise.all([second, third].map((server) => server.start()));
    await service.logged('reading SPIKEFORMER from');
    const connection = await connect({ servers: cluster.urls });
    const { config } = await (await jetstreamManager(connection, PATIENT)).streams.info(
      NAMES.frames,
    );
    // As many bytes as there is room for, not as there was while servers were missing.
    expect(config).toMatchObject({ num_replicas: 3, max_bytes: 8 * 1024 ** 3 });
    await connection.close();
  } finally {
    await service.stop();
  }
});
