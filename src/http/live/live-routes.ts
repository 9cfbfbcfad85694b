import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import type { PopulationsAnswer, SpikesAnswer } from '../../sinks/live/spike-schemas.ts';
import { API_ROUTES, type ApiRoute } from './api.ts';
import { apiDocument } from './api-document.ts';
import type { LiveHub } from './live-hub.ts';
import { LiveView } from './live-view.ts';
import { rasterBetween } from './raster-update.ts';
import { BINS_MAX, type TopicName } from './topics.ts';

export interface LiveRouteOptions {
  readonly view: LiveView;
  readonly hub: LiveHub;
  readonly version: string;
  /** A client was turned away: there are as many as may be. */
  readonly refused: () => void;
}

type Query = Readonly<Record<string, unknown>>;

/** The HTTP API: all that the page shows, as JSON; and the stream that the page itself reads. */
export function addLiveRoutes(server: FastifyInstance, options: LiveRouteOptions): void {
  const { view, hub } = options;
  const { live } = view;
  const answers: Readonly<Record<string, (query: Query) => unknown>> = {
    '/api/overview': () => view.overview(),
    '/api/populations': () => populations(view),
    '/api/spikes': (query) => spikes(view, query as unknown as SpikesQuery),
    '/api/raster': (query) => {
      const { from, to, population } = query as unknown as RasterQuery;
      return rasterBetween(live.spikes, from * 1000, to * 1000, population);
    },
    '/api/rates': () => live.rates.since(0),
    '/api/power': () => live.power.since(0),
    '/api/cores': () => live.cores.since(0),
    '/api/membrane': () => view.membrane(0),
    '/api/incidents': () => live.incidents.since(0),
    '/api/logs': () => live.logs.since(0),
    '/api/conversions': () => view.conversions(0),
    '/api/benchmarks': () => live.benchmarks.since(0),
    '/api/topology': () => view.topology(hub.count.now, hub.count.max),
    '/api/openapi.json': () => apiDocument(options.version),
  };
  for (const route of API_ROUTES) {
    const answer = answers[route.path];
    if (answer === undefined) continue;
    server.get(route.path, async (request, reply) => {
      const query = await queryOf(route, request.query, reply);
      if (query === undefined) return reply;
      const found = answer(query);
      if (found !== undefined) return found;
      return await reply.code(404).send({ error: `population: there is none of that name` });
    });
  }
  addStream(server, options);
}

/** The checked parameters of a request; answers it where one of them is wrong. */
async function queryOf(
  { query }: ApiRoute,
  given: unknown,
  reply: FastifyReply,
): Promise<Query | undefined> {
  const checked = (query ?? z.strictObject({})).safeParse(given);
  if (checked.success) return checked.data as Query;
  const [issue] = checked.error.issues;
  const parameter =
    issue?.path.join('.') || (issue?.code === 'unrecognized_keys' ? issue.keys[0] : '');
  await reply.code(400).send({ error: `${parameter}: ${issue?.message}`, parameter });
  return undefined;
}

interface SpikesQuery {
  readonly population: string;
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly limit: number;
}

interface RasterQuery {
  readonly from: number;
  readonly to: number;
  readonly population: string | undefined;
}

function spikes({ live }: LiveView, query: SpikesQuery): SpikesAnswer | undefined {
  const part = live.spikes.parts.get(query.population);
  if (part === undefined) return undefined;
  const fromUs = query.from === undefined ? part.firstUs : query.from * 1000;
  const toUs = query.to === undefined ? part.lastUs : query.to * 1000;
  const found = live.spikes.log.read(part.id, fromUs, toUs, query.limit);
  return {
    ...{ population: part.id, from: fromUs / 1000, to: toUs / 1000 },
    nodeIds: Array.from(found.neuronIds),
    simulationTimes: Array.from(found.timesUs, (us) => us / 1000),
    ...{ lastFrame: !found.isTruncated, complete: found.isComplete && !found.isTruncated },
  };
}

function populations({ live }: LiveView): PopulationsAnswer {
  const all = [...live.spikes.parts.values()];
  return {
    populations: all.map((part) => ({
      ...{ name: part.id, device_type: part.deviceType, chip_id: part.chipId },
      ...{ layer_name: part.layerName, neuron_type: part.neuronType, size: part.neuronCount },
      ...{ first_id: part.neuronOffset, from: part.firstUs / 1000, to: part.lastUs / 1000 },
    })),
  };
}

function addStream(server: FastifyInstance, options: LiveRouteOptions): void {
  const { hub } = options;
  const route = API_ROUTES.find(({ path }) => path === '/api/live') as ApiRoute;
  server.get(route.path, async (request, reply) => {
    const query = await queryOf(route, request.query, reply);
    if (query === undefined) return reply;
    if (hub.isFull) {
      options.refused();
      const error = `${hub.count.max} pages are open, which is as many as may be; close one`;
      return await reply.code(503).header('retry-after', '10').send({ error });
    }
    const { topics, seconds } = query as { topics: TopicName[]; seconds: number };
    reply.hijack();
    const { raw } = reply;
    for (const [name, value] of Object.entries(reply.getHeaders())) {
      if (value !== undefined) raw.setHeader(name, value);
    }
    raw.writeHead(200, { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' });
    hub.add(raw, { topics, bins: Math.min(BINS_MAX, LiveView.binsOf(seconds)) });
    return reply;
  });
}
