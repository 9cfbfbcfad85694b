import { z } from 'zod';
import { deliverySchema, pipelineStateSchema, sinkStateSchema } from './delivery-schemas.ts';

/**
 * What the page is sent and the HTTP API answers: the only source of types on both sides, and of
 * the OpenAPI document. Times are event times in µs where a name ends in `_us`.
 */
const text = z.string();
const number = z.number();
const whole = z.int();
const us = z.number().describe('Event time, µs.');
const points = z
  .object({ t_us: z.array(number), values: z.array(number) })
  .describe('Columns of one length, in order of time.');
const chip = { device_type: text, chip_id: text };

const rasterPart = z.object({
  id: text,
  ...chip,
  layer_name: text,
  neuron_type: text,
  neuron_count: whole,
  neuron_offset: whole,
  rows: whole,
  neurons_per_row: whole,
  since: whole.describe('Changes when the raster of this part begins anew.'),
  first_us: us,
  last_us: us,
  received: whole.describe('Spikes received, ever.'),
  shown: whole.describe('Of these, spikes in the raster.'),
  dropped: whole.describe('Left out: more came than the page takes, or too late.'),
  columns: z
    .object({
      first: whole.describe('Number of the first bin: its time / bin_us.'),
      count: whole,
      cells: text.describe('Base64 of count·rows bytes: spikes of a row in a bin, at most 255.'),
      covered: text.describe('Base64 of count bytes: 1 where frames cover the bin, else unknown.'),
    })
    .optional(),
});

export const rasterSchema = z.object({
  bin_us: whole,
  bins_kept: whole,
  parts: z.array(rasterPart),
  parts_refused: whole.describe('Layers on chips that are past what the page shows.'),
  spikes_refused: whole.describe('Their spikes.'),
});

const rateLayer = z.object({
  id: text,
  ...chip,
  layer_name: text,
  neuron_type: text,
  neuron_count: whole,
  windows: points.describe('Mean rate of all neurons, Hz, by start of the window.'),
  window_us: whole,
  histogram: z.array(whole).describe('Neurons by their rate in the last window, not cumulative.'),
});

export const ratesSchema = z.object({
  le_hz: z.array(number).describe('Bounds of the histograms; a last bucket is +Inf.'),
  layers: z.array(rateLayer),
});

const rail = z.object({
  id: text,
  ...chip,
  rail: text,
  component: text,
  energy_joules: number,
  watts: points,
});

const inference = z.object({
  model_name: text,
  hardware: text,
  count: whole,
  energy_per_inference_joules: number.optional(),
  energy_per_synaptic_operation_joules: number.optional(),
  latency_mean_us: number.optional(),
  latency_max_us: number.optional(),
  baseline_name: text.optional(),
  energy_efficiency_ratio: number.optional(),
  t0_us: us,
});

export const powerSchema = z.object({ rails: z.array(rail), inferences: z.array(inference) });

const coreChip = z.object({
  id: text,
  ...chip,
  t_us: us,
  core_ids: z.array(whole),
  utilization_percent: z.array(number),
  layers: z.array(text).optional().describe('Layer of each core; empty where none.'),
  activity: z
    .record(text, z.array(number))
    .describe('Counters by core, growth since the frame before, in the order of core_ids.'),
});

export const coresSchema = z.object({ chips: z.array(coreChip), cores_refused: whole });

const membraneLayer = z.object({
  id: text,
  ...chip,
  layer_name: text,
  unit: text,
  samples: whole,
  not_finite: whole.describe('Among the samples of the neurons that are drawn.'),
  histogram: z.object({ le: z.array(number), count: z.array(whole) }),
  traces: z.array(z.object({ neuron_id: whole, potentials: points })),
});

export const membraneSchema = z.object({ layers: z.array(membraneLayer) });

const logLine = z.object({
  number: whole,
  level: text,
  logger: text,
  message: text,
  t_us: us,
  event_type: text.optional(),
  fields: z.record(text, z.unknown()),
});

export const logsSchema = z.object({ lines: z.array(logLine), forgotten: whole });

const span = z.object({
  name: text,
  span_id: text,
  parent_span_id: text.optional(),
  start_us: us,
  end_us: us,
  error: text.optional(),
});

