import { setImmediate } from 'node:timers/promises';
import { Client } from '@elastic/elasticsearch';
import type { DerivedRecord } from '../../src/component/derived-record.ts';
import { documentOf } from '../../src/sinks/documents/document.ts';
import { documentOptions } from '../../src/sinks/documents/document-options.ts';
import { DocumentSink, RETRY_LIMITS } from '../../src/sinks/documents/document-sink.ts';
import { ElasticsearchStore } from '../../src/sinks/documents/elasticsearch/store.ts';
import {
  type ElasticsearchServer,
  startElasticsearch,
} from '../../test/integration/elasticsearch.ts';
import { type BenchOptions, median, type Row } from './report.ts';

const DOCUMENTS = 50_000;
const BATCH = 1000;
/** Of the sink, and so of the bare client. */
const IN_FLIGHT = 2;

interface Cost {
  readonly wallS: number;
  /** Of this process: the server is another. */
  readonly cpuS: number;
}

/**
 * Documents per second into a real Elasticsearch: the sink, from derived records, beside the bare
 * client with the same documents in the same batches, in turns within one run.
 */
export async function documents({ rounds, scale }: BenchOptions): Promise<Row[]> {
  const server = await startElasticsearch({ env: { HEAP: '1g', TIER: '4' } });
  try {
    const records = Array.from({ length: Math.round(DOCUMENTS * scale) }, (_, i) => rateRecord(i));
    const bare: Cost[] = [];
    const sink: Cost[] = [];
    // The first round warms up both, and the server.
    for (let round = 0; round <= rounds; round++) {
      const each = [
        await measureBare(server, records, round),
        await measureSink(server, records, round),
      ];
      if (round === 0) continue;
      bare.push(each[0] as Cost);
      sink.push(each[1] as Cost);
    }
    const perS = (costs: readonly Cost[]) =>
      median(costs.map((cost) => records.length / cost.wallS));
    const perCpu = (costs: readonly Cost[]) =>
      median(costs.map((cost) => records.length / cost.cpuS));
    return [
      {
        documents: records.length,
        'bare client, per s': Math.round(perS(bare)),
        'sink, per s': Math.round(perS(sink)),
        'of bare': Number((perS(sink) / perS(bare)).toFixed(2)),
        'bare, per CPU-s': Math.round(perCpu(bare)),
        'sink, per CPU-s': Math.round(perCpu(sink)),
      },
    ];
  } finally {
    await server.stop();
  }
}

function idAt(i: number): string {
  return `bench-${String(i).padStart(12, '0')}`;
}

/** As many fields and bytes as the pipelines derive for a closed window of a layer. */
function rateRecord(i: number): DerivedRecord {
  const layer = `encoder.${i % 12}`;
  return {
    record: 'spike-rate',
    key: ['loihi2', 'chip0', layer],
    t0Us: 1_764_000_000_000_000 + i * 1000,
    spanUs: 1_000_000,
    fields: {
      ...{ device_type: 'loihi2', chip_id: 'chip0', layer_name: layer, neuron_type: 'lif' },
      ...{ neuron_count: 4096, spikes: (i * 7919) % 100_000, mean_rate_hz: (i % 1000) / 7 },
      rate_histogram: Array.from({ length: 12 }, (_, bucket) => (i * (bucket + 1)) % 4096),
      timestep: i,
    },
  };
}

function openStore(server: ElasticsearchServer, index_prefix: string): ElasticsearchStore {
  const elasticsearch = { url: server.url, index_prefix };
  const options = documentOptions.parse({ elasticsearch });
  return new ElasticsearchStore(options.elasticsearch, options.retention);
}

async function timed(work: () => Promise<void>): Promise<Cost> {
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  await work();
  const wallS = (performance.now() - startedMs) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { wallS, cpuS: (user + system) / 1e6 };
}

async function measureSink(
  server: ElasticsearchServer,
  records: readonly DerivedRecord[],
  round: number,
): Promise<Cost> {
  const store = openStore(server, `sink-${round}-`);
  let position = 0;
  let created = 0;
  const sink = new DocumentSink({
    store,
    limits: {
      documentsMax: records.length,
      bytesMax: Number.MAX_SAFE_INTEGER,
      batchDocumentsMax: BATCH,
      batchBytesMax: Number.MAX_SAFE_INTEGER,
      batchMs: 1000,
    },
    retry: RETRY_LIMITS,
    nextId: () => idAt(position++),
    bury: async () => {},
    events: {
      settled: (_, outcome) => {
        if (outcome === 'created') created++;
      },
      dropped: () => {},
      failed: () => {},
      worked: () => {},
      made: () => {},
    },
  });
  await sink.start();
  const cost = await timed(async () => {
    for (const [i, record] of records.entries()) {
      sink.take(record);
      // As they come: in bursts, with turns of the event loop in between.
      if (i % BATCH === 0) await setImmediate();
    }
    await sink.close(AbortSignal.timeout(600_000));
  });
  await store.close();
  if (created !== records.length) throw new Error(`${created} of ${records.length} were created`);
  return cost;
}

async function measureBare(
  server: ElasticsearchServer,
  records: readonly DerivedRecord[],
  round: number,
): Promise<Cost> {
  const store = openStore(server, `bare-${round}-`);
  await store.setup(new AbortController().signal);
  await store.close();
  const index = `bare-${round}-rates`;
  const operations = records.map((record, i) => {
    const document = documentOf(record, idAt(i));
    const timestamp = new Date(record.t0Us / 1000).toISOString();
    const body = { timestamp, record_id: idAt(i), ...document?.fields };
    return [{ create: { _index: index, _id: idAt(i) } }, body];
  });
  const client = new Client({ node: server.url, compression: true });
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < operations.length) {
      const batch = operations.slice(next, next + BATCH);
      next += BATCH;
      const answer = await client.bulk({ operations: batch.flat() });
      if (answer.errors) throw new Error('a document was refused');
    }
  };
  const cost = await timed(async () => {
    await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
  });
  await client.close();
  return cost;
}
