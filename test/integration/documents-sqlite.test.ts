import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { logFrame, spikesFrame } from '../../src/emitter/frame-builders.ts';
import { frameMessage } from '../../src/emitter/frame-message.ts';
import { SequenceCounter } from '../../src/emitter/sequence-counter.ts';
import type { Frame } from '../../src/frames/frame.ts';
import { runProgram } from '../cli/program.ts';
import { storeAt } from '../documents/sqlite/store-folder.ts';
import { conversionEvents } from '../operators/conversion-events.ts';
import { connectEmitter } from './nats-reader.ts';
import { startNatsServer } from './nats-server.ts';
import { type ServiceProcess, startService } from './service-process.ts';

const CHIP = { deviceType: 'loihi2', chipId: '0' } as const;
const MINUTE_US = 60_000_000;
const nowUs = Date.now() * 1000 - MINUTE_US;

/** Three conversions, one of which fails, and a run of three seconds. */
const FRAMES: readonly Frame[] = [
  ...['a', 'b', 'c'].flatMap((id) => {
    const { started, finished } = conversionEvents(id, nowUs);
    return [started(), finished(2_500_000, id === 'c' ? 'OutOfMemory' : undefined)];
  }),
  ...[0, 1, 2].map((second) =>
    spikesFrame({
      ...{ ...CHIP, t0Us: nowUs + second * 1_000_000, spanUs: 1_000_000, runId: 'run-7' },
      ...{ layerName: 'encoder', neuronCount: 4, neuronId: [0, 3], dtUs: [10, 20] },
    }),
  ),
  logFrame({
    ...{ ...CHIP, t0Us: nowUs + 3_000_000, runId: 'run-7', level: 'INFO' },
    ...{ text: 'done', eventType: 'run_end' },
  }),
];

let state = '';
let nats: Awaited<ReturnType<typeof startNatsServer>>;
let service: ServiceProcess;
const args = () => ['--nats', nats.url, '--http', '127.0.0.1:0', '--state', state];

beforeAll(async () => {
  state = await mkdtemp(join(tmpdir(), 'spikescope-documents-'));
  nats = await startNatsServer();
  service = await startService(['run', ...args()]);
  await service.logged('listening on');
  const emitter = await connectEmitter(nats.url);
  const counter = new SequenceCounter('test');
  for (const frame of FRAMES) {
    const { subject, data } = frameMessage(frame, { counter });
    emitter.publish(subject, data);
  }
  await emitter.flush();
  await emitter.close();
  const run = 'spikescope_documents_total{index="runs",outcome="created"}';
  await service.until('the run is stored', (seen) => seen.value(run) === 1);
});
afterAll(async () => {
  await service.stop();
  await nats.stop();
  await rm(state, { recursive: true, force: true });
});

it('keeps what was derived: the run with its totals, windows and conversions of it', async () => {
  const store = storeAt(join(state, 'documents.sqlite'));
  const range = { fromMs: 0, toMs: 4e12 };
  const [run] = await store.queries.list({ index: 'runs', ...range }, 'oldest', 9);
  expect(run).toMatchObject({
    timeUs: nowUs,
    fields: {
      ...{ run_id: 'run-7', hardware: 'loihi2', chips: 1, frames: 4, spikes: 6 },
      ...{ frames_lost: 0, is_complete: true, ended_by: 'said', span_us: 3_000_000 },
      config_hash: expect.stringMatching(/^[0-9a-f]{16}$/),
    },
  });
  const ends = { index: 'conversions', ...range, having: { event: ['finished'] } } as const;
  expect(await store.queries.count(ends)).toBe(3);
  await store.close();
});

it('tells a command and a request the same while it writes', async () => {
  // What the service says of its own accord, such as that the chip is silent now, is later.
  const until = new Date(nowUs / 1000 + 30_000).toISOString();
  const told = await runProgram('logs', 'analyze', '--json', '--until', until, '--state', state);
  expect(told.stderr).toBe('');
  const asked = await fetch(`${service.url}/api/logs/analyze?until=${until}`);
  const patterns = (await asked.json()) as Record<string, unknown>;
  expect(patterns).toMatchObject({
    ...{ by_model_type: { vit: 3 }, by_hardware: { loihi2: 3 }, errors: { OutOfMemory: 1 } },
    conversions: { all: { started: 3, finished: 3, failed: 1 } },
  });
  const { from: _, changes, ...mine } = JSON.parse(told.stdout) as Record<string, unknown>;
  expect(patterns).toMatchObject(mine);
  expect(changes).toBeDefined();
});

it('ships lines through itself, for it has the file', async () => {
  const line = { level: 'CRITICAL', message: 'on fire', timestamp: new Date().toISOString() };
  const file = join(state, 'lab.log');
  await writeFile(file, `${JSON.stringify(line)}\n`);
  const ship = ['logs', 'ship', file, '--once', '--state', state];
  expect((await runProgram(...ship)).stderr).toContain('--to http://');
  const { stdout } = await runProgram(...ship, '--to', service.url);
  expect(JSON.parse(stdout)).toMatchObject({ created: 1 });
  const anomalies = await (await fetch(`${service.url}/api/logs/anomalies`)).json();
  expect(anomalies).toContainEqual({ type: 'critical_errors', count: 1, severity: 'critical' });
});

it('lets no second service write, and says which process does', async () => {
  const { code, stderr } = await runProgram('run', ...args());
  expect(code).toBe(78);
  expect(stderr).toContain(`is written by process ${service.child.pid}`);
});
