import type { LogLevel } from '../frames/log.ts';
import type { DerivedRecord } from './derived-record.ts';
import type { WriteLog } from './log-event.ts';
import type { SpanRecord } from './span.ts';

/**
 * Where records go beside the metrics. Each takes and returns at once: what is slow queues behind
 * it, bounded. A sink that is undefined costs nothing: nothing is projected for it.
 */
export interface RecordSinks {
  readonly derived: ((record: DerivedRecord) => void) | undefined;
  readonly log: LogSink | undefined;
  readonly spans: ((spans: readonly SpanRecord[]) => void) | undefined;
}

export interface LogSink {
  isEnabled(level: LogLevel): boolean;
  readonly write: WriteLog;
}

export const NO_SINKS: RecordSinks = { derived: undefined, log: undefined, spans: undefined };
