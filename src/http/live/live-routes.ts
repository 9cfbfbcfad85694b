import type { FastifyInstance } from 'fastify';
import { API_ROUTES, type ApiRoute } from './api.ts';
import { apiDocument } from './api-document.ts';
import { eventStream } from './event-stream.ts';
import {
  checkQuery,
  isFault,
  type LiveAnswers,
  liveAnswers,
  NONE_OF_THAT_NAME,
} from './live-answers.ts';
import type { LiveHub } from './live-hub.ts';
import { LiveView } from './live-view.ts';
import { BINS_MAX, type TopicName } from './topics.ts';

export interface LiveRouteOptions {
  readonly view: LiveView;
  readonly hub: LiveHub;
  readonly version: string;
  /** A client was turned away: there are as many as may be. */
  readonly refused: () => void;
}

/** The HTTP API: all that the page shows, as JSON; and the stream that the page itself reads. */
export function addLiveRoutes(server: FastifyInstance, options: LiveRouteOptions): void {
  const { view, hub } = options;
  const answers: LiveAnswers = {
    ...liveAnswers(view, () => hub.count),
    '/api/openapi.json': () => apiDocument(options.version),
  };
  for (const route of API_ROUTES) {
    const answer = answers[route.path];
    if (answer === undefined) continue;
    server.get(route.path, async (request, reply) => {
      const query = checkQuery(route, request.query);
      if (isFault(query)) return await reply.code(400).send(query);
      const found = answer(query);
      if (found !== undefined) return found;
      return await reply.code(404).send({ error: NONE_OF_THAT_NAME });
    });
  }
  addStream(server, options);
}

function addStream(server: FastifyInstance, options: LiveRouteOptions): void {
  const { hub } = options;
  const route = API_ROUTES.find(({ path }) => path === '/api/live') as ApiRoute;
  server.get(route.path, async (request, reply) => {
    const query = checkQuery(route, request.query);
    if (isFault(query)) return await reply.code(400).send(query);
    if (hub.isFull) {
      options.refused();
      const error = `${hub.count.max} pages are open, which is as many as may be; close one`;
      return await reply.code(503).header('retry-after', '10').send({ error });
    }
    const { topics, seconds } = query as unknown as { topics: TopicName[]; seconds: number };
    const bins = Math.min(BINS_MAX, LiveView.binsOf(seconds));
    hub.add(eventStream(reply), { topics, bins });
    return reply;
  });
}
