import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { ALERTS_PATH } from '../sinks/alerts/alert-options.ts';
import type { PublishedAlerts, ToldAlert } from '../sinks/alerts/alert-publisher.ts';
import { sameToken } from './access.ts';

export interface AlertRouteOptions {
  /** What Alertmanager carries as `Authorization: Bearer …`: its own, needed on loopback too. */
  readonly token: () => string;
  /** Rejects where alerts are not kept: Alertmanager sends them again. */
  readonly publish: (alerts: readonly ToldAlert[]) => Promise<PublishedAlerts>;
  /** Hears why alerts could not be published. */
  readonly failed: (error: unknown) => void;
}

const BYTES_MAX = 1024 * 1024;
const ALERTS_MAX = 1000;
/** Requests at once: each keeps its alerts in memory until they are published. */
const REQUESTS_MAX = 4;
const RETRY_AFTER_S = '5';

const names = z.record(z.string(), z.string()).default({});

/** What Alertmanager's webhook sends, as far as it is used; whatever else it has is left alone. */
export const alertWebhook = z.object({
  groupKey: z.string().default(''),
  alerts: z
    .array(
      z.object({
        status: z.enum(['firing', 'resolved']),
        labels: names,
        annotations: names,
        startsAt: z.string(),
        endsAt: z.string().default(''),
        generatorURL: z.string().default(''),
        fingerprint: z.string().default(''),
      }),
    )
    .max(ALERTS_MAX),
});

export const alertsAnswer = z.object({
  published: z.int().describe('Alerts that are on NATS now.'),
  tooLarge: z.int().describe('Alerts that no message can hold: they are dropped.'),
});

/** Takes what Alertmanager's webhook sends, and answers when NATS has it. */
export function addAlertRoute(server: FastifyInstance, options: AlertRouteOptions): void {
  let running = 0;
  server.post(
    ALERTS_PATH,
    {
      bodyLimit: BYTES_MAX,
      // Before the body is read: it is not read for whoever has no token.
      onRequest: async (request, reply) => {
        const given = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
        if (given !== undefined && sameToken(given, options.token())) return;
        const error = 'needs the token of alerts.webhook_token_file';
        await reply.code(401).header('www-authenticate', 'Bearer').send({ error });
      },
    },
    async (request, reply) => {
      const read = alertWebhook.safeParse(request.body);
      if (!read.success) {
        const [issue] = read.error.issues;
        const error = `${issue?.path.join('.')}: ${issue?.message}`;
        return await reply.code(400).send({ error });
      }
      if (running >= REQUESTS_MAX) return await later(reply, 'busy');
      running++;
      try {
        const { groupKey, alerts } = read.data;
        return await options.publish(alerts.map((alert) => ({ ...alert, groupKey })));
      } catch (error) {
        options.failed(error);
        return await later(reply, 'not published; the log says why');
      } finally {
        running--;
      }
    },
  );
}

interface Reply {
  code(status: number): Reply;
  header(name: string, value: string): Reply;
  send(body: object): unknown;
}

/** Alertmanager sends again what is answered with 503. */
function later(reply: Reply, why: string): unknown {
  return reply
    .code(503)
    .header('retry-after', RETRY_AFTER_S)
    .send({ error: `${why}; send it again` });
}
