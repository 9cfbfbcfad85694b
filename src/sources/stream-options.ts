import { z } from 'zod';
import { duration } from '../component/duration.ts';
import { PARTITIONS_MAX } from '../component/partition.ts';

const MINUTE_US = 60_000_000;
const HOUR_US = 60 * MINUTE_US;
const MIB = 1024 * 1024;

const bytes = (min: number) =>
  z
    .int()
    .min(min)
    .max(2 ** 50);

/** The section `streams` of the configuration: as `setup` and `run` make the JetStream streams. */
export const streamOptions = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, 'needs 1 to 64 characters of A-Z a-z 0-9 _ -')
    .default('SPIKEFORMER')
    .describe('Stream of the frames; what is derived goes to <name>_DERIVED, dead to <name>_DEAD.'),
  partitions: z.int().min(1).max(PARTITIONS_MAX).default(1).describe(
    'Parts of the frames by chip, which several workers share; 1 is one process for all. Fixed \
when the stream is made.',
  ),
  replicas: z.int().min(1).max(5).default(1).describe('Servers of a cluster that keep each.'),
  kept: duration(MINUTE_US, 3650 * 24 * HOUR_US)
    .prefault('48h')
    .describe('How long messages are kept.'),
  bytes_max: bytes(16 * MIB)
    .optional()
    .describe(
      'Bytes of a stream at most (by default the lesser of 8 GiB and half the free store).',
    ),
  dead_bytes_max: bytes(MIB)
    .default(256 * MIB)
    .describe('Bytes of <name>_DEAD at most.'),
  state_bytes_max: bytes(16 * MIB)
    .default(512 * MIB)
    .describe('Bytes of the checkpoints of all partitions at most, where there are several.'),
  duplicate_window: duration(100_000, 24 * HOUR_US)
    .prefault('2m')
    .describe('How long the server knows a Nats-Msg-Id again.'),
});

export type StreamOptions = z.output<typeof streamOptions>;
