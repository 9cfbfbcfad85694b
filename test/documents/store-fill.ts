import type { StoredDocument } from '../../src/sinks/documents/document.ts';
import type { DocumentStore } from '../../src/sinks/documents/document-store.ts';

const BATCH = 500;

/** Writes documents in batches, each of them new. */
export async function fill(
  store: DocumentStore,
  documents: readonly StoredDocument[],
): Promise<void> {
  const { signal } = new AbortController();
  await store.setup(signal);
  for (let i = 0; i < documents.length; i += BATCH) {
    const outcomes = await store.write(documents.slice(i, i + BATCH), signal);
    const odd = outcomes.findIndex((outcome) => outcome !== 'created');
    if (odd >= 0) throw new Error(`document ${i + odd}: ${JSON.stringify(outcomes[odd])}`);
  }
}
