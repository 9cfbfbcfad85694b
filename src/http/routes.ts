import type { FastifyInstance } from 'fastify';
import { detailedHealth, type HealthReadings } from './detailed-health.ts';

/** Where the answers come from. */
export interface RouteOptions {
  readonly version: string;
  readonly metrics: () => Promise<string>;
  readonly metricsType: string;
  /** What the checks found last; reading it starts nothing and waits for nothing. */
  readonly health: () => HealthReadings;
  /** The time of an answer about health, ISO 8601. */
  readonly now: () => string;
  /** Hears what failed while a request was answered; who asked is told only that it did. */
  readonly failed: (path: string, error: unknown) => void;
}

export function addRoutes(server: FastifyInstance, options: RouteOptions): void {
  const { version, now } = options;
  server.setErrorHandler(async (error: { statusCode?: number }, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) options.failed(request.routeOptions.url ?? '', error);
    const text = status >= 500 ? 'failed; the log says why' : 'not a request this server takes';
    await reply.code(status).send({ error: text });
  });
  server.get('/metrics', async (_, reply) => {
    reply.type(options.metricsType);
    return await options.metrics();
  });
  server.get('/health', async () => ({ status: 'healthy', timestamp: now(), version }));
  server.get('/health/detailed', async () => detailedHealth(options.health(), now(), version));
}
