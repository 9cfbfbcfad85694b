import type { StoredDocument } from './document.ts';

/** Documents that somebody keeps until they are settled, and what to say to whom then. */
export class KeptDocuments {
  private readonly settlers = new Map<StoredDocument, () => void>();

  add(document: StoredDocument, settled: () => void): void {
    this.settlers.set(document, settled);
  }

  /** Whether it was kept by somebody, who offers it again some day. */
  forget(document: StoredDocument): boolean {
    return this.settlers.delete(document);
  }

  /** All of the batch but those left are where they belong. */
  settle(batch: readonly StoredDocument[], left: readonly StoredDocument[]): void {
    const waiting = new Set(left);
    for (const document of batch) {
      const settled = waiting.has(document) ? undefined : this.settlers.get(document);
      if (settled === undefined) continue;
      this.settlers.delete(document);
      settled();
    }
  }
}
