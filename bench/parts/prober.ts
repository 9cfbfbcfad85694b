import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';

/**
 * Starts to ask a service for paths, one after the other, from a process of its own; what it gives
 * ends that, and has what each request took, ms, by path.
 */
export function startProber(
  url: string,
  paths: readonly string[],
): () => Promise<Record<string, number[]>> {
  const file = join(import.meta.dirname, 'health-prober.ts');
  const child = spawn(process.execPath, [file, url, ...paths], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  return async () => {
    child.stdin.end('over\n');
    return JSON.parse(await textOf(child.stdout)) as Record<string, number[]>;
  };
}
