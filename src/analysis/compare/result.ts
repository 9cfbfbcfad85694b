import { z } from 'zod';

/**
 * What `spikescope compare --json` prints: keys fixed, numbers not rounded, null where undefined.
 * The published JSON Schema (docs/compare.schema.json) is made from this.
 */
const orNull = z.number().nullable();
const count = z.int().min(0);

const sideSchema = z.strictObject({
  name: z.string().describe('Name of the recording, or the run_id.'),
  kind: z.enum(['recording', 'run']).describe('run: from the documents of a store.'),
});

const testSchema = z.strictObject({
  layer: z.string(),
  quantity: z
    .enum(['rate_hz', 'isi_mean_ms', 'isi_cv', 'window_rate_bucket'])
    .describe('One value for each neuron; window_rate_bucket where only histograms are stored.'),
  test: z.enum(['mann_whitney', 'kolmogorov_smirnov', 'wilcoxon_signed_rank']),
  n_a: count.describe('Values of a.'),
  n_b: count,
  median_a: z.number(),
  median_b: z.number(),
  statistic: z.number().describe('U of a; D; or the lesser of the two sums of ranks.'),
  p_value: z.number().describe('Two-sided, of no difference at all; as SciPy gives it.'),
  effect: z.enum(['cliffs_delta', 'ks_distance', 'rank_biserial']),
  effect_size: z
    .number()
    .describe('From -1 (all of b is more) to 1 (all of a is); a distance: 0 to 1.'),
  design_effect: z
    .number()
    .describe('Neurons that are worth one: those of a net are no strangers.'),
  p_effective: z.number().describe('p of so many fewer units.'),
  p_adjusted: z.number().describe('p_effective, for all tests of the comparison together (Holm).'),
  different: z.boolean().describe('p_adjusted < alpha, and the effect is large enough.'),
});

const numberSchema = z.strictObject({
  path: z.string().describe('Where it stands in the result of analyze, with dots.'),
  a: orNull,
  b: orNull,
  difference: orNull.describe('b - a'),
  relative: orNull.describe('(b - a) / |a|'),
  limit: z
    .strictObject({
      pattern: z.string().describe('The key of the thresholds that it is of.'),
      relative: z.number().optional(),
      absolute: z.number().optional(),
    })
    .optional()
    .describe('What the thresholds allow it.'),
  exceeds: z.boolean().optional().describe('More than allowed. Where there is a limit.'),
});

export const comparisonSchema = z.strictObject({
  a: sideSchema,
  b: sideSchema,
  alpha: z.number().describe('Chance of calling alike things different, over all tests together.'),
  different: z.boolean().describe('Whether any test says so.'),
  tests: z.array(testSchema),
  numbers: z.array(numberSchema).describe('Those of both, side by side.'),
  remarks: z.array(z.string()).describe('What keeps the two from being compared well.'),
  failures: z.array(z.string()).describe('What the thresholds do not allow; empty without any.'),
  passed: z.boolean().describe('No failures: exit code 0, else 1.'),
});

export type Comparison = z.infer<typeof comparisonSchema>;
export type Side = z.infer<typeof sideSchema>;
export type TestResult = z.infer<typeof testSchema>;
export type NumberResult = z.infer<typeof numberSchema>;
