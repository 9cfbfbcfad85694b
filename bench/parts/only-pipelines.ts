/**
 * Loaded into a service that is to have fewer pipelines than there are files: the folder is read as
 * if it had those only that BENCH_PIPELINES names.
 * Usage: node --import only-pipelines.ts …
 */
import { promises } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const wanted = new Set((process.env['BENCH_PIPELINES'] ?? '').split(',').filter(Boolean));
const whole = promises.readdir.bind(promises) as (path: string) => Promise<string[]>;

async function readdir(path: string): Promise<string[]> {
  const names = await whole(path);
  if (wanted.size === 0 || !/[\\/]pipelines$/.test(path)) return names;
  return names.filter((name) => wanted.has(name.replace(/\.[jt]s$/, '')));
}

promises.readdir = readdir as typeof promises.readdir;
syncBuiltinESMExports();
