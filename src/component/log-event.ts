import type { LogLevel } from '../frames/log.ts';

/** A value of a field of a log line. */
export type LogValue = string | number | boolean | null | readonly LogValue[];

/**
 * One event for the log, as a pipeline says it. Its time is the event's, so that a replay says the
 * same; who writes it adds where in the code it came from, unless the event brings that.
 */
export interface LogEvent {
  readonly level: LogLevel;
  /** `spikeformer`, `spikeformer.neuromorphic`, or what an emitter named. */
  readonly logger: string;
  readonly message: string;
  /** µs since the Unix epoch. */
  readonly timeUs: number;
  /** `conversion_start`, `spike_activity`, `hardware_error`…; undefined for an ordinary line. */
  readonly eventType?: string | undefined;
  /** Where an emitter's own line came from, as far as it said. */
  readonly origin?: LogOrigin | undefined;
  /** Further fields by their names in the line; undefined leaves a field out. */
  readonly fields: Readonly<Record<string, LogValue | undefined>>;
}

/** The place in the code that wrote a line, as far as it is known. */
export interface LogOrigin {
  readonly module: string | undefined;
  readonly function: string | undefined;
  readonly line: number | undefined;
}

/** Takes an event; the caller's place in the code becomes that of the line. */
export type WriteLog = (event: LogEvent) => void;

/** What the records of a pipeline are in the log. */
export interface LogProjection<Record> {
  /** The most severe level it writes: where the log takes none of them, it is never called. */
  readonly levelMax: LogLevel;
  readonly write: (record: Record, log: WriteLog) => void;
}
