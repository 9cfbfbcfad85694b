/**
 * Writes documents until it is killed, and prints the number of the last that was acknowledged.
 * Usage: node writing-child.ts FILE FIRST BYTES_MAX
 */
import { SqliteStore } from '../../../src/sinks/documents/sqlite/sqlite-store.ts';
import { KEEPS_ALL } from './store-folder.ts';

const [file = '', first = '0', bytesMax = '0'] = process.argv.slice(2);
const BATCH = 100;
const signal = new AbortController().signal;
const store = new SqliteStore({
  file,
  limits: { ...KEEPS_ALL, bytesMax: Number(bytesMax) },
  deleted: () => {},
  failed: (reason) => process.stderr.write(reason),
});
for (let next = Number(first); ; next += BATCH) {
  const batch = Array.from({ length: BATCH }, (_, i) => ({
    id: `d-${next + i}`,
    index: (next + i) % 2 === 0 ? ('logs' as const) : ('conversions' as const),
    timeUs: 1_764_000_000_000_000 + next + i,
    fields: { error_message: 'x'.repeat(100) },
  }));
  await store.write(batch, signal);
  process.stdout.write(`${next + BATCH}\n`);
}
