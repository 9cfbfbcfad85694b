import type { DeadDocument } from '../sinks/documents/dead-documents.ts';
import type { DocumentEvents } from '../sinks/documents/document-sink.ts';
import { StoreError } from '../sinks/documents/document-store.ts';
import type { StoreEvents } from './document-store.ts';
import type { OwnTelemetry } from './own-telemetry.ts';

/** Those of a sink, and the end of it: what is dropped then, no scrape will tell. */
export interface DocumentEventsToTheEnd extends DocumentEvents {
  ended(): void;
}

/** What happens to documents, in metrics and log: a line when something changes, none each. */
export function documentEvents({ own, log }: OwnTelemetry): DocumentEventsToTheEnd {
  /** What stands in the log of the store: it is said again when it changes. */
  let said: 'nothing' | 'works' | 'away' | 'wrong' = 'nothing';
  let isFull = false;
  let stopped = 0;
  const up = own.documentStoreUp.series();
  return {
    settled: (index, outcome) => own.documents.series(index, outcome).add(1),
    dropped: (reason, documents) => {
      own.dropped.series('documents', reason).add(documents);
      if (reason === 'stopped') stopped += documents;
      if (reason !== 'queue_full' || isFull) return;
      isFull = true;
      log.error('as many documents wait for the store as may: further ones are dropped');
    },
    failed: (error) => {
      own.documentStoreFailures.series().add(1);
      up.set(0);
      const what = error instanceof StoreError ? 'wrong' : 'away';
      if (said === what) return;
      said = what;
      const text = `documents wait: ${error instanceof Error ? error.message : String(error)}`;
      if (what === 'wrong') log.error(text);
      else log.warn(text);
    },
    worked: () => {
      up.set(1);
      isFull = false;
      if (said === 'away' || said === 'wrong') log.info('the store of documents works again');
      said = 'works';
    },
    made: (sentences) => {
      for (const sentence of sentences) log.info(`documents: ${sentence}`);
    },
    ended: () => {
      if (stopped === 0) return;
      log.error(`stopped before the store had them: ${stopped} documents are dropped`);
    },
  };
}

/** What a store says unasked. */
export function storeEvents({ own, log }: OwnTelemetry): StoreEvents {
  return {
    deleted: ({ index, reason, documents }) =>
      own.documentsDeleted.series(index, reason).add(documents),
    failed: (reason) => log.error(`old documents could not be deleted: ${reason}`),
  };
}

/** What becomes of documents that a store refused, in metrics and log. */
export interface BurialEvents {
  /** So many were kept of these; where none could be, why. */
  buried(dead: readonly DeadDocument[], kept: number, error?: unknown): void;
}

export function burialEvents({ own, log }: OwnTelemetry): BurialEvents {
  let total = 0;
  let sayAt = 1;
  return {
    buried: (dead, kept, error) => {
      const lost = dead.length - kept;
      const reason = error === undefined ? 'dead_full' : 'dead_failed';
      if (lost > 0) own.dropped.series('documents', reason).add(lost);
      total += dead.length;
      if (total < sayAt) return;
      // At the 1st, 10th, 100th…: who sends one that is refused sends many.
      while (sayAt <= total) sayAt *= 10;
      const [first] = dead;
      const example = `${first?.document.id}: ${first?.reason}`;
      log.warn(`the store has refused ${total} documents, such as ${example}`, {
        ...(error !== undefined && { error }),
        see: 'spikescope dead list',
      });
    },
  };
}
