import type { FastifyInstance } from 'fastify';

/** Why there is no report. */
export interface ReportRefusal {
  readonly status: 404 | 413 | 422 | 503;
  readonly error: string;
}

/** Makes reports of the recordings of the configured folder. */
export interface ReportHost {
  /** The page, or why there is none. */
  report(recording: string): Promise<string | ReportRefusal>;
  close(): Promise<void>;
}

/** As the page says of itself; sandboxed, for it comes from the origin of the live page. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox";

/** `/api/reports/<recording>`: what `analyze --html` writes. */
export function addReportRoutes(server: FastifyInstance, host: ReportHost): void {
  server.get<{ Params: { recording: string } }>(
    '/api/reports/:recording',
    async (request, reply) => {
      const made = await host.report(request.params.recording);
      if (typeof made !== 'string') {
        if (made.status === 503) reply.header('retry-after', '5');
        return await reply.code(made.status).send({ error: made.error });
      }
      reply.header('content-security-policy', POLICY);
      return await reply.type('text/html; charset=utf-8').send(made);
    },
  );
  server.addHook('preClose', () => host.close());
}