const conversion = z.object({
  conversion_id: text,
  state: z.enum(['running', 'succeeded', 'failed']),
  model_name: text.optional(),
  model_type: text.optional(),
  model_size: text.optional(),
  hardware_target: text.optional(),
  started_us: us.optional(),
  last_us: us,
  duration_us: number.optional(),
  last_step: text.optional(),
  error_type: text.optional(),
  error_message: text.optional(),
  trace_id: text.optional(),
  spans: z.array(span),
});

export const conversionsSchema = z.object({
  conversions: z.array(conversion),
  trace_url: text.optional().describe('Address of a trace; {trace_id} stands for its id.'),
});

const benchmark = z.object({
  model: text,
  hardware: text,
  t0_us: us,
  values: z.record(text, number),
  change_against_median: z.record(text, number),
  history: z.array(z.record(text, number)),
});

export const benchmarksSchema = z.object({ benchmarks: z.array(benchmark) });

const chipState = z.object({
  id: text,
  ...chip,
  connected: z.boolean().nullable().describe('Null: nobody has said.'),
  status: text.optional(),
  reason: text.optional(),
  temperature_c: number.optional(),
  watts: number.nullable(),
  energy_joules: number.nullable(),
  spikes_per_second: number,
  frames: whole,
  heard_us: number.describe('Arrival of its last frame, µs since the epoch by the wall clock.'),
  lag_seconds: number.nullable(),
});

const layerState = z.object({
  layer_name: text,
  spikes: whole.describe('neural_spikes_total of the layer.'),
  spikes_per_second: number,
  neurons: whole,
  chips: whole,
  mean_rate_hz: number.nullable().describe('Of its last closed windows.'),
});

export const overviewSchema = z.object({
  version: text,
  source: text,
  connected: z.boolean().nullable(),
  now_us: number.describe('Wall clock of the service, µs.'),
  started_us: number,
  totals: z.object({
    frames: whole,
    spikes: whole,
    spikes_per_second: number,
    frames_per_second: number,
    watts: number.nullable(),
    energy_joules: number.nullable(),
    frames_invalid: whole,
    frames_missing: whole,
    frames_repeated: whole,
    samples_late: whole,
    windows_incomplete: whole,
    dropped: whole,
  }),
  incidents_open: whole,
  logs_stored: z.boolean().describe('Whether the log analysis under /api/logs has a store to ask.'),
  errors: z.array(logLine).describe('The last log lines that are errors.'),
  chips: z.array(chipState),
  layers: z.array(layerState),
  pipelines: z.array(pipelineStateSchema),
  sinks: z.array(sinkStateSchema),
  delivery: deliverySchema,
});

export const topologySchema = z.object({
  source: text,
  connected: z.boolean().nullable(),
  kinds: z.array(z.object({ kind: text, frames: whole, frames_per_second: number })),
  pipelines: z.array(
    z.object({
      name: text,
      summary: text,
      reads: z.array(text),
      derives: z.array(text).describe('Sinks that its records reach.'),
      records: whole,
      records_per_second: number,
      failures: whole,
    }),
  ),
  queues: z.array(z.object({ queue: text, entries: whole, bytes: whole.nullable() })),
  dropped: z.array(z.object({ sink: text, reason: text, count: whole })),
  page: z.object({ clients: whole, clients_max: whole }),
});

export type Overview = z.output<typeof overviewSchema>;
export type RasterUpdate = z.output<typeof rasterSchema>;
export type RatesUpdate = z.output<typeof ratesSchema>;
export type PowerUpdate = z.output<typeof powerSchema>;
export type CoresUpdate = z.output<typeof coresSchema>;
export type MembraneUpdate = z.output<typeof membraneSchema>;
export type LogLine = z.output<typeof logLine>;
export type LogsUpdate = z.output<typeof logsSchema>;
export type LiveConversion = z.output<typeof conversion>;
export type ConversionsUpdate = z.output<typeof conversionsSchema>;
export type LiveBenchmark = z.output<typeof benchmark>;
export type BenchmarksUpdate = z.output<typeof benchmarksSchema>;
export type TopologyUpdate = z.output<typeof topologySchema>;
export type LiveInference = z.output<typeof inference>;
