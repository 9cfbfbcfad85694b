import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { estypes } from '@elastic/elasticsearch';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { StoreError } from '../../src/sinks/documents/document-store.ts';
import { runProgram } from '../cli/program.ts';
import { type ElasticsearchServer, startElasticsearch } from './elasticsearch.ts';
import { openStore } from './elasticsearch-store.ts';

let server: ElasticsearchServer;
beforeAll(async () => {
  server = await startElasticsearch();
});
afterAll(() => server.stop());

const never = new AbortController().signal;

/** What a store with these options says when it is set up. */
async function setUp(prefix: string, retention: object = {}): Promise<readonly string[]> {
  const store = openStore(server, { index_prefix: prefix }, retention);
  try {
    return await store.setup(never);
  } finally {
    await store.close();
  }
}

async function refusal(prefix: string): Promise<string> {
  const error: unknown = await setUp(prefix).catch((thrown: unknown) => thrown);
  if (error instanceof StoreError) return error.message;
  throw new Error(`no StoreError but ${String(error)}`);
}

/** Templates and indices whose names begin so. */
async function thereIs(prefix: string): Promise<string[]> {
  const { client } = server;
  const all = await client.indices.resolveIndex({ name: `${prefix}*`, expand_wildcards: 'all' });
  const { index_templates } = await client.indices.getIndexTemplate();
  const templates = index_templates.map(({ name }) => `template ${name}`);
  const names = [...all.indices, ...all.data_streams].map(({ name }) => name);
  return [...templates.filter((name) => name.startsWith(`template ${prefix}`)), ...names].sort();
}

async function mappingOf(name: string): Promise<estypes.MappingTypeMapping> {
  const [found] = Object.values(await server.client.indices.getMapping({ index: name }));
  if (found === undefined) throw new Error(`no ${name}`);
  return found.mappings;
}

test('makes strict data streams by templates above the built-in ones, with retention', async () => {
  const made = await setUp('fresh-', { logs: '3d' });
  expect(made).toContain('index template fresh-logs made: documents are kept 3d');
  expect(made).toContain('data stream fresh-runs made');
  expect(await thereIs('fresh-')).toHaveLength(8 + 8);
  const { index_templates } = await server.client.indices.getIndexTemplate({ name: 'fresh-logs' });
  expect(index_templates[0]?.index_template).toMatchObject({
    priority: 500,
    template: { lifecycle: { data_retention: '3d' }, mappings: { dynamic: 'strict' } },
  });
  const { properties } = await mappingOf('fresh-logs');
  const text = { type: 'text', fields: { keyword: { type: 'keyword' } } };
  const asked = { event_type: text, level: text, model_type: text, hardware_target: text };
  expect(properties).toMatchObject({ ...asked, timestamp: { type: 'date' } });
  expect(await setUp('fresh-', { logs: '3d' })).toEqual([]);
});

test('changes the retention of a template that it has made', async () => {
  await setUp('kept-');
  const changed = 'index template kept-logs changed: documents are kept 5d';
  expect(await setUp('kept-', { logs: '5d' })).toEqual([changed]);
});

test('adds fields that came with a newer version', async () => {
  const { client } = server;
  await setUp('older-');
  const properties = { ...(await mappingOf('older-power')).properties };
  delete properties['watts'];
  await client.indices.putIndexTemplate({
    name: 'older-power',
    index_patterns: ['older-power'],
    priority: 500,
    data_stream: {},
    template: { mappings: { dynamic: 'strict', properties } },
    _meta: { managed_by: 'spikescope', fingerprint: 'of an older version' },
  });
  await client.indices.rollover({ alias: 'older-power' });
  expect(await setUp('older-')).toEqual([
    expect.stringContaining('index template older-power changed'),
    'data stream older-power: added watts',
  ]);
  expect((await mappingOf('older-power')).properties).toHaveProperty('watts');
  expect(await setUp('older-')).toEqual([]);
});

