import { readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { nuid } from '@nats-io/transport-node';

const NAME = /^[A-Za-z0-9_-]{1,64}$/;

export interface WorkerName {
  /** The same as long as the folder of state is: what it owned is its own again at once. */
  readonly worker: string;
  /** New at each start. */
  readonly owner: string;
}

/** The name of a worker, kept in its folder of state; `isAlone`: it has the folder to itself. */
export function workerName(folder: string, isAlone: boolean): WorkerName {
  const worker = isAlone ? keptName(join(folder, 'worker-name')) : nuid.next();
  const owner = `${worker}/${nuid.next().slice(-6)} (${hostname()}, process ${process.pid})`;
  return { worker, owner };
}

function keptName(file: string): string {
  try {
    const name = readFileSync(file, 'utf8').trim();
    if (NAME.test(name)) return name;
  } catch {
    // None yet.
  }
  const host = hostname()
    .replace(/[^A-Za-z0-9_-]/g, '_')
    .slice(0, 32);
  const name = `${host}-${nuid.next().slice(-8)}`;
  try {
    writeFileSync(file, `${name}\n`, { mode: 0o600 });
  } catch {
    // No room: another name after the next start, and others wait for the leases of this one.
  }
  return name;
}
