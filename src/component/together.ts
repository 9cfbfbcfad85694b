type Work = (until: AbortSignal) => Promise<void>;

/** All of them until the signal; where one fails the others are stopped, and it is thrown. */
export async function together(signal: AbortSignal, works: readonly Work[]): Promise<void> {
  const stopped = new AbortController();
  const until = AbortSignal.any([signal, stopped.signal]);
  const working = works.map((work) => work(until));
  try {
    await Promise.all(working);
  } finally {
    stopped.abort();
    await Promise.allSettled(working);
  }
}

/** Resolves at the signal. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
