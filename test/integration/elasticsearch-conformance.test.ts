import { afterAll, beforeAll } from 'vitest';
import { describeStore } from '../documents/store-conformance.ts';
import { type ElasticsearchServer, startElasticsearch } from './elasticsearch.ts';
import { openStore } from './elasticsearch-store.ts';

let server: ElasticsearchServer;
let opened = 0;
beforeAll(async () => {
  server = await startElasticsearch();
});
afterAll(() => server.stop());

describeStore('Elasticsearch', async () => {
  opened++;
  const store = openStore(server, { index_prefix: `spikeformer-${opened}-` });
  return {
    store,
    settled: async () => {
      await server.client.indices.refresh({ index: `spikeformer-${opened}-*` });
    },
    close: () => store.close(),
  };
});
