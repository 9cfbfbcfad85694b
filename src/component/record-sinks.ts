import type { LogLevel } from '../frames/log.ts';
import type { DerivedRecord } from './derived-record.ts';
import type { LogEvent } from './log-event.ts';
import type { SpanRecord } from './span.ts';

/**
 * Where records go beside the metrics. Each takes and returns at once: what is slow queues behind
 * it, bounded. A sink that is undefined costs nothing: nothing is projected for it.
 */
export interface RecordSinks {
  readonly derived: ((record: DerivedRecord) => void) | undefined;
  /** Whether log events of a level are derived records too. */
  readonly derivedLog: (level: LogLevel) => boolean;
  readonly log: LogSink | undefined;
  readonly spans: ((spans: readonly SpanRecord[]) => void) | undefined;
}

export interface LogSink {
  isEnabled(level: LogLevel): boolean;
  /** An event with its origin, without secrets. */
  write(event: LogEvent): void;
}

export const NO_SINKS: RecordSinks = {
  derived: undefined,
  derivedLog: () => false,
  log: undefined,
  spans: undefined,
};
