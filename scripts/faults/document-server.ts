import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { StoredDocument } from '../../src/sinks/documents/document.ts';
import type { IndexName } from '../../src/sinks/documents/indices.ts';
import { storeAt } from '../../test/documents/sqlite/store-folder.ts';
import { ElasticsearchServer } from '../../test/integration/elasticsearch.ts';
import { freePort } from './service-under-fire.ts';

/** The documents that a run left, for reading. */
export interface StoredDocuments {
  all(index: IndexName): Promise<readonly StoredDocument[]>;
}

/** A store of documents of one run. */
export interface DocumentServer extends StoredDocuments {
  /** The section `documents` of the configuration. */
  readonly settings: object;
  /** Kills and starts it again, after a pause; undefined where it has no process of its own. */
  readonly restart: ((pauseMs: number) => Promise<void>) | undefined;
  close(): Promise<void>;
}

/** More than any run writes. */
const DOCUMENTS_MAX = 10_000_000;
const EVER = { fromMs: 0, toMs: 8e12 };
/** Documents reach the store soon, so that a kill finds them at every stage. */
const BATCH = { age: '100ms' };

export async function sqliteDocuments(folder: string): Promise<DocumentServer> {
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'documents.sqlite');
  return {
    settings: { store: 'sqlite', sqlite: { file }, batch: BATCH },
    restart: undefined,
    all: async (index) => {
      const store = storeAt(file);
      try {
        return await store.queries.list({ index, ...EVER }, 'oldest', DOCUMENTS_MAX);
      } finally {
        await store.close();
      }
    },
    close: () => Promise.resolve(),
  };
}

export async function elasticsearchDocuments(
  folder: string,
  indexPrefix: string,
  shared?: ElasticsearchServer,
): Promise<DocumentServer & { readonly server: ElasticsearchServer }> {
  await mkdir(folder, { recursive: true });
  const server = shared ?? new ElasticsearchServer(folder, await freePort(), {});
  if (shared === undefined) await server.start();
  return {
    server,
    settings: {
      ...{ store: 'elasticsearch', batch: BATCH },
      elasticsearch: { url: server.url, index_prefix: indexPrefix, request_timeout: '5s' },
    },
    restart: async (pauseMs) => {
      await server.kill();
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      await server.start();
    },
    all: (index) => allOf(server, `${indexPrefix}${index}`),
    close: async () => {
      if (shared === undefined) await server.stop();
    },
  };
}

interface Hit {
  readonly _id: string;
  readonly _source: Record<string, unknown>;
}

/** All documents of a data stream, as they are in the server; `timestamp` is one of the fields. */
async function allOf(server: ElasticsearchServer, index: string): Promise<StoredDocument[]> {
  const { client } = server;
  await client.indices.refresh({ index });
  const found: StoredDocument[] = [];
  const pages = client.helpers.scrollSearch({ index, size: 2000, sort: ['_doc'] });
  for await (const page of pages) {
    for (const hit of page.body.hits.hits as Hit[]) {
      // Its id once more would tell when the stream was made.
      const { record_id: _, ...fields } = hit._source as StoredDocument['fields'];
      found.push({ id: hit._id, index: index as IndexName, timeUs: 0, fields });
    }
  }
  return found;
}
