import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NatsConnection } from '@nats-io/transport-node';
import { unpack } from 'msgpackr';
import { afterAll, afterEach, expect, test } from 'vitest';
import { runProgram } from '../cli/program.ts';
import { testEmitter } from '../emitter/frame-reader.ts';
import { type ExecutorProcess, startExecutor } from './executor-process.ts';
import { connectEmitter } from './nats-reader.ts';
import { type NatsServer, startNatsServer } from './nats-server.ts';
import { type Exposition, type ServiceProcess, startService } from './service-process.ts';
import { until } from './until.ts';

const folder = mkdtempSync(join(tmpdir(), 'spikescope-benchmarks-'));
afterAll(() => rmSync(folder, { recursive: true }));

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

/** A service with a schedule of its own. */
async function startOn(
  nats: NatsServer,
  name: string,
  benchmarks: object,
): Promise<ServiceProcess> {
  const file = join(folder, `${name}.yaml`);
  writeFileSync(file, JSON.stringify({ benchmarks }));
  const args = ['--config', file, '--nats', nats.url, '--http', '127.0.0.1:0'];
  const service = await startService(['run', ...args]);
  open.push(() => service.stop());
  return service;
}

async function execute(nats: NatsServer, ...args: string[]): Promise<ExecutorProcess> {
  const executor = await startExecutor('--nats', nats.url, ...args);
  open.push(() => executor.stop('SIGKILL'));
  return executor;
}

async function client(nats: NatsServer): Promise<NatsConnection> {
  const connection = await connectEmitter(nats.url);
  open.push(() => connection.close());
  return connection;
}

/** A run of a second at most, on any machine that can run the tests. */
const SMALL = ['--tokens', '8', '--samples', '2', '--timesteps', '2'];
const BERT = '{model="bert-tiny",hardware="cpu"}';

function linesOf(log: string): { level: string; message: string }[] {
  const lines = log.split('\n').filter((line) => line.startsWith('{'));
  return lines.map((line) => JSON.parse(line) as { level: string; message: string });
}

test('nobody there is a state; an executor appears, its results count and compare', async () => {
  const options = { models: ['bert-tiny'], hardware: ['cpu'], cron: '* * * * * *' };
  const nats = await startNatsServer();
  open.push(() => nats.stop());
  const service = await startOn(nats, 'appears', options);
  const derived: { subject: string; record: Record<string, unknown> }[] = [];
  const reader = await client(nats);
  reader.subscribe('spikeformer.derived.benchmark.>', {
    callback: (_, { subject, data }) => {
      derived.push({ subject, record: unpack(data) as Record<string, unknown> });
    },
  });
  await reader.flush();
  const available = 'spikescope_benchmark_executor_available{hardware="cpu"}';
  await service.until('nobody is there', (seen) => seen.value(available) === 0);
  const absent = 'no executor for benchmarks on cpu; asked again when next due';
  await service.logged(absent);
  const odd = linesOf(service.log()).filter(({ level }) => level !== 'INFO');
  // On a busy machine it asks for longer than a second.
  expect(odd.filter(({ message }) => !message.includes('ran past their next time'))).toEqual([]);
  await execute(nats, '--models', 'bert-tiny', ...SMALL);
  await until(
    'two results are derived',
    () => derived.length >= 2,
    () => derived,
  );
  // A run is counted when its result has been derived.
  const seen = await service.until('both count', (metrics) => {
    return metrics.sum('spikescope_benchmark_runs_total', 'outcome="ok"') > 1;
  });
  expect(seen.value(available)).toBe(1);
  expect(seen.value(`spikeformer_benchmark_latency_seconds${BERT}`)).toBeGreaterThan(0);
  expect(seen.value(`spikeformer_benchmark_throughput_per_second${BERT}`)).toBeGreaterThan(0);
  expect(seen.text).not.toContain('spikeformer_benchmark_accuracy_ratio{');
  expect(seen.sum('spikescope_frames_invalid_total')).toBe(0);
  // The same seed and settings do the same work, in any process.
  const again = await runProgram('benchmark-executor', '--once', '--models', 'bert-tiny', ...SMALL);
  const { synaptic_operations } = JSON.parse(again.stdout) as { synaptic_operations: number };
  expect(seen.value(`spikeformer_benchmark_synaptic_operations${BERT}`)).toBe(synaptic_operations);
  expect(derived[1]?.subject).toBe('spikeformer.derived.benchmark.cpu.bert-tiny');
  expect(derived[1]?.record).toMatchObject({
    record: 'benchmark',
    model: 'bert-tiny',
    synaptic_operations,
    change_against_previous: { synaptic_operations: 0 },
    history: [{ synaptic_operations }, { synaptic_operations }],
  });
  await service.logged('an executor runs benchmarks on cpu');
  await service.logged(/"benchmark of bert-tiny on cpu took \S+ s"/);
  const lines = linesOf(service.log());
  expect(lines.filter(({ level }) => level === 'ERROR')).toEqual([]);
  const messages = lines.map(({ message }) => message);
  expect(messages.filter((message) => message === absent)).toHaveLength(1);
});

