import {
  type Fields,
  optionalBooleanField,
  optionalIntegerField,
  optionalNameField,
  optionalNumberField,
  optionalTextField,
  wordField,
} from './fields.ts';
import { FrameError } from './frame-error.ts';
import type { FrameHeader } from './header.ts';
import type { FrameLimits } from './limits.ts';

export const LOG_LEVELS = ['DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Whether a level is as severe as another, or more so. */
export function isAtLeast(level: LogLevel, least: LogLevel): boolean {
  return LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(least);
}

/** Optional names of a log line, by their wire names. */
const NAMES = [
  'logger',
  'module',
  'function',
  'model_id',
  'hardware_type',
  'user_id',
  'model_type',
  'model_size',
  'hardware_target',
  'layer_name',
] as const;

const COUNT_MAX = Number.MAX_SAFE_INTEGER;

/** One structured log line of the kit; the last six belong to events. Its time is t0Us. */
export interface LogFrame extends FrameHeader {
  readonly kind: 'log';
  readonly level: LogLevel;
  readonly text: string;
  readonly line: number | undefined;
  readonly eventType: string | undefined;
  /**
   * `logger`, `module`, `function`, `model_id`, `hardware_type`, `user_id`, `model_type`,
   * `model_size`, `hardware_target`, `layer_name`, where given.
   */
  readonly names: ReadonlyMap<string, string>;
  readonly errorMessage: string | undefined;
  readonly requiresAttention: boolean | undefined;
  readonly spikeCount: number | undefined;
  readonly timestep: number | undefined;
  readonly spikeRate: number | undefined;
  /** How long what the line asks for lasts; of `mute`. Absent where it says nothing. */
  readonly durationUs?: number;
}

export function readLog(fields: Fields, header: FrameHeader, limits: FrameLimits): LogFrame {
  const text = optionalTextField(fields, 'message', limits);
  if (text === undefined) {
    throw new FrameError('missing_field', 'message', 'is needed and absent');
  }
  const names = new Map<string, string>();
  for (const name of NAMES) {
    const value = optionalNameField(fields, name, limits);
    if (value !== undefined) names.set(name, value);
  }
  const durationUs = optionalIntegerField(fields, 'duration_us', 0, COUNT_MAX);
  return {
    kind: 'log',
    ...header,
    level: wordField(fields, 'level', LOG_LEVELS),
    text,
    line: optionalIntegerField(fields, 'line', 0, COUNT_MAX),
    eventType: optionalNameField(fields, 'event_type', limits),
    names,
    errorMessage: optionalTextField(fields, 'error_message', limits),
    requiresAttention: optionalBooleanField(fields, 'requires_attention'),
    spikeCount: optionalIntegerField(fields, 'spike_count', 0, COUNT_MAX),
    timestep: optionalIntegerField(fields, 'timestep', 0, COUNT_MAX),
    spikeRate: optionalNumberField(fields, 'spike_rate', 0, Number.MAX_VALUE),
    ...(durationUs !== undefined && { durationUs }),
  };
}

export function logFields(frame: LogFrame, fields: Fields): Fields {
  fields['level'] = frame.level;
  fields['message'] = frame.text;
  if (frame.line !== undefined) fields['line'] = frame.line;
  if (frame.eventType !== undefined) fields['event_type'] = frame.eventType;
  for (const [name, value] of frame.names) fields[name] = value;
  if (frame.errorMessage !== undefined) fields['error_message'] = frame.errorMessage;
  if (frame.requiresAttention !== undefined) {
    fields['requires_attention'] = frame.requiresAttention;
  }
  if (frame.spikeCount !== undefined) fields['spike_count'] = frame.spikeCount;
  if (frame.timestep !== undefined) fields['timestep'] = frame.timestep;
  if (frame.spikeRate !== undefined) fields['spike_rate'] = frame.spikeRate;
  if (frame.durationUs !== undefined) fields['duration_us'] = frame.durationUs;
  return fields;
}
