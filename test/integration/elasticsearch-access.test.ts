import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OptionError } from '../../src/component/option-error.ts';
import type { StoredDocument } from '../../src/sinks/documents/document.ts';
import { documentOptions } from '../../src/sinks/documents/document-options.ts';
import { StoreError } from '../../src/sinks/documents/document-store.ts';
import {
  propertiesOf,
  retentionOf,
  templateOf,
} from '../../src/sinks/documents/elasticsearch/mapping.ts';
import { INDEX_NAMES, type IndexName } from '../../src/sinks/documents/indices.ts';
import { TestAuthority } from './certificates.ts';
import { openStore } from './elasticsearch-store.ts';
import {
  type Answer,
  type RecordedRequest,
  type RecordingServer,
  startRecordingServer,
} from './recording-server.ts';

/**
 * The Elasticsearch of the tests has no security and no requests about lifecycles: here a plain
 * server stands in, which only records what it is asked.
 */

const CANARY = 'c4n4ry';
const never = new AbortController().signal;
const open: (() => Promise<unknown>)[] = [];
let folder: string;
let authority: TestAuthority;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spikescope-access-'));
  authority = new TestAuthority(folder);
});
afterAll(async () => {
  for (const close of open.splice(0).reverse()) await close();
  await rm(folder, { recursive: true, force: true });
});

const DOCUMENT: StoredDocument = {
  id: 'a-1',
  index: 'logs',
  timeUs: 1_764_000_000_000_001,
  fields: { level: 'INFO' },
};

/** Takes every document. */
const takes: Answer = ({ path, body }) => {
  if (path !== '/_bulk') return { body: { version: { number: '9.5.3' } } };
  const items = body
    .trim()
    .split('\n')
    .filter((_, i) => i % 2 === 0);
  return { body: { errors: false, items: items.map(() => ({ create: { status: 201 } })) } };
};

/** All is there and as it should be, but that log lines are kept for 30 days. */
const lifecycles: Answer = ({ method, path }) => {
  const { retention } = documentOptions.parse({ retention: { logs: '12d' } });
  const streams = INDEX_NAMES.map((index) => ({ index, name: `spikeformer-${index}` }));
  const kept = (index: IndexName) => (index === 'logs' ? '30d' : retentionOf(retention[index]));
  if (method === 'PUT') return { body: { acknowledged: true } };
  if (path.startsWith('/_resolve/index/')) {
    const backing = streams.map(({ name }) => ({ name, backing_indices: [`.ds-${name}`] }));
    return { body: { indices: [], aliases: [], data_streams: backing } };
  }
  if (path.startsWith('/_index_template/')) {
    const templates = streams.map(({ index, name }) => {
      return { name, index_template: templateOf(index, name, retention[index]) };
    });
    return { body: { index_templates: templates } };
  }
  if (path.endsWith('/_mapping')) {
    const mappings = streams.map(({ index, name }) => {
      return [`.ds-${name}`, { mappings: { dynamic: 'strict', properties: propertiesOf(index) } }];
    });
    return { body: Object.fromEntries(mappings) };
  }
  const lifecycle = streams.map(({ index, name }) => {
    return { name, lifecycle: { data_retention: kept(index) } };
  });
  return { body: { data_streams: lifecycle } };
};

async function serve(answer: Answer, isTls = false): Promise<RecordingServer> {
  const certificate = isTls ? authority.issue(`server-${open.length}`) : undefined;
  const server = await startRecordingServer(answer, certificate);
  open.push(() => server.close());
  return server;
}

