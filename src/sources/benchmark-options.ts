import { Cron } from 'croner';
import { z } from 'zod';
import { duration } from '../component/duration.ts';
import { isToken } from '../frames/subject.ts';

const HOUR_US = 3_600_000_000;

/** Five or six fields, or a nickname such as @daily; not a single time, which croner also takes. */
const PATTERN = /^\s*(@[a-z]+|\S+(\s+\S+){4,5})\s*$/i;

const cron = z.string().superRefine((text, context) => {
  try {
    if (!PATTERN.test(text)) throw new Error('needs 5 or 6 fields');
    if (nextRun(text, 0) === undefined) throw new Error('never comes');
  } catch (error) {
    const message = (error as Error).message.replace(/^CronPattern: /, '');
    context.addIssue(`"${text}" is no cron pattern such as "0 */6 * * *": ${message}`);
  }
});

/** When a pattern is next due after a time, both in ms since the Unix epoch; all in UTC. */
export function nextRun(pattern: string, afterMs: number): number | undefined {
  const job = new Cron(pattern, { paused: true, timezone: 'UTC' });
  return job.nextRun(new Date(afterMs))?.getTime();
}

const distinct = <T extends z.ZodType<string>>(entry: T, max: number) =>
  z
    .array(entry)
    .max(max)
    .refine((list) => new Set(list).size === list.length, 'has an entry twice');

/** When and what to benchmark: type, default, check, help and reference in one. */
export const benchmarkOptions = z.strictObject({
  enabled: z
    .boolean()
    .default(true)
    .describe('Ask executors for benchmark runs; where there are none it costs one request each.'),
  models: distinct(z.string().min(1).max(128), 64)
    .default(['vit-tiny', 'vit-small', 'vit-base', 'bert-tiny', 'bert-base'])
    .describe('Models to run, in this order.'),
  hardware: distinct(z.string().refine(isToken, 'needs 1 to 64 of A-Z a-z 0-9 _ -'), 32)
    .default(['loihi2', 'spinnaker', 'cpu'])
    .describe('Hardware to run them on, side by side; one run at a time on each.'),
  cron: cron
    .default('0 */6 * * *')
    .describe('When, in UTC: minute, hour, day, month, weekday; with seconds before, 6 fields.'),
  retry_after: duration(1_000_000, 24 * HOUR_US)
    .prefault('1h')
    .describe('Pause before a run that failed is asked for again.'),
  timeout: duration(100_000, 24 * HOUR_US)
    .prefault('30m')
    .describe('Longest run of one model.'),
  silence: duration(100_000, HOUR_US)
    .prefault('1m')
    .describe('An executor that said it runs, and then nothing for so long, is gone.'),
  at_start: z.boolean().default(false).describe('Run at once when the service has connected, too.'),
});

export type BenchmarkOptions = z.output<typeof benchmarkOptions>;
