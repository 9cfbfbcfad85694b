import { z } from 'zod';
import { RATE_LE_HZ } from '../numerics/rate-buckets.ts';

/**
 * What `spikescope analyze --json` prints: keys fixed, numbers not rounded, null where undefined.
 * The published JSON Schema (docs/analyze.schema.json) is made from this.
 */
const count = z.int().min(0);
const timeUs = z.int();
const orNull = z.number().nullable();

/** Upper bounds, and how many are at or below each. */
const histogram = z.strictObject({
  le: z
    .array(z.union([z.number(), z.literal('+Inf')]))
    .describe('Upper bounds of the buckets, ascending; the last is "+Inf".'),
  count: z.array(count).describe('How many are at or below each bound (cumulative).'),
});

const windowSchema = z.strictObject({
  t0_us: timeUs.describe('Start of the window, inclusive.'),
  t1_us: timeUs.describe('End of the window, exclusive.'),
  spikes: count,
  mean_rate_hz: orNull.describe('spikes / neurons / window.'),
  histogram: z
    .array(count)
    .length(RATE_LE_HZ.length + 1)
    .describe('Neurons by rate in the window; the bounds are those of rate_histogram.'),
});

const isiSchema = z.strictObject({
  count: count.nullable().describe('Interspike intervals of all neurons.'),
  mean_ms: orNull,
  min_ms: orNull,
  max_ms: orNull,
  cv_mean: orNull.describe('Coefficient of variation, mean over neurons with 3 spikes or more.'),
  cv2_mean: orNull.describe('CV2 (Holt 1996), mean over the same neurons.'),
  lv_mean: orNull.describe('Local variation (Shinomoto 2003), mean over the same neurons.'),
  lvr_mean: orNull.describe('Revised local variation (Shinomoto 2009), R = 5 ms, the same mean.'),
});

const burstsSchema = z.strictObject({
  count: count.nullable().describe('MaxInterval bursts: 10, 20, 20, 5 ms, 3 spikes.'),
  neurons: count.nullable().describe('Neurons with a burst.'),
  share_of_spikes: orNull.describe('Spikes in bursts / spikes.'),
});

const synchronySchema = z.strictObject({
  spike_synchronization: orNull.describe('0 to 1; null for less than two neurons.'),
  neurons: count.nullable().describe('Neurons compared, at most 100.'),
});

const membraneSchema = z.strictObject({
  unit: z.string(),
  samples: count,
  mean: orNull,
  sd: orNull.describe('Standard deviation, ddof 0.'),
  min: orNull,
  max: orNull,
  quantiles: z.strictObject({
    '0.01': orNull,
    '0.05': orNull,
    '0.5': orNull,
    '0.95': orNull,
    '0.99': orNull,
  }),
  histogram,
});

const layerSchema = z.strictObject({
  neuron_type: z.string().nullable().describe('Null where only potentials were recorded.'),
  neuron_count: count.nullable(),
  spikes: count,
  mean_rate_hz: orNull.describe('Mean of the rates of all neurons, silent ones included.'),
  rate_sd_hz: orNull.describe("Standard deviation of the neurons' rates, ddof 0."),
  rate_min_hz: orNull,
  rate_max_hz: orNull,
  active_neurons: count.describe('Neurons with a spike.'),
  rate_quantiles_hz: z.strictObject({ '0.5': orNull, '0.95': orNull, '0.99': orNull }),
  rate_histogram: histogram.describe('Neurons by their rate over the whole recording.'),
  windows: z
    .array(windowSchema)
    .optional()
    .describe('With --window: the windows [k·W, (k+1)·W) that fit wholly.'),
  isi: isiSchema,
  fano_factor_neurons: orNull.describe('Of the spike counts of the neurons.'),
  fano_factor_windows: orNull.describe('Of the counts of the population in windows of W.'),
  bursts: burstsSchema,
  synchrony: synchronySchema,
  membrane: membraneSchema.nullable().describe('Null where no potentials were recorded.'),
});

const powerSchema = z.strictObject({
  samples: count,
  mean_watts: orNull.describe('energy_joules / time.'),
  max_watts: orNull,
  min_watts: orNull,
  energy_joules: orNull,
});

const incidentSchema = z.strictObject({
  detector: z.string().describe('What found it (docs/detectors.md).'),
  series: z.string().describe('What it was found in: `rate`, `power`…; `core 3` for a core.'),
  device_type: z.string().nullable(),
  chip_id: z.string().nullable(),
  layer_name: z.string().nullable().describe('Null where it is of a whole chip.'),
  t_start_us: timeUs,
  t_end_us: timeUs.nullable().describe('Null where it lasts to the end of the recording.'),
  severity: z.string().describe('info, warning or critical.'),
  score: orNull.describe('0 to 1.'),
  text: z.string().describe('What came instead of what, and what to do.'),
});

const completenessSchema = z.strictObject({
  frames_lost: count.describe('Missing by their sequence numbers, or damaged in the file.'),
  samples_late: count.describe('Of windows that were closed; in the totals, and in no window.'),
  samples_invalid: count.describe('What was no sample, and frames that can not be read.'),
  samples_outside: count.describe('Of neurons in no layer, or outside the time of the recording.'),
  truncated: z.boolean().describe('The file ends inside a value.'),
});

export const analysisSchema = z.strictObject({
  recording: z.string().describe('Name of the recording.'),
  duration_us: count.describe('Time that it covers, from its start to its end.'),
  total_spikes: count,
  layers: z.record(z.string(), layerSchema).describe('By layer name.'),
  power: z.record(z.string(), powerSchema).describe('By <device_type>/<chip_id>.'),
  incidents: z.array(incidentSchema),
  completeness: completenessSchema,
});

export type Analysis = z.infer<typeof analysisSchema>;
export type LayerResult = z.infer<typeof layerSchema>;
export type WindowResult = z.infer<typeof windowSchema>;
export type IsiResult = z.infer<typeof isiSchema>;
export type MembraneResult = z.infer<typeof membraneSchema>;
export type PowerResult = z.infer<typeof powerSchema>;
export type IncidentResult = z.infer<typeof incidentSchema>;
export type Completeness = z.infer<typeof completenessSchema>;
