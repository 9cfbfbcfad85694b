import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { logFrame, spikesFrame } from '../../src/emitter/frame-builders.ts';
import { frameMessage } from '../../src/emitter/frame-message.ts';
import { SequenceCounter } from '../../src/emitter/sequence-counter.ts';
import type { Frame } from '../../src/frames/frame.ts';
import { runProgram } from '../cli/program.ts';
import { conversionEvents } from '../operators/conversion-events.ts';
import { ElasticsearchServer, freePort, RESTARTS_MS_MAX } from './elasticsearch.ts';
import { connectEmitter } from './nats-reader.ts';
import { type NatsServer, startNatsServer } from './nats-server.ts';
import { type Exposition, type ServiceProcess, startService } from './service-process.ts';
import { until } from './until.ts';

/** One service and one Elasticsearch through all these tests, which are in order. */
const open: (() => Promise<unknown>)[] = [];
let server: ElasticsearchServer;
let service: ServiceProcess;
let nats: NatsServer;
let emitter: NatsConnection;
let state: string;
let config: string;
let derived = 0;

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'spikescope-documents-'));
  server = new ElasticsearchServer(folder, await freePort(), {});
  open.push(() => server.stop());
  nats = await startNatsServer();
  open.push(() => nats.stop());
  state = await mkdtemp(join(tmpdir(), 'spikescope-state-'));
  open.push(() => rm(state, { recursive: true, force: true }));
  config = join(state, 'spikescope.yaml');
  const documents = { store: 'elasticsearch', elasticsearch: { url: server.url } };
  const settings = { documents: { ...documents, batch: { age: '50ms' } }, state };
  await writeFile(config, stringify(settings));
  service = await startService(['run', '--config', config, '--nats', nats.url, ...HTTP]);
  open.push(() => service.stop());
  await service.logged('listening on');
  emitter = await connectEmitter(nats.url);
  open.push(() => emitter.close());
  const callback = () => {
    derived++;
  };
  emitter.subscribe('spikeformer.derived.>', { callback });
  await emitter.flush();
});
afterAll(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

const RESTARTS = { timeout: RESTARTS_MS_MAX };
const HTTP = ['--http', '127.0.0.1:0'];
const counter = new SequenceCounter('test');
let sent = 0;

function send(frame: Frame): void {
  const message = frameMessage(frame, { counter });
  const fields = headers();
  for (const [name, value] of message.headers) fields.set(name, value);
  emitter.publish(message.subject, message.data, { headers: fields });
  sent++;
}

interface Counted {
  readonly key: string;
  readonly doc_count: number;
}

const NOW_US = Date.now() * 1000;
const HOUR_US = 3_600_000_000;
const DOCUMENTS = 'spikescope_documents_total';
let second = 0;

/** Frames of one second each, each of which closes the window before it: a rate document each. */
function sendSeconds(count: number): void {
  for (let i = 0; i < count; i++) {
    send(
      spikesFrame({
        ...{ deviceType: 'loihi2', chipId: '0', layerName: 'encoder', neuronCount: 4 },
        t0Us: Math.floor(NOW_US / 1e6) * 1e6 + second++ * 1_000_000,
        spanUs: 1_000_000,
        neuronId: [0, 3],
        dtUs: [10, 999_999],
      }),
    );
  }
}

const allCounted = (seen: Exposition) => seen.sum('spikescope_frames_total') === sent;

async function countOf(index: string): Promise<number> {
  await server.client.indices.refresh({ index });
  return (await server.client.count({ index })).count;
}

test(
  'starts while Elasticsearch is away, and makes the indices when it comes',
  RESTARTS,
  async () => {
    await service.until('it was missed', (seen) => {
      return seen.sum('spikescope_document_store_failures_total') > 0;
    });
    await service.logged('documents wait: Elasticsearch at http://127.0.0.1');
    await server.start();
    await service.until('it works', (seen) => seen.value('spikescope_document_store_up') === 1);
    const { data_streams } = await server.client.indices.resolveIndex({ name: 'spikeformer-*' });
    expect(data_streams).toHaveLength(8);
  },
);

test("the guide's queries give the right counts, as they are written", async () => {
  const converted = (count: number, ageUs: number, started: object, error?: string) => {
    for (let i = 0; i < count; i++) {
      const id = `c-${sent}`;
      const events = conversionEvents(id, NOW_US - ageUs + i);
      send(events.started(started));
      send(events.finished(1000, error));
    }
  };
  converted(6, 60e6, { modelType: 'vit', hardwareTarget: 'loihi2' });
  converted(4, 60e6, { modelType: 'bert', hardwareTarget: 'spinnaker' }, 'OutOfMemory');
  converted(2, 60e6, { modelType: 'vit', hardwareTarget: 'cpu' });
  converted(3, 2 * HOUR_US, { modelType: 'vit', hardwareTarget: 'loihi2' }, 'timeout');
  const line = { deviceType: 'cpu', chipId: 'host', text: 'it broke' } as const;
  for (let i = 0; i < 11; i++) send(logFrame({ ...line, t0Us: NOW_US - i, level: 'ERROR' }));
  send(logFrame({ ...line, t0Us: NOW_US, level: 'WARNING' }));
  send(logFrame({ ...line, t0Us: NOW_US - 2 * HOUR_US, level: 'ERROR' }));
  // A line for each start, for each finish, for each line, and for a chip that is seen first.
  await service.until('all lines are stored', (seen) => seen.sum(DOCUMENTS, 'logs') >= 43);
  await server.client.indices.refresh({ index: 'spikeformer-logs' });
  const patterns = await server.client.search({
    index: 'spikeformer-logs',
    query: {
      bool: {
        must: [
          { match: { event_type: 'conversion_start' } },
          { range: { timestamp: { gte: 'now-1h' } } },
        ],
      },
    },
    aggs: {
      by_model_type: { terms: { field: 'model_type.keyword' } },
      by_hardware: { terms: { field: 'hardware_target.keyword' } },
    },
    size: 0,
  });
  const counts = (name: string) => {
    const found = patterns.aggregations?.[name] as unknown as { buckets: Counted[] };
    return Object.fromEntries(found.buckets.map(({ key, doc_count }) => [key, doc_count]));
  };
  expect(counts('by_model_type')).toEqual({ vit: 8, bert: 4 });
  expect(counts('by_hardware')).toEqual({ loihi2: 6, spinnaker: 4, cpu: 2 });
  const errors = await server.client.search({
    index: 'spikeformer-logs',
    query: {
      bool: {
        must: [{ match: { level: 'ERROR' } }, { range: { timestamp: { gte: 'now-1h' } } }],
      },
    },
    aggs: { error_count: { value_count: { field: 'timestamp' } } },
    size: 0,
  });
  expect(errors.aggregations?.['error_count']).toEqual({ value: 11 + 4 });
});

test(
  'metrics and the derived stream do not notice an outage; then all is there',
  RESTARTS,
  async () => {
    sendSeconds(101);
    await service.until('rates are stored', (seen) => seen.sum(DOCUMENTS, 'rates') === 100);
    await server.kill('SIGKILL');
    const before = derived;
    sendSeconds(500);
    const away = await service.until(
      'all frames counted, and the store is missed',
      (seen) => allCounted(seen) && seen.value('spikescope_document_store_up') === 0,
    );
    await until('the derived stream has all', () => derived >= before + 500);
    // More where the chip was silent for so long, on a slow machine, that this is told as well.
    expect(away.value('spikescope_queue_depth{queue="documents"}')).toBeGreaterThanOrEqual(500);
    expect(away.sum('spikescope_documents_oldest_seconds')).toBeGreaterThan(0);
    expect(away.sum('spikescope_dropped_total')).toBe(0);
    await server.start();
    // It hangs for a while, too: sockets open, no answer.
    server.signal('SIGSTOP');
    sendSeconds(100);
    await service.until('all frames counted', allCounted);
    server.signal('SIGCONT');
    const back = await service.until(
      'the backlog is stored',
      (seen) => seen.value('spikescope_queue_depth{queue="documents"}') === 0,
    );
    expect(back.sum(DOCUMENTS, 'rates')).toBe(700);
    expect(back.sum(DOCUMENTS, 'refused')).toBe(0);
    expect(await countOf('spikeformer-rates')).toBe(700);
  },
);

test('what it refuses is listed with its reason, and taken when the index is mended', async () => {
  const { client } = server;
  const templates = await client.indices.getIndexTemplate({ name: 'spikeformer-rates' });
  const { _meta = {}, template } = templates.index_templates[0]?.index_template ?? {};
  const roll = async (type: 'ip' | 'keyword') => {
    const properties = { ...template?.mappings?.properties, neuron_type: { type } };
    await client.indices.putIndexTemplate({
      ...{ name: 'spikeformer-rates', index_patterns: ['spikeformer-rates'], priority: 500 },
      data_stream: {},
      template: { mappings: { dynamic: 'strict', properties } },
      _meta,
    });
    return await client.indices.rollover({ alias: 'spikeformer-rates' });
  };
  const wrong = await roll('ip');
  sendSeconds(20);
  const refused = `${DOCUMENTS}{index="rates",outcome="refused"}`;
  // Each is counted when it is kept.
  const seen = await service.until('they are dead', (now) => now.value(refused) === 20);
  expect(seen.value('spikescope_documents_dead')).toBe(20);
  await service.logged('the store has refused');
  const listed = await runProgram('dead', 'list', '--config', config, '--json');
  const dead = JSON.parse(listed.stdout) as { index: string; reason: string; fields: object }[];
  expect(dead).toHaveLength(20);
  expect(dead[0]).toMatchObject({ index: 'rates', fields: { layer_name: 'encoder' } });
  expect(dead[0]?.reason).toContain('failed to parse field [neuron_type]');
  const table = await runProgram('dead', 'list', '--config', config);
  expect(table.stdout).toMatch(/\n20 dead documents in .+dead-documents\n$/);
  const early = await runProgram('dead', 'resubmit', '--config', config);
  expect(early.code).toBe(78);
  expect(early.stderr).toContain('field neuron_type: wanted keyword, found ip');
  await roll('keyword');
  await client.indices.delete({ index: wrong.new_index });
  const late = await runProgram('dead', 'resubmit', '--config', config, '--json');
  expect([late.code, late.stderr]).toEqual([0, '']);
  expect(JSON.parse(late.stdout)).toEqual({ created: 20, present: 0, refused: 0, busy: 0 });
  const after = await service.metrics();
  expect(after.value('spikescope_documents_dead')).toBe(0);
  expect(await countOf('spikeformer-rates')).toBe(720);
});

test('ends with what waits written, and says what the time was too short for', async () => {
  sendSeconds(50);
  await service.until('all frames counted', allCounted);
  expect(await service.stop()).toBe(0);
  const [, dropped = 0] = /had them: (\d+) documents/.exec(service.log()) ?? [];
  const there = await countOf('spikeformer-rates');
  // Nothing is dropped but on a machine that starves; each that is, is told.
  expect(there).toBeLessThanOrEqual(770);
  expect(there + Number(dropped)).toBeGreaterThanOrEqual(770);
});

test('says at its end which documents were lost with a store that is away', async () => {
  await server.kill('SIGKILL');
  const args = ['run', '--config', config, '--nats', nats.url, ...HTTP];
  const away = await startService(args);
  open.push(() => away.stop());
  await away.until('it listens', (seen) => seen.value('spikescope_nats_connected') === 1);
  sendSeconds(11);
  await away.until('all frames counted', (seen) => seen.sum('spikescope_frames_total') === 11);
  expect(await away.stop()).toBe(0);
  const [, dropped = 0] = /had them: (\d+) documents/.exec(away.log()) ?? [];
  // Ten windows, and that the chip was seen.
  expect(Number(dropped)).toBeGreaterThanOrEqual(10);
});
