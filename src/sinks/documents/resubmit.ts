import type { DeadDocument, DeadDocuments } from './dead-documents.ts';
import type { StoredDocument } from './document.ts';
import type { DocumentStore } from './document-store.ts';

export interface Resubmitted {
  readonly created: number;
  readonly present: number;
  /** Refused again: they stay, with the new reason. */
  readonly refused: number;
  /** The store could not take them now: they stay. */
  readonly busy: number;
}

const BATCH_DOCUMENTS = 500;

/**
 * Offers documents to a store once more, and takes those out of the dead that it has now. A crash
 * in between does no harm: the next time the store says that it has them.
 */
export async function resubmit(
  dead: DeadDocuments,
  documents: readonly StoredDocument[],
  store: DocumentStore,
  signal: AbortSignal,
): Promise<Resubmitted> {
  const count = { created: 0, present: 0, refused: 0, busy: 0 };
  /** By key: undefined where the store has it, else what it is now refused for. */
  const verdicts = new Map<string, DeadDocument | undefined>();
  for (let from = 0; from < documents.length; from += BATCH_DOCUMENTS) {
    const batch = documents.slice(from, from + BATCH_DOCUMENTS);
    const outcomes = await store.write(batch, signal);
    for (const [i, document] of batch.entries()) {
      const outcome = outcomes[i] ?? 'busy';
      count[typeof outcome === 'string' ? outcome : 'refused']++;
      if (outcome === 'busy') continue;
      const refused = typeof outcome === 'string' ? undefined : { reason: outcome.refused };
      verdicts.set(keyOf(document), refused && { ...refused, document });
    }
  }
  await keep(dead, verdicts);
  return count;
}

/** Every dead document once, oldest first. */
export async function allDead(dead: DeadDocuments): Promise<DeadDocument[]> {
  const byKey = new Map<string, DeadDocument>();
  for (const file of dead.files()) {
    for (const each of await dead.read(file)) byKey.set(keyOf(each.document), each);
  }
  return [...byKey.values()];
}

/** Leaves in each file what the store does not have, as it stands now. */
async function keep(
  dead: DeadDocuments,
  verdicts: ReadonlyMap<string, DeadDocument | undefined>,
): Promise<void> {
  const found = new Set<string>();
  for (const file of dead.files()) {
    const before = await dead.read(file);
    const keys = before.map(({ document }) => keyOf(document));
    if (!keys.some((key) => verdicts.has(key))) continue;
    const left = before.flatMap((each, i) => {
      const key = keys[i] as string;
      if (!verdicts.has(key)) return [each];
      const isFirst = !found.has(key);
      found.add(key);
      const verdict = verdicts.get(key);
      return verdict === undefined || !isFirst ? [] : [verdict];
    });
    await dead.replace(file, left);
  }
  const fresh = [...verdicts].flatMap(([key, verdict]) =>
    verdict === undefined || found.has(key) ? [] : [verdict],
  );
  if (fresh.length > 0) await dead.add(fresh);
}

function keyOf({ index, id }: StoredDocument): string {
  return `${index}/${id}`;
}
