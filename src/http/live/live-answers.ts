import { z } from 'zod';
import type { PopulationsAnswer, SpikesAnswer } from '../../sinks/live/spike-schemas.ts';
import type { ApiRoute } from './api.ts';
import type { LiveView } from './live-view.ts';
import { rasterBetween } from './raster-update.ts';

/** Checked parameters of a request. */
export type Query = Readonly<Record<string, unknown>>;

/** What each route of the API answers of a view, by its path; undefined where there is no such. */
export type LiveAnswers = Readonly<Record<string, (query: Query) => unknown>>;

/** Said where a route that is asked for one thing by name does not know it. */
export const NONE_OF_THAT_NAME = 'there is none of that name';

export function liveAnswers(
  view: LiveView,
  clients: () => { readonly now: number; readonly max: number },
): LiveAnswers {
  const { live } = view;
  return {
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
    '/api/incident': (query) => live.incidentSeries.get(query['id'] as string),
    '/api/logs': () => live.logs.since(0),
    '/api/conversions': () => view.conversions(0),
    '/api/benchmarks': () => live.benchmarks.since(0),
    '/api/topology': () => view.topology(clients().now, clients().max),
  };
}

/** What is wrong with a request, and with which parameter of it. */
export interface QueryFault {
  readonly error: string;
  readonly parameter: string;
}

/** The parameters of a request as the schema of its route has them, or what is wrong. */
export function checkQuery({ query }: ApiRoute, given: unknown): Query | QueryFault {
  return checked(query ?? z.strictObject({}), given);
}

export function checked(schema: z.ZodType, given: unknown): Query | QueryFault {
  const result = schema.safeParse(given);
  if (result.success) return result.data as Query;
  const [issue] = result.error.issues;
  const parameter =
    issue?.path.join('.') || (issue?.code === 'unrecognized_keys' ? (issue.keys[0] ?? '') : '');
  return { error: `${parameter}: ${issue?.message}`, parameter };
}

export function isFault(query: Query | QueryFault): query is QueryFault {
  return typeof (query as QueryFault).error === 'string';
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