test('says of an index that is there its fields, what was wanted and what was found', async () => {
  const properties = { level: { type: 'long' as const }, message: { type: 'text' as const } };
  await server.client.indices.create({ index: 'taken-logs', mappings: { properties } });
  const before = await thereIs('taken-');
  const message = await refusal('taken-');
  expect(message).toContain('taken-logs: wanted a data stream, found an ordinary index');
  expect(message).toContain('taken-logs: dynamic: wanted strict, found true');
  expect(message).toContain(
    'field level: wanted text {"fields":{"keyword":{"type":"keyword"}},"norms":false}, found long',
  );
  expect(message).not.toContain('field message');
  expect(message).toContain('index_prefix');
  expect(await thereIs('taken-')).toEqual(before);
});

test('says the same of a data stream, by its indices', async () => {
  await server.client.indices.putIndexTemplate({
    name: 'streams-of-somebody',
    index_patterns: ['stream-*'],
    data_stream: {},
    priority: 300,
    template: { mappings: { dynamic: 'strict', properties: { spikes: { type: 'text' } } } },
  });
  const operations = [{ create: { _index: 'stream-rates' } }, { '@timestamp': 0, spikes: 'x' }];
  await server.client.bulk({ operations });
  const message = await refusal('stream-');
  expect(message).toMatch(/stream-rates \(\.ds-stream-rates-[^)]+\): field spikes: wanted long/);
  expect(message).toContain('field spikes: wanted long {"coerce":false}, found text');
  expect(await thereIs('stream-')).not.toContain('template stream-logs');
});

test('refuses where a template of somebody else would win, or has the name', async () => {
  const { client } = server;
  await client.indices.putIndexTemplate({
    name: 'of-somebody',
    index_patterns: ['beaten-lo*'],
    priority: 1000,
    data_stream: {},
    template: { mappings: { properties: { level: { type: 'text' } } } },
  });
  const message = await refusal('beaten-');
  expect(message).toContain('beaten-logs: another index template of a higher priority would win');
  expect(message).toContain('beaten-logs: field level: wanted text');
  expect(await thereIs('beaten-')).toEqual([]);
  await client.indices.putIndexTemplate({ name: 'named-runs', index_patterns: ['named-runs'] });
  expect(await refusal('named-')).toContain(
    'named-runs: an index template of that name was made by something else',
  );
});

test('as a command: what was made; 78 where something disagrees, as at a start', async () => {
  const file = join(server.folder, 'setup.yaml');
  const configure = (prefix: string) => {
    const elasticsearch = { url: server.url, index_prefix: prefix };
    return writeFile(file, stringify({ documents: { store: 'elasticsearch', elasticsearch } }));
  };
  await configure('command-');
  const first = await runProgram('setup', '--config', file);
  expect([first.code, first.stderr]).toEqual([0, '']);
  expect(first.stdout).toContain('index template command-logs made: documents are kept 30d\n');
  const second = await runProgram('setup', '--config', file);
  expect([second.code, second.stdout]).toEqual([0, 'everything is there\n']);
  const json = await runProgram('setup', '--config', file, '--json');
  expect(JSON.parse(json.stdout)).toEqual([]);
  await server.client.indices.create({
    index: 'wrong-logs',
    mappings: { properties: { level: { type: 'long' } } },
  });
  await configure('wrong-');
  const wrong = await runProgram('setup', '--config', file);
  expect([wrong.code, wrong.stdout]).toEqual([78, '']);
  expect(wrong.stderr).toContain('wrong-logs: field level: wanted text');
  const started = await runProgram('run', '--config', file, '--http', '127.0.0.1:0');
  expect(started.code).toBe(78);
  expect(started.stderr).toContain('wrong-logs: field level: wanted text');
});

test('as a command, where nobody answers: 1 and the address', async () => {
  const file = join(server.folder, 'nobody.yaml');
  await writeFile(
    file,
    'documents: {store: elasticsearch, elasticsearch: {url: "http://127.0.0.1:1"}}',
  );
  const { code, stderr } = await runProgram('setup', '--config', file);
  expect(code).toBe(1);
  expect(stderr).toContain('Elasticsearch at http://127.0.0.1:1 is away');
});
