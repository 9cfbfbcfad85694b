import { isInstalled, servicePath } from './install.ts';
import { serviceNamed } from './known.ts';

/**
 * The path of a service's program, for a test. Where it is missing the test fails and says what to
 * run: a test that is skipped in silence says nothing about the code.
 */
export function serviceBinary(name: string): string {
  const service = serviceNamed(name);
  if (isInstalled(service)) return servicePath(service);
  throw new Error(
    `This test needs ${service.name} ${service.version}, which is not on this machine. ` +
      `Get it with: node scripts/services.ts fetch ${service.name}`,
  );
}
