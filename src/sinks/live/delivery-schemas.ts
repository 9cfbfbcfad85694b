import { z } from 'zod';

/** How frames come, and what pipelines and sinks make of them. */
const text = z.string();
const number = z.number();
const whole = z.int();

export const pipelineStateSchema = z.object({
  name: text,
  records_per_second: number,
  records: whole,
  failures: whole.describe('More than 0: it has ended with an error.'),
});

export const sinkStateSchema = z.object({
  name: text,
  waiting: whole.nullable().describe('Entries of its queue; null where it has none.'),
  bytes: whole.nullable(),
  dropped: whole,
  per_second: number.nullable().describe('Documents that the store answered for.'),
  lag_seconds: number.nullable().describe('How long its oldest entry has waited.'),
  works: z.boolean().nullable().describe('Whether its last request worked; null: not known.'),
});

const jetstream = z.object({
  catching_up: z.boolean().describe('Metrics of frames are held back until it has.'),
  lag_messages: whole.nullable().describe('Messages that are stored and not processed.'),
  messages_lost: whole.describe('Messages that left the stream before they were read.'),
  checkpoint_age_seconds: number.nullable(),
  checkpoint_bytes: whole.nullable(),
  checkpoint_held_seconds: number.nullable(),
  checkpoints: z.record(text, whole).describe('By outcome.'),
  commit_seconds: number.nullable(),
  commit_failures: whole,
  interruptions: z.record(text, whole).describe('By what reads.'),
});

const partition = z.object({
  partition: text,
  worker: text.nullable().describe('Who has it; null: nobody.'),
  own: z.boolean().describe('Whether it is of the worker that says this.'),
  epoch: whole.describe('How many owners it has had.'),
  lease_age_seconds: number.nullable().describe('Since its owner last said that it is there.'),
  lag_messages: whole.nullable().describe('Not processed yet; known of own ones only.'),
});

const worker = z.object({
  worker: text,
  own: z.boolean().describe('Whether it is the worker that says this.'),
  host: text.describe('Name of its machine.'),
  url: text.nullable().describe('Of its page; null: it does not serve, or for its machine alone.'),
  partitions: z.array(text).describe('Those that it says it has; its page shows their chips.'),
});

const partitions = z.object({
  count: whole,
  owned: whole,
  without_owner: whole,
  workers: z.array(worker).describe('Those that were heard of lately.'),
  list: z.array(partition),
});

export const deliverySchema = z.object({
  partitions: partitions.nullable().describe('Null: one process has all frames.'),
  jetstream: jetstream.nullable().describe('Null: core NATS, or a recording.'),
  frames_missing: whole,
  last_gap: z
    .object({ at_us: number, messages: whole, frames: whole })
    .nullable()
    .describe('When the service last found something missing, µs by its clock, and how much.'),
});

export type SinkState = z.output<typeof sinkStateSchema>;
export type Delivery = z.output<typeof deliverySchema>;
