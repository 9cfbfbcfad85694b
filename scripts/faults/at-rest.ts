import { setTimeout as sleep } from 'node:timers/promises';

export interface AtRestOptions {
  readonly withinMs: number;
  readonly pollMs: number;
  /** Looks in a row that have to see the same. */
  readonly looks: number;
  /** What stands still when all is done; `missing` says what is not done yet. */
  readonly look: () => Promise<object>;
}

/** Waits until everything stands still; gives what it waited for in vain. */
export async function atRest(options: AtRestOptions): Promise<string | undefined> {
  const { withinMs, pollMs, looks, look } = options;
  const deadlineMs = performance.now() + withinMs;
  let missing = 'nothing was looked at';
  let before = '';
  for (let same = 0; same < looks; await sleep(pollMs)) {
    if (performance.now() > deadlineMs) return missing;
    const state = await look().catch((error: Error) => ({ missing: error.message }));
    const text = JSON.stringify(state);
    same = 'missing' in state || text !== before ? 0 : same + 1;
    before = text;
    missing = 'missing' in state ? String(state.missing) : 'it does not come to rest';
  }
  return undefined;
}
