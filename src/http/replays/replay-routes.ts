import type { FastifyInstance, FastifyReply } from 'fastify';
import {
  type ReplayControl,
  type ReplayRequest,
  replayControlSchema,
  replayRequestSchema,
} from '../../sinks/live/replay-schemas.ts';
import { API_ROUTES, type ApiRoute } from '../live/api.ts';
import { eventStream } from '../live/event-stream.ts';
import { checked, checkQuery, isFault } from '../live/live-answers.ts';
import { LiveView } from '../live/live-view.ts';
import { BINS_MAX } from '../live/topics.ts';
import type { Replay, ReplayAnswer, ReplayHost } from './replay-host.ts';

const BODY_BYTES_MAX = 4096;

type Named = { readonly Params: { readonly id: string; readonly view: string } };

/** Recordings of the configured folder and their replays, under /api/. */
export function addReplayRoutes(server: FastifyInstance, host: ReplayHost): void {
  server.get('/api/recordings', () => host.recordings());
  server.post('/api/replays', { bodyLimit: BODY_BYTES_MAX }, async (request, reply) => {
    const asked = checked(replayRequestSchema, request.body);
    if (isFault(asked)) return await reply.code(400).send(asked);
    const begun = await host.begin(asked as unknown as ReplayRequest);
    if ('error' in begun) return await reply.code(begun.status).send({ error: begun.error });
    const { status, body } = await begun.state();
    return await send(reply, { status: status === 200 ? 201 : status, body });
  });
  server.get<Named>('/api/replays/:id', async (request, reply) => {
    const replay = host.find(request.params.id);
    return await send(reply, replay === undefined ? NONE : await replay.state());
  });
  server.post<Named>('/api/replays/:id', { bodyLimit: BODY_BYTES_MAX }, async (request, reply) => {
    const replay = host.find(request.params.id);
    if (replay === undefined) return await send(reply, NONE);
    const control = checked(replayControlSchema, request.body);
    if (isFault(control)) return await reply.code(400).send(control);
    return await send(reply, await replay.control(control as ReplayControl));
  });
  server.delete<Named>('/api/replays/:id', async (request, reply) => {
    if (!(await host.end(request.params.id))) return await send(reply, NONE);
    return await reply.code(204).send();
  });
  server.get<Named>('/api/replays/:id/live', async (request, reply) => {
    const replay = host.find(request.params.id);
    return replay === undefined
      ? await send(reply, NONE)
      : await stream(replay, request.query, reply);
  });
  server.get<Named>('/api/replays/:id/:view', async (request, reply) => {
    const { id, view } = request.params;
    const replay = host.find(id);
    return await send(
      reply,
      replay === undefined ? NONE : await replay.view(`/api/${view}`, request.query),
    );
  });
  server.addHook('preClose', () => host.close());
}

async function stream(replay: Replay, given: unknown, reply: FastifyReply): Promise<FastifyReply> {
  const query = checkQuery(LIVE, given);
  if (isFault(query)) return await reply.code(400).send(query);
  if (replay.isFull) {
    const error = 'as many look at this replay as may; begin one of your own';
    return await reply.code(503).header('retry-after', '5').send({ error });
  }
  const { topics, seconds } = query as unknown as { topics: string[]; seconds: number };
  replay.stream(eventStream(reply), {
    topics,
    bins: Math.min(BINS_MAX, LiveView.binsOf(seconds)),
  });
  return reply;
}

const LIVE = API_ROUTES.find(({ path }) => path === '/api/replays/{id}/live') as ApiRoute;

const NONE: ReplayAnswer = {
  status: 404,
  body: JSON.stringify({ error: 'there is no such replay; it ends when nobody looks at it' }),
};

async function send(reply: FastifyReply, { status, body }: ReplayAnswer): Promise<FastifyReply> {
  return await reply.code(status).type('application/json; charset=utf-8').send(body);
}
