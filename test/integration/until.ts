import { setTimeout as sleep } from 'node:timers/promises';

const WAIT_MS_MAX = 120_000;

/**
 * Waits until something is so; fails with the sentence, and what `shown` gives, when it never is.
 */
export async function until(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  shown: () => unknown = () => '',
): Promise<void> {
  const deadlineMs = performance.now() + WAIT_MS_MAX;
  while (!(await isSo())) {
    if (performance.now() > deadlineMs) {
      throw new Error(`waited ${WAIT_MS_MAX} ms in vain until ${what} ${JSON.stringify(shown())}`);
    }
    await sleep(5);
  }
}
