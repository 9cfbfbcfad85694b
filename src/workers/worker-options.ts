import { z } from 'zod';
import { duration } from '../component/duration.ts';

const COUNT_MAX = 256;

/** The section `workers` of the configuration: those who share the partitions of a stream. */
export const workerOptions = z.strictObject({
  count: z
    .union([z.literal('auto'), z.int().min(1).max(COUNT_MAX)])
    .default(1)
    .describe(
      'Processes that `run` starts on this machine; auto is one a core. More than one needs \
streams.partitions.',
    ),
  ttl: duration(200_000, 600_000_000)
    .prefault('5s')
    .describe(
      'A partition whose owner has not been heard of for so long is taken over; the same for all.',
    ),
  marks: z
    .boolean()
    .default(false)
    .describe('Keeps a message for each commit of a partition: who processed which frames.'),
});
