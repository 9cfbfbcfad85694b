/**
 * Gets what the tests need beyond npm: `node scripts/services.ts fetch [name…]`. `npm test` calls
 * it first, so it is quick where all is there. Where something can't be had it says so; in CI
 * (CI=true) that is a failure, elsewhere the tests that need it fail one by one and the others run.
 */
import { install, isInstalled } from './services/install.ts';
import { SERVICES, serviceNamed } from './services/known.ts';
import type { Service } from './services/service.ts';

const USAGE = `node scripts/services.ts fetch [${SERVICES.map((known) => known.name).join('|')}]…`;

async function fetchAll(services: readonly Service[]): Promise<boolean> {
  let complete = true;
  for (const service of services) {
    if (isInstalled(service)) continue;
    const name = `${service.name} ${service.version}`;
    const startedMs = performance.now();
    try {
      await install(service);
      const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
      console.error(`services: fetched ${name} in ${seconds} s`);
    } catch (error) {
      complete = false;
      const why = error instanceof Error ? error.message : String(error);
      console.error(`services: can't get ${name}, so tests that need it will fail: ${why}`);
    }
  }
  return complete;
}

async function main(args: readonly string[]): Promise<number> {
  const [command, ...names] = args;
  if (command !== 'fetch') {
    console.error(`usage: ${USAGE}`);
    return 2;
  }
  let services = SERVICES;
  try {
    if (names.length > 0) services = names.map(serviceNamed);
  } catch (error) {
    console.error(`services: ${(error as Error).message}`);
    return 2;
  }
  const complete = await fetchAll(services);
  return complete || process.env['CI'] !== 'true' ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
