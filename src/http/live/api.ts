import { z } from 'zod';
import { comparisonSchema } from '../../analysis/compare/result.ts';
import {
  incidentSeriesSchema,
  incidentsSchema,
  muteAnswerSchema,
  muteRequestSchema,
  unmuteQuerySchema,
} from '../../sinks/live/incident-schemas.ts';
import {
  recordingsSchema,
  replayControlSchema,
  replayRequestSchema,
  replaySchema,
} from '../../sinks/live/replay-schemas.ts';
import {
  benchmarksSchema,
  conversionsSchema,
  coresSchema,
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
  /** As OpenAPI writes it, `{id}` for what stands there. */
  readonly path: string;
  /** `get` where none is named. */
  readonly method?: 'get' | 'post' | 'delete';
  readonly summary: string;
  /** Its parameters; undefined where it has none. */
  readonly query?: z.ZodObject;
  /** The JSON that comes with it. */
  readonly body?: z.ZodObject;
  /** Its code where all went well; 200 where none is named. */
  readonly status?: 201 | 202 | 204;
  /** What it answers in JSON; undefined for a stream of events or a document of its own. */
  readonly answer?: z.ZodType;
  /** What it answers else, or as well. */
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

const incidentQuery = z.strictObject({
  id: z.string().min(1).max(256).describe('The incident_id of /api/incidents.'),
});

const side = z.string().min(1).max(512);

const comparisonQuery = z.strictObject({
  a: side.describe('What to compare with: a name of /api/recordings, or run: and the id of a run.'),
  b: side.describe('What is compared with it.'),
  format: z
    .enum(['html', 'json'])
    .optional()
    .describe('As the header Accept says without it: JSON where it is named, else the page.'),
});

const topicsOf = (names: readonly [string, ...string[]]) =>
  z
    .string()
    .max(256)
    .transform((text) => [...new Set(text.split(','))])
    .pipe(z.array(z.enum(names)).min(1))
    .describe(`What to send, with commas: ${names.join(', ')}.`);

const liveQuery = z.strictObject({
  topics: topicsOf(TOPIC_NAMES),
  seconds: z.coerce
    .number()
    .min(1)
    .max(RASTER_SECONDS_MAX)
    .default(30)
    .describe('Seconds of the raster to begin with.'),
});

const replayLiveQuery = liveQuery.extend({ topics: topicsOf(['replay', ...TOPIC_NAMES]) });

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
  {
    path: '/api/incident',
    summary: 'The series around an incident, and where it usually is.',
    query: incidentQuery,
    answer: incidentSeriesSchema,
  },
  {
    path: '/api/mutes',
    method: 'post',
    summary: 'Mutes a chip or layer: its incidents are counted, and wake nobody.',
    body: muteRequestSchema,
    status: 202,
    answer: muteAnswerSchema,
  },
  {
    path: '/api/mutes',
    method: 'delete',
    summary: 'Takes a mute back before its time.',
    query: unmuteQuerySchema,
    status: 202,
    answer: muteAnswerSchema,
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
  {
    path: '/api/recordings',
    summary: 'Recordings in the folder http.recordings; what is in them, as far as it was read.',
    answer: recordingsSchema,
  },
  {
    path: '/api/replays',
    method: 'post',
    summary: 'Begins to replay a recording through pipelines of its own; ends when nobody looks.',
    body: replayRequestSchema,
    status: 201,
    answer: replaySchema,
  },
  { path: '/api/replays/{id}', summary: 'Where a replay is.', answer: replaySchema },
  {
    path: '/api/replays/{id}',
    method: 'post',
    summary: 'Goes to a time, plays, pauses, changes the speed.',
    body: replayControlSchema,
    answer: replaySchema,
  },
  { path: '/api/replays/{id}', method: 'delete', summary: 'Ends it.', status: 204 },
  {
    path: '/api/replays/{id}/live',
    summary: 'As /api/live, of a replay; its topic replay says where it is.',
    query: replayLiveQuery,
    type: 'text/event-stream',
  },
  {
    path: '/api/replays/{id}/{view}',
    summary: 'What /api/{view} answers, with the same parameters, of a replay where it is now.',
  },
  {
    path: '/api/reports/{recording}',
    summary: 'What analyze --html writes of a recording of /api/recordings: one page.',
    type: 'text/html',
  },
  {
    path: '/api/comparisons',
    summary: 'What compare says of two recordings or stored runs: one page, or JSON.',
    query: comparisonQuery,
    answer: comparisonSchema,
    type: 'text/html',
  },
  { path: '/api/openapi.json', summary: 'This document.', type: 'application/json' },
];
