import { documentOptions } from '../../src/sinks/documents/document-options.ts';
import { elasticsearchOptions } from '../../src/sinks/documents/elasticsearch/options.ts';
import { ElasticsearchStore } from '../../src/sinks/documents/elasticsearch/store.ts';
import { startElasticsearch } from './elasticsearch.ts';

const s = await startElasticsearch();
const retention = documentOptions.parse({}).retention as never;
const store = new ElasticsearchStore(elasticsearchOptions.parse({ url: s.url }), retention);
const sig = new AbortController().signal;
try {
  console.log(await store.setup(sig));
  console.log(await store.setup(sig));
  const docs = Array.from({ length: 50 }, (_, i) => ({
    id: `a-${String(i).padStart(4, '0')}`,
    index: 'conversions' as const,
    timeUs: 1_700_000_000_000_000 + i,
    fields: {
      t0_us: i,
      span_us: 0,
      success: i % 3 === 0,
      ...(i % 2 === 0 ? { model_type: 'vit' } : {}),
      duration_us: i,
    },
  }));
  console.log((await store.write(docs, sig)).join());
  console.log(
    await store.write(
      [...docs.slice(0, 2), { id: 'x', index: 'conversions', timeUs: 1, fields: { t0_us: 'x' } }],
      sig,
    ),
  );
  await s.client.indices.refresh({ index: 'spikeformer-*' });
  const f = { index: 'conversions' as const, fromMs: 0, toMs: Number.MAX_SAFE_INTEGER };
  console.log(
    await store.queries.count(f),
    await store.queries.count({
      ...f,
      having: { model_type: ['vit'], success: [true] },
      with: ['duration_us'],
    }),
  );
  console.log(await store.queries.countBy(f, ['model_type', 'success'], 10));
  console.log(
    JSON.stringify(
      await store.queries.bucketsBy(f, ['model_type', 'success'], 'duration_us', [0, 10, 20.5], 10),
    ),
  );
  console.log(await store.queries.list(f, 'newest', 2));
  console.log(await store.queries.count({ ...f, index: 'runs' }));
  console.log(Object.keys(await s.client.indices.getMapping({ index: 'spikeformer-*' })));
} finally {
  await store.close();
  await s.stop();
}
