import type { DocumentStore } from '../../src/sinks/documents/document-store.ts';
import { generateDocuments } from '../../test/documents/generate-documents.ts';
import { storeFolder } from '../../test/documents/sqlite/store-folder.ts';
import { fill } from '../../test/documents/store-fill.ts';
import { ASKED, RANGE } from '../../test/documents/store-questions.ts';
import { startElasticsearch } from '../../test/integration/elasticsearch.ts';
import { openStore } from '../../test/integration/elasticsearch-store.ts';
import { type BenchOptions, median, type Row } from './report.ts';

const DOCUMENTS = 100_000;

interface Answered {
  readonly texts: readonly string[];
  readonly ms: readonly number[];
}

/** Every question of the conformance suite, to both stores with the same documents. */
export async function documentsAlike({ scale }: BenchOptions): Promise<Row[]> {
  const documents = generateDocuments({ ...RANGE, count: Math.round(DOCUMENTS * scale) });
  const server = await startElasticsearch();
  const folder = await storeFolder();
  const stores = [openStore(server), folder.open()] as const;
  try {
    const [elasticsearch, sqlite] = stores;
    await fill(elasticsearch, documents);
    await server.client.indices.refresh({ index: 'spikeformer-*' });
    await fill(sqlite, documents);
    const [one, other] = [await askAll(elasticsearch), await askAll(sqlite)];
    const alike = one.texts.filter((text, i) => text === other.texts[i]);
    return [
      {
        documents: documents.length,
        questions: ASKED.length,
        'answered alike, to the byte': alike.length,
        'bytes of answers': one.texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0),
        'Elasticsearch, median ms': median(one.ms).toFixed(1),
        'SQLite, median ms': median(other.ms).toFixed(1),
      },
    ];
  } finally {
    for (const store of stores) await store.close();
    await folder.remove();
    await server.stop();
  }
}

async function askAll({ queries }: DocumentStore): Promise<Answered> {
  const texts: string[] = [];
  const ms: number[] = [];
  for (const { ask } of ASKED) {
    const started = performance.now();
    texts.push(JSON.stringify(await ask(queries)));
    ms.push(performance.now() - started);
  }
  return { texts, ms };
}
