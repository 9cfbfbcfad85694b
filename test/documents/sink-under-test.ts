import type { RetryLimits } from '../../src/component/backoff.ts';
import type { DerivedRecord } from '../../src/component/derived-record.ts';
import type { DeadDocument } from '../../src/sinks/documents/dead-documents.ts';
import type { QueueLimits } from '../../src/sinks/documents/document-queue.ts';
import { DocumentSink } from '../../src/sinks/documents/document-sink.ts';
import type { DocumentStore } from '../../src/sinks/documents/document-store.ts';

/** As configured by default, but for the retries, which tests need not wait for. */
export const LIMITS: QueueLimits = {
  documentsMax: 100_000,
  bytesMax: 64 * 1024 * 1024,
  batchDocumentsMax: 1000,
  batchBytesMax: 4 * 1024 * 1024,
  batchMs: 20,
};
const RETRY: RetryLimits = { firstMs: 5, lastMs: 100 };

/** A sink, and all that it has said. */
export interface SinkUnderTest {
  readonly sink: DocumentSink;
  /** Documents by index and outcome. */
  readonly settled: Map<string, number>;
  readonly dropped: Map<string, number>;
  readonly dead: DeadDocument[];
  readonly failures: unknown[];
  readonly made: string[];
  worked: number;
}

export function sinkInto(
  store: DocumentStore,
  limits: Partial<QueueLimits> = {},
  retry: RetryLimits = RETRY,
): SinkUnderTest {
  const settled = new Map<string, number>();
  const dropped = new Map<string, number>();
  const dead: DeadDocument[] = [];
  const failures: unknown[] = [];
  const made: string[] = [];
  let position = 0;
  const tested = {
    ...{ settled, dropped, dead, failures, made, worked: 0 },
    sink: new DocumentSink({
      store,
      limits: { ...LIMITS, ...limits },
      retry,
      nextId: () => idAt(position++),
      bury: async (documents) => {
        dead.push(...documents);
      },
      events: {
        settled: (index, outcome) => count(settled, `${index} ${outcome}`, 1),
        dropped: (reason, documents) => count(dropped, reason, documents),
        failed: (error) => failures.push(error),
        worked: () => {
          tested.worked++;
        },
        made: (sentences) => made.push(...sentences),
      },
    }),
  };
  return tested;
}

/** The id that a sink under test gives to its nth record. */
export function idAt(position: number): string {
  return `test-${String(position).padStart(12, '0')}`;
}

function count(counts: Map<string, number>, key: string, more: number): void {
  counts.set(key, (counts.get(key) ?? 0) + more);
}

/** The record of one second of a layer, as the pipeline derives it. */
export function rateRecord(second: number, fields: object = {}): DerivedRecord {
  return {
    record: 'spike-rate',
    key: ['loihi2', '0', 'encoder'],
    t0Us: 1_764_000_000_000_000 + second * 1_000_000,
    spanUs: 1_000_000,
    fields: {
      ...{ device_type: 'loihi2', chip_id: '0', layer_name: 'encoder', neuron_type: 'lif' },
      ...{ neuron_count: 4096, spikes: second, mean_rate_hz: second / 4096, timestep: second },
      rate_histogram: Array.from({ length: 12 }, (_, i) => i),
      ...fields,
    },
  };
}
