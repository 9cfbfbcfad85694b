import { z } from 'zod';

/** Recordings of the configured folder, and what is replayed of them. */
const text = z.string();
const us = z.number().describe('Event time, µs.');
const whole = z.int();

export const SPEED_MIN = 0.01;
export const SPEED_MAX = 1000;

const recording = z.object({
  name: text.describe('What it is opened by.'),
  kind: z.enum(['file', 'folder']),
  bytes: whole,
  changed_ms: z.number().describe('When it was last changed, ms since the epoch.'),
  format: text.nullable(),
  duration_us: z.number().nullable().describe('Null until it has been read.'),
  layers: whole.nullable(),
  spikes: whole.nullable(),
  state: z
    .enum(['known', 'reading', 'waiting', 'unread', 'unreadable'])
    .describe('Unread: larger than what is read unasked, or not read in time.'),
  problem: text.optional(),
});

export const recordingsSchema = z.object({
  is_configured: z.boolean().describe('Whether http.recordings names a folder.'),
  recordings: z.array(recording),
  left: whole.describe('Entries of the folder past those listed.'),
  problem: text.optional().describe('Why the folder could not be listed.'),
});

const speed = z.number().min(SPEED_MIN).max(SPEED_MAX).describe('Times real time.');
const at_us = z.number().min(0).max(Number.MAX_SAFE_INTEGER);
const playing = z.boolean().describe('False: paused.');

export const replayControlSchema = z.strictObject({
  at_us: at_us.optional().describe('Event time to go to, µs.'),
  speed: speed.optional(),
  playing: playing.optional(),
});

export const replayRequestSchema = replayControlSchema.extend({
  recording: z.string().min(1).max(255).describe('A name of /api/recordings.'),
  client: z
    .string()
    .min(1)
    .max(64)
    .optional()
    .describe('Who asks, by any name of its own: its last replay ends where this one begins.'),
});

export const replaySchema = z.object({
  id: text,
  recording: text,
  state: z.enum(['opening', 'seeking', 'playing', 'paused', 'ended', 'failed']),
  playing: z.boolean().describe('What was asked for last: a replay that has ended may go on.'),
  at_us: us.describe('Where it is: frames that end later have not come yet.'),
  start_us: us,
  end_us: us,
  speed: z.number(),
  format: text.nullable(),
  steered: whole.describe('How often it was steered: tells an older state from a newer one.'),
  samples_outside: whole,
  samples_invalid: whole,
  frames_damaged: whole,
  truncated: z.boolean(),
  remarks: z.array(text).describe('What reading met, for the person who reads it.'),
  error: text.optional().describe('Why it has failed.'),
});

export type RecordingsAnswer = z.output<typeof recordingsSchema>;
export type ListedRecording = z.output<typeof recording>;
export type ReplayControl = z.output<typeof replayControlSchema>;
export type ReplayRequest = z.output<typeof replayRequestSchema>;
export type ReplayState = z.output<typeof replaySchema>;
