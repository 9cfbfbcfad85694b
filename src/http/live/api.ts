import { z } from 'zod';
import {
  benchmarksSchema,
  conversionsSchema,
  coresSchema,
  incidentsSchema,
  logsSchema,
  membraneSchema,
  overviewSchema,
  powerSchema,
  rasterSchema,
  ratesSchema,
  topologySchema,
} from '../../sinks/live/schemas.ts';
import { populationsSchema, spikesSchema } from '../../sinks/live/spike-schemas.ts';
import { TOPIC_NAMES } from './topics.ts';

/** One route of the API, as it is served and as it is documented. */
export interface ApiRoute {
  readonly path: string;
  readonly summary: string;
  /** Its parameters; undefined where it has none. */
  readonly query?: z.ZodObject;
  /** What it answers; undefined for a stream of events or a document of its own. */
  readonly answer?: z.ZodType;
  readonly type?: string;
}

/** Spikes in one answer at most, and seconds of the raster. */
const SPIKES_MAX = 100_000;
const RASTER_SECONDS_MAX = 120;

const ms = z.coerce.number().min(0).max(Number.MAX_SAFE_INTEGER);

const spikesQuery = z.strictObject({
  population: z.string().min(1).max(512).describe('A name of /api/populations.'),
  from: ms.optional().describe('Event time, ms; the first that is known without it.'),
  to: ms.optional().describe('Event time, ms, not included; all there is without it.'),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(SPIKES_MAX)
    .default(SPIKES_MAX)
    .describe('Spikes at most.'),
});

const rasterQuery = z.strictObject({
  from: ms.describe('Event time, ms.'),
  to: ms.describe('Event time, ms, not included.'),
  population: z.string().min(1).max(512).optional().describe('That one only.'),
});

const liveQuery = z.strictObject({
  topics: z
    .string()
    .max(256)
    .transform((text) => [...new Set(text.split(','))])
    .pipe(z.array(z.enum(TOPIC_NAMES)).min(1))
    .describe(`What to send, with commas: ${TOPIC_NAMES.join(', ')}.`),
  seconds: z.coerce
    .number()
    .min(1)
    .max(RASTER_SECONDS_MAX)
    .default(30)
    .describe('Seconds of the raster to begin with.'),
});

export const API_ROUTES: readonly ApiRoute[] = [
  {
    path: '/api/overview',
    summary: 'Chips, layers, totals: the numbers that /metrics has at the same moment.',
    answer: overviewSchema,
  },
  {
    path: '/api/populations',
    summary: 'Layers on chips whose spikes can be asked for.',
    answer: populationsSchema,
  },
  {
    path: '/api/spikes',
    summary: 'Spikes of a population in a stretch of time, exactly, as Insite gives them.',
    query: spikesQuery,
    answer: spikesSchema,
  },
  {
    path: '/api/raster',
    summary: 'Spikes counted by row of neurons and bin of time, as far back as they are kept.',
    query: rasterQuery,
    answer: rasterSchema,
  },
  { path: '/api/rates', summary: 'Mean rates by window, and a histogram.', answer: ratesSchema },
  { path: '/api/power', summary: 'Power of rails; inferences.', answer: powerSchema },
  { path: '/api/cores', summary: 'Cores of each chip.', answer: coresSchema },
  {
    path: '/api/membrane',
    summary: 'Potentials: histograms of layers, traces of some neurons.',
    answer: membraneSchema,
  },
  {
    path: '/api/incidents',
    summary: 'Incidents that detectors opened, and those they closed.',
    answer: incidentsSchema,
  },
  { path: '/api/logs', summary: 'The last lines of the log.', answer: logsSchema },
  {
    path: '/api/conversions',
    summary: 'Conversions, running and last, with their spans.',
    answer: conversionsSchema,
  },
  { path: '/api/benchmarks', summary: 'Models on hardware.', answer: benchmarksSchema },
  {
    path: '/api/topology',
    summary: 'Pipelines, queues and what was dropped.',
    answer: topologySchema,
  },
  {
    path: '/api/live',
    summary:
      'Server-sent events: each names a topic, and its data is what that route answers, ' +
      'first whole, then what changed since the last.',
    query: liveQuery,
    type: 'text/event-stream',
  },
  { path: '/api/openapi.json', summary: 'This document.', type: 'application/json' },
];
