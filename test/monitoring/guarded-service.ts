import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ServiceProcess, startService } from '../integration/service-process.ts';
import { SECRETS } from './stack.ts';

export interface RunningService extends Pick<ServiceProcess, 'url' | 'log' | 'stop' | 'child'> {
  metricsText(): Promise<string>;
}

/** The service as in docker-compose.yml: a token of its own for /metrics, a port that is known. */
export async function startGuarded(
  folder: string,
  args: readonly string[],
  httpPort: number,
): Promise<RunningService> {
  const token = join(folder, 'spikescope_token');
  await writeFile(token, SECRETS.spikescope_token);
  const service = await startService(
    ['run', '--http', `127.0.0.1:${httpPort}`, '--state', join(folder, 'state'), ...args],
    { SPIKESCOPE_HTTP_TOKEN_FILE: token },
  );
  const { url } = service;
  return {
    url,
    child: service.child,
    log: service.log,
    stop: service.stop,
    metricsText: async () => {
      const authorization = `Bearer ${SECRETS.spikescope_token}`;
      const answer = await fetch(`${url}/metrics`, { headers: { authorization } });
      return await answer.text();
    },
  };
}
