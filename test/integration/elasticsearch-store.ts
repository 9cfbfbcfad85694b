import { documentOptions } from '../../src/sinks/documents/document-options.ts';
import { ElasticsearchStore } from '../../src/sinks/documents/elasticsearch/store.ts';
import type { ElasticsearchServer } from './elasticsearch.ts';

/** A store on a server, with the defaults of the configuration but for some options. */
export function openStore(
  server: Pick<ElasticsearchServer, 'url'>,
  options: Readonly<Record<string, unknown>> = {},
): ElasticsearchStore {
  const given = { store: 'elasticsearch', elasticsearch: { url: server.url, ...options } };
  const { elasticsearch, retention } = documentOptions.parse(given);
  return new ElasticsearchStore(elasticsearch, retention);
}
