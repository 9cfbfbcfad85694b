import { join } from 'node:path';
import type { RecordSinks } from '../component/record-sinks.ts';
import { type DeadDocument, DeadDocuments } from '../sinks/documents/dead-documents.ts';
import { documentIds } from '../sinks/documents/document-ids.ts';
import type { DocumentOptions } from '../sinks/documents/document-options.ts';
import type { QueueLimits } from '../sinks/documents/document-queue.ts';
import { DocumentSink, RETRY_LIMITS } from '../sinks/documents/document-sink.ts';
import { type DocumentStore, StoreError } from '../sinks/documents/document-store.ts';
import { ConfigError } from './config/config-error.ts';
import type { Config } from './config/schema.ts';
import { burialEvents, documentEvents, storeEvents } from './document-events.ts';
import { openDocumentStore } from './document-store.ts';
import type { OwnTelemetry } from './own-telemetry.ts';
import { stateFolder } from './state-folder.ts';

/** What a service needs of documents; where no store is configured it costs nothing. */
export interface DocumentParts {
  readonly take: RecordSinks['derived'];
  /** For those who ask it, and for lines that are shipped; undefined where there is none. */
  readonly store: DocumentStore | undefined;
  /** Resolves when the store answers; undefined where there is none. */
  readonly check: ((signal: AbortSignal) => Promise<void>) | undefined;
  readonly queues: Readonly<Record<string, Pick<DocumentSink, 'depth'>>>;
  /** Sets gauges that are read only when somebody asks. */
  beforeScrape(): void;
  /** @throws ConfigError where the store can't be used as it is; one that is away is waited for */
  start(): Promise<void>;
  /** Writes what waits, until the signal, and closes the store. */
  close(signal: AbortSignal): Promise<void>;
}

const NO_DOCUMENTS: DocumentParts = {
  take: undefined,
  store: undefined,
  check: undefined,
  queues: {},
  beforeScrape: () => {},
  start: () => Promise.resolve(),
  close: () => Promise.resolve(),
};

/** The folder of the documents that a store refused. */
export function deadDocuments(config: Config): DeadDocuments {
  const { documents, bytes } = config.documents.dead;
  const folder = join(stateFolder(config), 'dead-documents');
  return new DeadDocuments(folder, { documentsMax: documents, bytesMax: bytes });
}

/** @throws OptionError where a file of the configuration can't be used */
export async function openDocuments(
  config: Config,
  telemetry: OwnTelemetry,
): Promise<DocumentParts> {
  const store = await openDocumentStore(config, storeEvents(telemetry));
  if (store === undefined) return NO_DOCUMENTS;
  const dead = deadDocuments(config);
  const events = documentEvents(telemetry);
  const sink = new DocumentSink({
    store,
    limits: queueLimits(config.documents),
    retry: RETRY_LIMITS,
    nextId: documentIds(),
    bury: burial(dead, telemetry),
    events,
  });
  const { own } = telemetry;
  return {
    take: (record) => sink.take(record),
    store,
    check: (signal) => store.check(signal),
    queues: { documents: sink },
    beforeScrape: () => {
      own.documentsOldest.series().set(sink.oldestS);
      own.documentsDead.series().set(dead.tally.documents);
    },
    start: () => startSink(sink),
    close: async (signal) => {
      await sink.close(signal);
      events.ended();
      await store.close();
    },
  };
}

/** Keeps what a store refused; what can't be kept is counted, and holds nothing up. */
function burial(
  dead: DeadDocuments,
  telemetry: OwnTelemetry,
): (documents: readonly DeadDocument[]) => Promise<void> {
  const events = burialEvents(telemetry);
  return async (documents) => {
    try {
      events.buried(documents, await dead.add(documents));
    } catch (error) {
      events.buried(documents, 0, error);
    }
  };
}

/** A store that disagrees is bad configuration: its names, or those of what is there. */
async function startSink(sink: DocumentSink): Promise<void> {
  try {
    await sink.start();
  } catch (error) {
    if (error instanceof StoreError) throw new ConfigError(error.message);
    throw error;
  }
}

function queueLimits({ batch, queue }: DocumentOptions): QueueLimits {
  return {
    documentsMax: queue.documents,
    bytesMax: queue.bytes,
    batchDocumentsMax: batch.documents,
    batchBytesMax: batch.bytes,
    batchMs: batch.age / 1000,
  };
}
