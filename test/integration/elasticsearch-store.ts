import { documentOptions } from '../../src/sinks/documents/document-options.ts';
import { ElasticsearchStore } from '../../src/sinks/documents/elasticsearch/store.ts';
import type { ElasticsearchServer } from './elasticsearch.ts';

/** A store on a server, with the defaults of the configuration but for some options. */
export function openStore(
  server: Pick<ElasticsearchServer, 'url'>,
  options: Readonly<Record<string, unknown>> = {},
  retention: object = {},
): ElasticsearchStore {
  const given = { elasticsearch: { url: server.url, ...options }, retention };
  const checked = documentOptions.parse({ store: 'elasticsearch', ...given });
  return new ElasticsearchStore(checked.elasticsearch, checked.retention);
}