async function fileOf(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

/** Writes a document with these options; gives the request that came. */
async function writeWith(
  server: RecordingServer,
  options: Readonly<Record<string, unknown>>,
): Promise<RecordedRequest> {
  const store = openStore(server, options);
  try {
    expect(await store.write([DOCUMENT], never)).toEqual(['created']);
  } finally {
    await store.close();
  }
  return server.requests.at(-1) as RecordedRequest;
}

describe('against a plain HTTPS server that records requests', () => {
  test('a server is trusted by ca_file alone, and not without it', async () => {
    const server = await serve(takes, true);
    await writeWith(server, { ca_file: authority.ca.cert });
    expect(server.requests).toHaveLength(1);
    const other = new TestAuthority(folder, 'other');
    for (const options of [{}, { ca_file: other.ca.cert }]) {
      const store = openStore(server, options);
      await expect(store.write([DOCUMENT], never)).rejects.toThrow(/certificate/);
      await expect(store.setup(never)).rejects.toThrow(/certificate/);
      await store.close();
    }
    expect(server.requests).toHaveLength(1);
  });

  test('a cloud id is the address of its deployment', async () => {
    const server = await serve(takes, true);
    const cloud_id = `lab:${Buffer.from(`0.0.1:${server.port}$127$kibana`).toString('base64')}`;
    const ca_file = authority.ca.cert;
    const request = await writeWith(server, { url: undefined, cloud_id, ca_file });
    expect(request.path).toBe('/_bulk');
  });
});

describe('against a plain HTTP server that records requests', () => {
  test('a document is one line of a bulk request that creates, compressed', async () => {
    const server = await serve(takes);
    const request = await writeWith(server, { index_prefix: 'lab-' });
    expect([request.method, request.path, request.encoding]).toEqual(['POST', '/_bulk', 'gzip']);
    expect(
      request.body
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([
      { create: { _index: 'lab-logs', _id: 'a-1' } },
      { timestamp: '2025-11-24T16:00:00.000001Z', record_id: 'a-1', level: 'INFO' },
    ]);
    const plain = await writeWith(server, { gzip: false });
    expect(plain.encoding).toBeUndefined();
    expect(plain.authorization).toBeUndefined();
  });

  test('an API key is sent encoded, in whichever form it is given, and read again', async () => {
    const server = await serve(takes);
    const encoded = Buffer.from(`id:${CANARY}`).toString('base64');
    const api_key_file = await fileOf('key', `id:${CANARY}\n`);
    const store = openStore(server, { api_key_file });
    const authorizations: (string | undefined)[] = [];
    for (const text of [`id:${CANARY}`, encoded, 'bmV3OmtleQ==', '']) {
      await writeFile(api_key_file, text);
      await store.write([DOCUMENT], never);
      authorizations.push(server.requests.at(-1)?.authorization);
    }
    await store.close();
    // A file that is just being written leaves the last good one.
    const known = [encoded, encoded, 'bmV3OmtleQ==', 'bmV3OmtleQ=='];
    expect(authorizations).toEqual(known.map((key) => `ApiKey ${key}`));
  });

  test('a user and password are sent as such', async () => {
    const server = await serve(takes);
    const password_file = await fileOf('password', `pass:${CANARY}\n`);
    const { authorization } = await writeWith(server, { username: 'spike', password_file });
    const encoded = Buffer.from(`spike:pass:${CANARY}`).toString('base64');
    expect(authorization).toBe(`Basic ${encoded}`);
  });

  test('refused credentials are an error of the set-up, which does not say them', async () => {
    const body = { error: { type: 'security_exception', reason: 'unable to authenticate' } };
    const server = await serve(() => ({ status: 401, body }));
    const password_file = await fileOf('wrong', CANARY);
    const store = openStore(server, { username: 'spike', password_file });
    const error = (await store.setup(never).catch((thrown: unknown) => thrown)) as StoreError;
    expect(error).toBeInstanceOf(StoreError);
    expect(error.message).toContain('refuses the credentials (it answered 401 security_exception');
    await expect(store.write([DOCUMENT], never)).rejects.toThrow('401');
    await store.close();
    for (const hidden of [CANARY, Buffer.from(`spike:${CANARY}`).toString('base64')]) {
      expect(JSON.stringify([error.message, error.stack, error.cause])).not.toContain(hidden);
    }
  });

  const taken = { status: 201 };
  const rejected = { status: 429, error: { type: 'es_rejected_execution', reason: 'full' } };
  test.each([
    [rejected, 'busy'],
    [{ status: 503, error: { type: 'unavailable_shards_exception', reason: 'no' } }, 'busy'],
    [{ status: 403, error: { type: 'cluster_block_exception', reason: 'disk' } }, 'busy'],
    [{ status: 404, error: { type: 'index_not_found_exception', reason: 'none' } }, 'busy'],
    [{ status: 409, error: { type: 'version_conflict_engine_exception' } }, 'present'],
    [{ status: 409, error: { type: 'another_conflict' } }, 'busy'],
    [{ status: 400, error: { type: 'a', reason: 'b', caused_by: { reason: 'c' } } }, 'b: c'],
  ])('an item that answers %j is %s', async (create, outcome) => {
    const items = [{ create: taken }, { create }];
    const server = await serve(() => ({ body: { errors: true, items } }));
    const store = openStore(server);
    const known = ['busy', 'present'].includes(outcome) ? outcome : { refused: outcome };
    const second = { ...DOCUMENT, id: 'a-2' };
    expect(await store.write([DOCUMENT, second], never)).toEqual(['created', known]);
    await store.close();
  });

  test('a batch that is put off as a whole is a failure that says why, not a doubt', async () => {
    let create: object = rejected;
    const server = await serve(() => ({ body: { errors: true, items: [{ create }] } }));
    const store = openStore(server);
    const batch = [DOCUMENT];
    await expect(store.write(batch, never)).rejects.toThrow(
      'did not take documents: it answered 429 es_rejected_execution: full',
    );
    create = taken;
    expect(await store.write(batch, never)).toEqual(['created']);
    // Nothing was asked in between: it is known that none is there.
    expect(server.requests.map(({ path }) => path)).toEqual(['/_bulk', '/_bulk']);
    await store.close();
  });

  test.each([[429], [500], [502], [503], [400], [404]])(
    'a request that is answered %s is made again, and refuses nothing',
    async (status) => {
      const server = await serve(() => ({ status, body: { error: 'no' } }));
      const store = openStore(server);
      await expect(store.write([DOCUMENT], never)).rejects.toThrow(`it answered ${status}`);
      // Once: pauses and further attempts are the sink's.
      expect(server.requests).toHaveLength(1);
      await store.close();
    },
  );

  test('the lifecycle of a data stream that is there follows the configuration', async () => {
    const server = await serve(lifecycles);
    const store = openStore(server, {}, { logs: '12d' });
    const made = await store.setup(never);
    expect(made.filter((sentence) => sentence.includes('data stream'))).toEqual([
      'data stream spikeformer-logs: documents are kept 12d',
    ]);
    const put = server.requests.filter(({ path }) => path.endsWith('/_lifecycle'));
    expect(put.map(({ method, body }) => [method, body])).toEqual([
      ['GET', ''],
      ['PUT', '{"data_retention":"12d"}'],
    ]);
    await store.close();
  });
});

describe('before anything is asked', () => {
  const options: [string, Readonly<Record<string, unknown>>][] = [
    ['documents.elasticsearch.api_key_file', { api_key_file: '/nowhere/key' }],
    ['documents.elasticsearch.ca_file', { ca_file: '/nowhere/ca' }],
    ['documents.elasticsearch.password_file', { username: 'u', password_file: '/nowhere/p' }],
    ['documents.elasticsearch.cloud_id', { url: undefined, cloud_id: 'not one' }],
  ];
  test.each(options)('%s that can not be used is named', async (option, given) => {
    expect(() => openStore({ url: 'http://127.0.0.1:1' }, given)).toThrow(OptionError);
    expect(() => openStore({ url: 'http://127.0.0.1:1' }, given)).toThrow(option);
  });

  test('files that hold something else are named, without what they hold', async () => {
    const ca_file = await fileOf('no-ca', CANARY);
    const url = 'http://127.0.0.1:1';
    expect(() => openStore({ url }, { ca_file })).toThrow(`${ca_file} holds no certificate`);
    const api_key_file = await fileOf('two-lines', `${CANARY}\n${CANARY}\n`);
    const message = `${api_key_file} does not hold one line with an API key`;
    expect(() => openStore({ url }, { api_key_file })).toThrow(message);
  });
});
