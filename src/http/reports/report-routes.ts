import type { FastifyInstance } from 'fastify';
import { answerPage, type MadePage, type PageRefusal } from './page-answer.ts';

/** Makes reports of the recordings of the configured folder. */
export interface ReportHost {
  /** The page, or why there is none. */
  report(recording: string): Promise<MadePage | PageRefusal>;
  close(): Promise<void>;
}

/** `/api/reports/<recording>`: what `analyze --html` writes. */
export function addReportRoutes(server: FastifyInstance, host: ReportHost): void {
  server.get<{ Params: { recording: string } }>('/api/reports/:recording', (request, reply) =>
    answerPage(reply, host.report(request.params.recording)),
  );
  server.addHook('preClose', () => host.close());
}
