import { z } from 'zod';

/** What detectors found, and the series around it. */
const text = z.string();
const number = z.number();
const whole = z.int();
const us = z.number().describe('Event time, µs.');
const points = z.object({ t_us: z.array(number), values: z.array(number) });

const incident = z.object({
  incident_id: text,
  event: text,
  detector: text,
  series: text,
  device_type: text.optional(),
  chip_id: text.optional(),
  layer_name: text.optional(),
  core_id: whole.optional(),
  severity: text,
  score: number.optional(),
  p_value: number.optional(),
  expected: number.optional(),
  observed: number.optional(),
  text,
  started_us: us,
  ended_us: us.optional(),
  muted: z.boolean(),
});

export const incidentSeriesSchema = z.object({
  incident_id: text,
  name: text.describe('What was measured: the rate of the layer, else the power of the chip.'),
  unit: text,
  started_us: us,
  ended_us: us.optional(),
  points,
  baseline: z
    .object({ low: number, median: number, high: number })
    .nullable()
    .describe('Where 98 % of the values of the 10 s before lay; null where they are too few.'),
});

const name = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'needs 1 to 64 of A-Z a-z 0-9 _ -');
const reason = z.string().trim().min(1).max(1024);

const place = {
  device_type: name,
  chip_id: name,
  layer_name: z.string().min(1).max(128).optional().describe('The whole chip without it.'),
};

export const muteRequestSchema = z.strictObject({
  ...place,
  for_seconds: z.number().min(1).max(2_592_000).describe('By the event time of the chip.'),
  reason: reason.describe('Why; it is recorded.'),
  user: z.string().min(1).max(128).optional().describe('Who asks; it is recorded.'),
});

export const unmuteQuerySchema = z.strictObject({
  ...place,
  reason: reason.default('taken back').describe('Why; it is recorded.'),
});

const mute = z.object({
  id: text,
  event: z.enum(['muted', 'unmuted', 'expired']),
  device_type: text,
  chip_id: text,
  layer_name: text.optional(),
  reason: text,
  user: text.optional(),
  until_us: us.optional().describe('Absent until a frame of the chip has come.'),
  t_us: us,
});

export const muteAnswerSchema = z.object({
  accepted: z.boolean().describe('It is on its way into the stream, behind what came before.'),
});

export const incidentsSchema = z.object({
  open: whole.describe('Those that are muted not counted.'),
  incidents: z.array(incident),
  mutes: z.array(mute).describe('Also those that are over, as long as they are remembered.'),
});

export type Incident = z.output<typeof incident>;
export type IncidentSeries = z.output<typeof incidentSeriesSchema>;
export type LiveMute = z.output<typeof mute>;
export type MuteRequest = z.output<typeof muteRequestSchema>;
export type UnmuteQuery = z.output<typeof unmuteQuerySchema>;
export type IncidentsUpdate = z.output<typeof incidentsSchema>;
