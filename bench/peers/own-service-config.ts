import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Calls with the flags that name a configuration's file; it is gone afterwards. */
export async function withConfig<T>(
  config: unknown,
  start: (flags: readonly string[]) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'spikescope-bench-config-'));
  const file = join(folder, 'spikescope.yaml');
  // YAML may be JSON.
  writeFileSync(file, JSON.stringify(config));
  try {
    return await start(['--config', file]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
