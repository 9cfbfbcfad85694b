import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runProgram } from '../cli/program.ts';
import { type NatsServer, startNatsServer } from './nats-server.ts';

let nats: NatsServer;
let state = '';

beforeAll(async () => {
  state = await mkdtemp(join(tmpdir(), 'spikescope-setup-'));
  nats = await startNatsServer({ jetStream: 'max_file: 40G' });
});
afterAll(async () => {
  await nats.stop();
  await rm(state, { recursive: true, force: true });
});

const setup = (...flags: string[]) =>
  runProgram('setup', '--state', state, '--nats', nats.url, ...flags);

it('makes the streams once, says what differs, and changes it only when told to', async () => {
  const first = await setup('--json');
  expect(first.code).toBe(0);
  expect(first.stdout).toContain('made stream SPIKEFORMER_DERIVED of spikeformer.derived.>');
  expect(first.stdout).toContain('made consumer documents of SPIKEFORMER_DERIVED');
  expect(await setup()).toMatchObject({ code: 0, stdout: 'everything is there\n' });

  const connection = await connect({ servers: nats.url });
  const jsm = await jetstreamManager(connection);
  await jsm.streams.update('SPIKEFORMER', { max_age: 3600e9 });
  const differing = await setup();
  expect(differing).toMatchObject({
    code: 1,
    stdout: 'stream SPIKEFORMER: max_age is 1h, wanted 2d\n',
  });
  expect(differing.stderr).toContain('--apply');
  expect((await jsm.streams.info('SPIKEFORMER')).config.max_age).toBe(3600e9);
  expect((await setup('--apply')).code).toBe(0);
  expect((await jsm.streams.info('SPIKEFORMER')).config.max_age).toBe(48 * 3600e9);
  await connection.close();
});
