import { mkdir, rm } from 'node:fs/promises';

/** One way to get a program; `what` is the sentence part that an error shows. */
export interface Way {
  readonly what: string;
  get(into: string): Promise<void>;
}

/** Takes the first way that works, each starting from an empty folder. */
export async function firstThatWorks(ways: readonly Way[], into: string): Promise<void> {
  const tried: string[] = [];
  for (const way of ways) {
    try {
      await way.get(into);
      return;
    } catch (error) {
      tried.push(`${way.what}: ${error instanceof Error ? error.message : String(error)}`);
      await rm(into, { recursive: true, force: true });
      await mkdir(into, { recursive: true });
    }
  }
  throw new Error(`tried ${ways.length} ways\n    ${tried.join('\n    ')}`);
}
