import {
  type Fields,
  optionalIntegerField,
  optionalNameField,
  optionalTextField,
  wordField,
} from './fields.ts';
import { FrameError } from './frame-error.ts';
import type { FrameHeader } from './header.ts';
import type { FrameLimits } from './limits.ts';

export const LOG_LEVELS = ['DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Optional names of a log line, by their wire names. */
const NAMES = ['logger', 'module', 'function', 'model_id', 'hardware_type', 'user_id'] as const;

/** One structured log line of the kit. Its time is t0Us. */
export interface LogFrame extends FrameHeader {
  readonly kind: 'log';
  readonly level: LogLevel;
  readonly text: string;
  readonly line: number | undefined;
  readonly eventType: string | undefined;
  /** `logger`, `module`, `function`, `model_id`, `hardware_type`, `user_id`, where given. */
  readonly names: ReadonlyMap<string, string>;
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
  return {
    kind: 'log',
    ...header,
    level: wordField(fields, 'level', LOG_LEVELS),
    text,
    line: optionalIntegerField(fields, 'line', 0, Number.MAX_SAFE_INTEGER),
    eventType: optionalNameField(fields, 'event_type', limits),
    names,
  };
}

export function logFields(frame: LogFrame, fields: Fields): Fields {
  fields['level'] = frame.level;
  fields['message'] = frame.text;
  if (frame.line !== undefined) fields['line'] = frame.line;
  if (frame.eventType !== undefined) fields['event_type'] = frame.eventType;
  for (const [name, value] of frame.names) fields[name] = value;
  return fields;
}