test('an executor that dies in a run is noticed; the run is asked for again', async () => {
  const times = { cron: '0 0 29 2 *', at_start: true, retry_after: '1s', silence: '1s' };
  const options = { models: ['vit-base', 'bert-tiny'], hardware: ['cpu'], ...times };
  const nats = await startNatsServer();
  open.push(() => nats.stop());
  const first = await execute(nats, '--samples', '1000');
  const service = await startOn(nats, 'dies', options);
  await until('it runs', () => first.log().includes('running vit-base'));
  await execute(nats, ...SMALL);
  await first.stop('SIGKILL');
  // The other one may be held up for as long, too: it is asked again then.
  await service.until('the loss counts', (seen) => {
    return seen.sum('spikescope_benchmark_runs_total', 'outcome="lost"') > 0;
  });
  const seen = await service.until('both have run', (metrics) => {
    return metrics.sum('spikescope_benchmark_runs_total', 'outcome="ok"') === 2;
  });
  expect(seen.value('spikescope_benchmark_executor_available{hardware="cpu"}')).toBe(1);
  for (const model of ['vit-base', 'bert-tiny']) {
    const series = `spikeformer_benchmark_latency_seconds{model="${model}",hardware="cpu"}`;
    expect(seen.value(series), model).toBeGreaterThan(0);
  }
  await service.logged('benchmark of vit-base on cpu gave no result: the executor fell');
});

test("an emitter's executor: what it measured counts, what it could not is told", async () => {
  const times = { cron: '0 0 29 2 *', at_start: true };
  const options = { models: ['a', 'b', 'c'], hardware: ['loihi2'], ...times };
  const nats = await startNatsServer();
  open.push(() => nats.stop());
  const { emitter } = testEmitter(nats.url);
  open.push(() => emitter.close());
  await until('it is connected', () => emitter.stats().isConnected);
  emitter.serveBenchmarks('loihi2', ({ model }) => {
    if (model === 'b') throw new Error('unsupported: b');
    if (model === 'c') throw new Error('the board does not answer');
    return { latencySeconds: 0.5, throughputPerSecond: 2, accuracy: 0.75, synapticOperations: 9 };
  });
  // A frame after the subscription: the server has both.
  emitter.log('DEBUG', 'it serves');
  await emitter.flush();
  const service = await startOn(nats, 'emitter', options);
  const outcomes = (seen: Exposition) =>
    ['ok', 'unsupported', 'failed'].map((outcome) =>
      seen.value(`spikescope_benchmark_runs_total{hardware="loihi2",outcome="${outcome}"}`),
    );
  const seen = await service.until('all were asked for', (metrics) => {
    return outcomes(metrics).every((count) => count === 1);
  });
  const gauge = (name: string) =>
    seen.value(`spikeformer_benchmark_${name}{model="a",hardware="loihi2"}`);
  expect(gauge('accuracy_ratio')).toBe(0.75);
  expect(gauge('synaptic_operations')).toBe(9);
  expect(gauge('energy_joules')).toBeUndefined();
  await service.logged('benchmark of c on loihi2 gave no result: failed: the board');
});

test('an executor that runs says so, is busy to others, and gives up when stopped', async () => {
  const nats = await startNatsServer();
  open.push(() => nats.stop());
  const executor = await execute(nats, '--samples', '1000');
  const asking = await client(nats);
  const ask = (request: object, answers: unknown[]) => {
    const inbox = `answers.${Math.random().toString(36).slice(2)}`;
    asking.subscribe(inbox, {
      callback: (_, message) => {
        answers.push(message.json());
      },
    });
    const data = JSON.stringify(request);
    asking.publish('spikeformer.benchmark-run.cpu', data, { reply: inbox });
  };
  const long: unknown[] = [];
  ask({ model: 'vit-base', hardware: 'cpu', silence_us: 200_000 }, long);
  // Signs of life go on while it computes, and so do answers to others.
  await until('it lives', () => long.length > 3);
  const others: unknown[] = [];
  ask({ model: 'bert-tiny', hardware: 'cpu' }, others);
  ask({ model: 'resnet', hardware: 'cpu' }, others);
  ask({ model: 'vit-tiny', hardware: 'gpu' }, others);
  ask({ model: 7 }, others);
  await until('all are answered', () => others.length === 4);
  expect(others.map((answer) => (answer as { error: string }).error)).toEqual([
    ...['busy', 'unsupported', 'unsupported', 'bad_request'],
  ]);
  expect(await executor.stop('SIGTERM')).toBe(0);
  await until('it says that it stopped', () => {
    return (long.at(-1) as { error?: string }).error === 'stopped';
  });
  expect(long.slice(0, -1).every((answer) => (answer as { running?: boolean }).running)).toBe(true);
});
