import { join } from 'node:path';
import type { DocumentStore } from '../sinks/documents/document-store.ts';
import { INDEX_NAMES, type IndexName } from '../sinks/documents/indices.ts';
import { SqliteStore } from '../sinks/documents/sqlite/sqlite-store.ts';
import type { Deleted } from '../sinks/documents/sqlite/sweeper.ts';
import type { Config } from './config/schema.ts';
import { stateFolder } from './state-folder.ts';

/** What a store tells of itself unasked. */
export interface StoreEvents {
  readonly deleted: (deleted: Deleted) => void;
  readonly failed: (reason: string) => void;
}

const SILENT: StoreEvents = { deleted: () => {}, failed: () => {} };

/**
 * The store that the configuration names, undefined for none. Nothing is opened yet: `setup` or the
 * first write takes it for writing, and who only asks its `queries` leaves it to others.
 */
export async function openDocumentStore(
  config: Pick<Config, 'documents' | 'state'>,
  events: StoreEvents = SILENT,
): Promise<DocumentStore | undefined> {
  const { documents } = config;
  if (documents.store === 'none') return undefined;
  if (documents.store === 'elasticsearch') {
    // Its client takes a while to load, and some memory.
    const { ElasticsearchStore } = await import('../sinks/documents/elasticsearch/store.ts');
    return new ElasticsearchStore(documents.elasticsearch, documents.retention);
  }
  return new SqliteStore({
    file: documents.sqlite.file ?? join(stateFolder(config), 'documents.sqlite'),
    limits: { bytesMax: documents.sqlite.bytes_max, keptMs: keptMs(config) },
    ...events,
  });
}

function keptMs({ documents }: Pick<Config, 'documents'>): Record<IndexName, number> {
  const entries = INDEX_NAMES.map((index) => [index, documents.retention[index] / 1000]);
  return Object.fromEntries(entries) as Record<IndexName, number>;
}
