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

export const incidentsSchema = z.object({ open: whole, incidents: z.array(incident) });

export type Incident = z.output<typeof incident>;
export type IncidentSeries = z.output<typeof incidentSeriesSchema>;
export type IncidentsUpdate = z.output<typeof incidentsSchema>;
