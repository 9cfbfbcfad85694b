import { z } from 'zod';

const limitSchema = z
  .strictObject({
    relative: z.number().min(0).optional().describe('Most of |b - a| / |a|.'),
    absolute: z.number().min(0).optional().describe('Most of |b - a|, in the unit of the number.'),
  })
  .refine((limit) => limit.relative !== undefined || limit.absolute !== undefined, {
    message: 'needs relative, absolute or both',
  });

/**
 * What a comparison is judged by: the file of `--thresholds`. Unknown keys are errors. The margins
 * were measured, see docs/compare.md.
 */
export const thresholdsSchema = z.strictObject({
  alpha: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.05)
    .describe('Chance of calling alike things different, over all tests together.'),
  design_effect: z
    .number()
    .min(1)
    .max(1000)
    .default(5)
    .describe('Neurons that count as one: those of a network depend on one another.'),
  design_effect_matched: z
    .number()
    .min(1)
    .max(1000)
    .default(8)
    .describe('The same where each neuron is compared with itself.'),
  effect_min: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe('A smaller effect size (0 to 1) is no difference, however certain it is.'),
  fail_when_different: z
    .boolean()
    .default(true)
    .describe('Whether a difference by the tests is a failure.'),
  numbers: z
    .record(z.string().min(1), limitSchema)
    .default({})
    .describe('Limits by path, such as layers.*.mean_rate_hz; * stands for any characters.'),
});

export type Thresholds = z.infer<typeof thresholdsSchema>;
export type Limit = z.infer<typeof limitSchema>;

export const NO_THRESHOLDS: Thresholds = thresholdsSchema.parse({ fail_when_different: false });

/** Whether a path is one that a key of the thresholds means. */
export function patternMatcher(pattern: string): (path: string) => boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[\\^$.+?()[\]{}|/-]/g, '\\$&'));
  const regex = new RegExp(`^${parts.join('.*')}$`, 's');
  return (path) => regex.test(path);
}
