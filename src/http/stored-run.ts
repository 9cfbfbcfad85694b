import type { Subject } from '../analysis/compare/comparison.ts';
import { StoredRun } from '../analysis/compare/run-subject.ts';
import type { DocumentQueries } from '../sinks/documents/document-store.ts';

/** Documents asked for at once. */
const PAGE = 5000;
const END_MS = 8.64e15;
const INDICES = ['runs', 'rates', 'power'] as const;

/** A run by its id, as a side of a comparison; undefined where the store has nothing of it. */
export async function storedRun(
  queries: DocumentQueries,
  runId: string,
): Promise<Subject | undefined> {
  const run = new StoredRun(runId);
  for (const index of INDICES) await addIndex(queries, run, runId, index);
  return run.subject();
}

/** All documents of a run in one index, by time, a page at a time. */
async function addIndex(
  queries: DocumentQueries,
  run: StoredRun,
  runId: string,
  index: (typeof INDICES)[number],
): Promise<void> {
  let fromMs = 0;
  let seen = new Set<string>();
  for (;;) {
    const filter = { index, fromMs, toMs: END_MS, having: { run_id: [runId] } };
    const page = await queries.list(filter, 'oldest', PAGE);
    const fresh = page.filter(({ id }) => !seen.has(id));
    for (const document of fresh) run.add(document);
    const last = page.at(-1);
    // A page full of documents of one and the same ms would come again for ever.
    if (page.length < PAGE || last === undefined || fresh.length === 0) return;
    fromMs = Math.floor(last.timeUs / 1000);
    const startUs = fromMs * 1000;
    seen = new Set(page.filter(({ timeUs }) => timeUs >= startUs).map(({ id }) => id));
  }
}
