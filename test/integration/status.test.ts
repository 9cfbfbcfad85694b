import { jetstream } from '@nats-io/jetstream';
import { expect, test } from 'vitest';
import type { Status } from '../../src/cli/status/status.ts';
import { runProgram } from '../cli/program.ts';
import type { ServiceProcess } from './service-process.ts';
import { NAMES, StreamLab, stateFolder } from './stream-lab.ts';
import { until } from './until.ts';

/** A port of loopback where nobody listens. */
const NOBODY = 'nats://127.0.0.1:9';

async function statusOf(
  state: string,
  nats: string,
  http = '127.0.0.1:9',
): Promise<{ code: number | null; status: Status; table: string[]; stderr: string }> {
  const flags = ['--state', state, '--nats', nats, '--http', http];
  const [json, table] = await Promise.all([
    runProgram('status', ...flags, '--json'),
    runProgram('status', ...flags),
  ]);
  expect(table.code).toBe(json.code);
  const status = JSON.parse(json.stdout) as Status;
  return { code: json.code, status, table: table.stdout.split('\n'), stderr: json.stderr };
}

/** The line of the table that begins with that, its columns. */
function row(table: readonly string[], name: string): string[] {
  const line = table.find((each) => each.trimStart().startsWith(`${name} `));
  return line === undefined ? [] : line.trim().split(/ {2,}/);
}

const LOGS = 'spikescope_frames_total{kind="log"}';

type Seen = Awaited<ReturnType<typeof statusOf>>;

/** Ten lines, three that are gone, seven lines, and what is no frame; all of it done. */
function expectUp({ status }: Seen, lab: StreamLab, service: ServiceProcess): void {
  const { streams, lag, checkpoints, last_gap: gap, service: said, dead_letters: dead } = status;
  expect(status.nats).toEqual({ servers: [lab.nats.url], connected: true, error: null });
  expect(streams.frames).toMatchObject({ first_sequence: 14, last_sequence: 21, messages: 8 });
  expect(streams.derived?.name).toBe(NAMES.derived);
  expect(gap).toMatchObject({ from_sequence: 11, to_sequence: 13, messages: 3 });
  expect(new Date(gap?.at ?? 0).getTime()).toBeGreaterThan(Date.now() - 3_600_000);
  expect(lag).toEqual({ not_derived: 0, not_in_checkpoint: 0, gone: 0 });
  expect(dead).toEqual({ messages: 1, by_reason: { malformed: 1 } });
  expect(status.marker).toMatchObject({ sequence: 21, records: null });
  const [newest] = checkpoints.generations;
  expect(newest).toMatchObject({ error: null, sequence: 21, stream: 'SPIKEFORMER' });
  expect(newest?.age_seconds).toBeGreaterThanOrEqual(0);
  expect(status.state.in_use_by).toContain(`process ${service.child.pid} on `);
  expect(said).toMatchObject({ url: service.url, answers: true, error: null, catching_up: false });
  expect(said.stream_lag_messages).toBe(0);
  expect(said.checkpoint_age_seconds).toBeGreaterThanOrEqual(0);
  expect(Object.keys(said.queues).sort()).toEqual(['dead', 'derived', 'own']);
  expect(said.queues['derived']).toEqual({ entries: 0, bytes: 0 });
  expect(status.problems).toEqual([]);
}

function expectUpTable({ table, status }: Seen): void {
  const newest = status.checkpoints.generations[0]?.generation;
  expect(row(table, 'stream')).toEqual([
    ...['stream', 'messages', 'bytes', 'at most', 'first', 'last', 'oldest', 'kept'],
  ]);
  const frames = row(table, 'SPIKEFORMER');
  expect([frames[1], frames[4], frames[5], frames[7]]).toEqual(['8', '14', '21', '48 h']);
  expect(row(table, 'not derived')).toEqual(['not derived', '0']);
  expect(row(table, 'not in a checkpoint')).toEqual(['not in a checkpoint', '0']);
  expect(row(table, String(newest))[1]).toBe('21');
  expect(row(table, 'derived')).toEqual(['derived', '0', '0 B']);
  expect(table.join('\n')).toMatch(/last gap +3 messages of SPIKEFORMER, 11 to 13, found 20/);
  expect(table.join('\n')).toMatch(/dead letters +1, malformed 1/);
}

