import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram } from './program.ts';
import type { Service } from './service.ts';

/** One for several clones where it is named; each version of a program is a folder of its own. */
const SERVICES_FOLDER =
  process.env['TEST_SERVICES_FOLDER'] ?? join(import.meta.dirname, '..', '..', '.services');

function serviceFolder(service: Service): string {
  return join(SERVICES_FOLDER, `${service.name}-${service.version}`);
}

export function servicePath(service: Service): string {
  return join(serviceFolder(service), service.binary);
}

/** A folder is there whole or not at all, so that its program's existence is proof enough. */
export function isInstalled(service: Service): boolean {
  return existsSync(servicePath(service));
}

/**
 * Fetches a service beside its final place, checks that it runs, and moves it there. Two fetches at
 * the same time do no harm: the second finds the place taken and leaves it.
 */
export async function install(service: Service): Promise<void> {
  await mkdir(SERVICES_FOLDER, { recursive: true });
  const into = await mkdtemp(join(SERVICES_FOLDER, `fetching-${service.name}-`));
  try {
    await service.fetch(into);
    const printed = await runProgram(join(into, service.binary), service.check.args);
    if (!printed.includes(service.check.prints)) {
      const wanted = JSON.stringify(service.check.prints);
      throw new Error(`${service.binary} printed ${JSON.stringify(printed.trim())}, not ${wanted}`);
    }
    // What is there without its program is broken, such as by another Python than it was made with.
    if (!isInstalled(service)) await rm(serviceFolder(service), { recursive: true, force: true });
    await rename(into, serviceFolder(service));
  } catch (error) {
    if (!isInstalled(service)) throw error;
  } finally {
    await rm(into, { recursive: true, force: true });
  }
}
