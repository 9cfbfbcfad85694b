import { z } from 'zod';
import { duration } from '../component/duration.ts';
import { isToken } from '../frames/subject.ts';

const HOUR_US = 3_600_000_000;
const DAY_US = 24 * HOUR_US;

const token = z.string().refine(isToken, 'needs 1 to 64 characters of A-Z a-z 0-9 _ -');

/** An id such as 0 is a number to YAML. */
const chipId = z
  .codec(z.union([z.string(), z.number()], { error: 'needs a string or number' }), z.string(), {
    decode: String,
    encode: (id) => id,
  })
  .pipe(token);

const prometheusUrl = z.url({ protocol: /^https?$/ }).refine((url) => {
  const { username, password } = new URL(url);
  return username === '' && password === '';
}, 'needs a URL without user and password');

/** The section `health` of the configuration: chips, their checks, and those of services. */
export const healthOptions = z
  .strictObject({
    chips: z
      .array(z.strictObject({ device_type: token, chip_id: chipId }))
      .default([])
      .describe('Chips that are known from the start and for ever; others by their frames.'),
    chips_max: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(4096)
      .describe('Chips that are known at once; more are not watched.'),
    check_interval: duration(10_000, DAY_US)
      .prefault('30s')
      .describe('Between two checks of a chip, and of a service.'),
    retry_interval: duration(10_000, DAY_US)
      .prefault('60s')
      .describe('The same after a check that went wrong.'),
    timeout: duration(10_000, HOUR_US)
      .prefault('5s')
      .describe('What a check may take; a chip that answers later did not answer.'),
    silence: duration(10_000, DAY_US)
      .prefault('60s')
      .describe('A chip that never answered a ping is disconnected after as long without a frame.'),
    forget_after: duration(10_000, 365 * DAY_US)
      .prefault('5m')
      .describe('A chip that never answered nor sent health is forgotten as long after a frame.'),
    forget_reporting_after: duration(10_000, 365 * DAY_US)
      .prefault('24h')
      .describe('The same for one that did either.'),
    system_interval: duration(10_000, HOUR_US)
      .prefault('5s')
      .describe('Between two looks at CPU, memory and disk; CPU is the mean of the time between.'),
    prometheus_url: prometheusUrl
      .optional()
      .describe('Prometheus that /health/detailed tells of, such as http://127.0.0.1:9090.'),
  })
  .superRefine(({ chips, chips_max }, context) => {
    if (chips.length > chips_max) {
      context.addIssue(`chips has ${chips.length} entries, more than chips_max ${chips_max}`);
    }
    const names = chips.map((chip) => `${chip.device_type}/${chip.chip_id}`);
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    if (twice !== undefined) context.addIssue(`chips has ${twice} twice`);
  });

export type HealthOptions = z.output<typeof healthOptions>;
