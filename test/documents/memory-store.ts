import type { StoredDocument } from '../../src/sinks/documents/document.ts';
import { documentFault } from '../../src/sinks/documents/document-fault.ts';
import type {
  DocumentQueries,
  DocumentStore,
  WriteOutcome,
} from '../../src/sinks/documents/document-store.ts';
import { modelQueries } from './model-queries.ts';

/** A store in memory that fails as it is told to: for what no real one does on request. */
export class MemoryStore implements DocumentStore {
  readonly name = 'memory';
  readonly documents = new Map<string, StoredDocument>();
  /** Ids of every batch that was offered, in order. */
  readonly offered: string[][] = [];
  /** Writes that run at this moment, and the most that did. */
  writing = 0;
  writingMax = 0;
  setups = 0;
  /** What set-up throws, while it is there. */
  setupError: Error | undefined;
  /** What writing throws, while it is there. */
  writeError: Error | undefined;
  /** Writes wait for it. */
  gate: Promise<void> = Promise.resolve();
  /** Documents that it can't take now. */
  isBusyFor: (document: StoredDocument) => boolean = () => false;

  get queries(): DocumentQueries {
    return modelQueries([...this.documents.values()]);
  }

  async setup(): Promise<readonly string[]> {
    this.setups++;
    if (this.setupError !== undefined) throw this.setupError;
    return [];
  }

  async write(batch: readonly StoredDocument[], signal: AbortSignal): Promise<WriteOutcome[]> {
    this.offered.push(batch.map(({ id }) => id));
    this.writing++;
    this.writingMax = Math.max(this.writingMax, this.writing);
    try {
      await Promise.race([this.gate, aborted(signal)]);
      if (this.writeError !== undefined) throw this.writeError;
      return batch.map((document) => this.take(document));
    } finally {
      this.writing--;
    }
  }

  private take(document: StoredDocument): WriteOutcome {
    const fault = documentFault(document);
    if (fault !== undefined) return { refused: fault };
    if (this.isBusyFor(document)) return 'busy';
    const key = `${document.index}/${document.id}`;
    if (this.documents.has(key)) return 'present';
    this.documents.set(key, document);
    return 'created';
  }

  async check(): Promise<void> {
    if (this.setupError !== undefined) throw this.setupError;
  }

  async close(): Promise<void> {}
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}
