import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { serviceBinary } from '../../scripts/services/service-binary.ts';

const run = promisify(execFile);

/** What the repository has under monitoring/, with default values. */
export const MONITORING = join(import.meta.dirname, '../../monitoring');

/** Runs a tool that comes with a server; gives all that it printed, throws where it fails. */
async function tool(service: string, name: string, args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await run(join(dirname(serviceBinary(service)), name), [...args]);
  return stdout + stderr;
}

export function promtool(...args: string[]): Promise<string> {
  return tool('prometheus', 'promtool', args);
}

export function amtool(...args: string[]): Promise<string> {
  return tool('alertmanager', 'amtool', args);
}