test('with everything up, with the service down, and with NATS down too', async () => {
  const lab = await StreamLab.open();
  const state = stateFolder();
  const before = await lab.serve(state);
  await lab.publishLogs(10);
  await before.until('all are counted', (seen) => seen.value(LOGS) === 10);
  expect(await before.stop()).toBe(0);
  await lab.publishLogs(10);
  await lab.manager.streams.purge(NAMES.frames, { seq: 14 });
  await jetstream(lab.connection).publish('spikeformer.spikes.loihi2.0', 'no frame');
  const service = await lab.serve(state);
  await service.until('all are counted', (seen) => seen.value(LOGS) === 17);
  const http = new URL(service.url).host;
  // The marker, the checkpoint and the dead letter each take their own time.
  await until('all of it is done', async () => {
    const { lag, dead_letters: dead } = (await statusOf(state, lab.nats.url, http)).status;
    return lag.not_derived === 0 && lag.not_in_checkpoint === 0 && dead?.messages === 1;
  });

  const up = await statusOf(state, lab.nats.url, http);
  expect(up.code).toBe(0);
  expectUp(up, lab, service);
  expectUpTable(up);

  expect(await service.stop()).toBe(0);
  await lab.publishLogs(4);
  const down = await statusOf(state, lab.nats.url, http);
  expect(down.code).toBe(0);
  expect(down.status.service).toMatchObject({ answers: false, queues: {} });
  expect(down.status.service.error).not.toBeNull();
  expect(down.status.state.in_use_by).toBeNull();
  expect(down.status.lag).toEqual({ not_derived: 4, not_in_checkpoint: 4, gone: 0 });
  expect(row(down.table, 'not derived')).toEqual(['not derived', '4']);
  expect(down.table.join('\n')).toContain('in use by nobody');
  expect(down.table.join('\n')).toContain(': no answer: ');

  // What goes while nobody reads.
  await lab.manager.streams.purge(NAMES.frames);
  expect((await statusOf(state, lab.nats.url)).status.lag).toMatchObject({ gone: 4 });

  await lab.nats.kill();
  const away = await statusOf(state, lab.nats.url);
  expect(away.code).toBe(0);
  expect(away.status.nats.connected).toBe(false);
  expect(away.status.nats.error).not.toBeNull();
  expect(away.status.streams).toEqual({ frames: null, derived: null, dead: null });
  expect(away.status.checkpoints.generations[0]).toMatchObject({ sequence: 21 });
  expect(row(away.table, 'stream')).toEqual([]);
  expect(away.table.join('\n')).toContain("can't be reached: ");
});

test('where there is nothing at all it fails, and says what it looked for', async () => {
  const { code, stderr, status } = await statusOf(`${stateFolder()}/none`, NOBODY);
  expect(code).toBe(1);
  expect(stderr).toContain('nothing to be read: no NATS server, no service, and no folder');
  expect(status.state.found).toBe(false);
});

test('a server without streams has none to show, and that is no failure', async () => {
  const lab = await StreamLab.open();
  for (const name of [NAMES.frames, NAMES.derived, NAMES.dead])
    await lab.manager.streams.delete(name);
  const { code, status, table } = await statusOf(stateFolder(), lab.nats.url);
  expect(code).toBe(0);
  expect(status.lag).toEqual({ not_derived: null, not_in_checkpoint: null, gone: null });
  expect(table).toContain('no streams');
  expect(table).toContain('no checkpoints');
  const flags = ['--nats', lab.nats.url, '--surely-no-flag'];
  expect((await runProgram('status', ...flags)).code).toBe(2);
});
