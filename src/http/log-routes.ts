import type { FastifyInstance, FastifyReply } from 'fastify';
import { ParameterError, type TimeRange, timeRange } from '../analysis/logs/time-range.ts';
import type { DocumentStore } from '../sinks/documents/document-store.ts';
import { reportAnomalies, reportPatterns } from './log-reports.ts';
import { addShipRoute } from './ship-route.ts';

export interface LogRouteOptions {
  /** Undefined where no documents are kept. */
  readonly store: DocumentStore | undefined;
  readonly nowMs: () => number;
}

/** Who asks is told before its connection is given up for being silent. */
const ANSWER_MS_MAX = 8000;
/** Reports at once: each keeps the store busy. */
const REPORTS_MAX = 4;

const REPORTS = { analyze: reportPatterns, anomalies: reportAnomalies };

/** The log analysis under /api/logs, the same JSON as `spikescope logs … --json` prints. */
export function addLogRoutes(server: FastifyInstance, options: LogRouteOptions): void {
  addShipRoute(server, options.store);
  let running = 0;
  const report = async (name: keyof typeof REPORTS, range: TimeRange, reply: FastifyReply) => {
    if (options.store === undefined) {
      return await reply
        .code(404)
        .send({ error: 'no documents are kept: documents.store is none' });
    }
    if (running >= REPORTS_MAX) {
      return await reply.code(503).header('retry-after', '5').send({ error: 'busy; ask again' });
    }
    running++;
    const answer = REPORTS[name](options.store.queries, range).finally(() => {
      running--;
    });
    const told = await Promise.race([answer, late()]);
    if (told !== LATE) return await reply.send(told);
    // It goes on all the same, and what becomes of it is nobody's any more.
    answer.catch(() => {});
    const error = `took longer than ${ANSWER_MS_MAX / 1000} s: ask for a shorter range`;
    return await reply.code(503).send({ error });
  };
  for (const name of Object.keys(REPORTS) as (keyof typeof REPORTS)[]) {
    server.get(`/api/logs/${name}`, async (request, reply) => {
      let range: TimeRange;
      try {
        range = rangeOf(request.query as Readonly<Record<string, unknown>>, options.nowMs());
      } catch (error) {
        if (!(error instanceof ParameterError)) throw error;
        const { parameter, message } = error;
        return await reply.code(400).send({ error: `${parameter}: ${message}`, parameter });
      }
      return await report(name, range, reply);
    });
  }
}

const LATE = Symbol('late');

function late(): Promise<typeof LATE> {
  return new Promise((resolve) => setTimeout(() => resolve(LATE), ANSWER_MS_MAX).unref());
}

const PARAMETERS = ['since', 'until'];

/** @throws ParameterError for a parameter that is unknown, there twice, or can't be read */
function rangeOf(query: Readonly<Record<string, unknown>>, nowMs: number): TimeRange {
  for (const [name, value] of Object.entries(query)) {
    if (!PARAMETERS.includes(name)) {
      throw new ParameterError(name, `is none; known are ${PARAMETERS.join(' and ')}`);
    }
    if (typeof value !== 'string') throw new ParameterError(name, 'is there more than once');
  }
  return timeRange(query as { since?: string; until?: string }, nowMs);
}
