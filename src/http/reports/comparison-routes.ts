import type { FastifyInstance } from 'fastify';
import { API_ROUTES, type ApiRoute } from '../live/api.ts';
import { checkQuery, isFault } from '../live/live-answers.ts';
import { answerPage, type MadePage, type PageRefusal } from './page-answer.ts';

/** Compares recordings of the configured folder and stored runs. */
export interface ComparisonHost {
  /** The page and its JSON, or why there is none. A side is a name, or `run:` and an id. */
  comparison(a: string, b: string): Promise<MadePage | PageRefusal>;
}

interface ComparisonQuery {
  readonly a: string;
  readonly b: string;
  readonly format: 'html' | 'json' | undefined;
}

const PATH = '/api/comparisons';

/** `/api/comparisons?a=…&b=…`: what `compare` writes with --html or prints with --json. */
export function addComparisonRoutes(server: FastifyInstance, host: ComparisonHost): void {
  const route = API_ROUTES.find(({ path }) => path === PATH) as ApiRoute;
  server.get(PATH, async (request, reply) => {
    reply.header('vary', 'Accept');
    const query = checkQuery(route, request.query);
    if (isFault(query)) return await reply.code(400).send(query);
    const { a, b, format } = query as unknown as ComparisonQuery;
    const isJson = format === undefined ? prefersJson(request.headers.accept) : format === 'json';
    return await answerPage(reply, host.comparison(a, b), isJson);
  });
}

/** Whether JSON is named and HTML is wanted less; whoever takes anything gets the page. */
export function prefersJson(accept: string | undefined): boolean {
  const json = qualityOf(accept, 'application/json') ?? 0;
  return json > (qualityOf(accept, 'text/html') ?? 0);
}

/** The q of a type that a header names, 1 where it says none. */
function qualityOf(accept: string | undefined, type: string): number | undefined {
  for (const part of accept?.split(',') ?? []) {
    const [name, ...parameters] = part.split(';').map((text) => text.trim().toLowerCase());
    if (name !== type) continue;
    const quality = parameters.find((text) => text.startsWith('q='));
    return quality === undefined ? 1 : Number(quality.slice(2)) || 0;
  }
  return undefined;
}
