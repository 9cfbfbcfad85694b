import pino, { type DestinationStream, type Logger } from 'pino';
import type { LogEvent } from '../component/log-event.ts';
import type { LogSink } from '../component/record-sinks.ts';
import { scrubFields, scrubText } from '../component/scrub.ts';
import type { LogLevel } from '../frames/log.ts';
import { isoTime } from '../numerics/iso-time.ts';
import { callSite } from './call-site.ts';

/** The kit's words, and pino's. */
const PINO_LEVELS = {
  DEBUG: 'debug',
  INFO: 'info',
  WARNING: 'warn',
  ERROR: 'error',
  CRITICAL: 'fatal',
} as const satisfies Readonly<Record<LogLevel, string>>;

const OWN_LOGGER = 'spikeformer';
const WAITING_BYTES_MAX = 16 * 1024 * 1024;
/** Written at once: the stock 16 KiB a turn of a busy event loop are less than a burst of lines. */
const WRITE_BYTES_MAX = 256 * 1024;

/** Ids of the span that a line belongs to. */
export interface SpanIds {
  readonly traceId: string;
  readonly spanId: string;
}

/** The span in which work is being done, for the log; without ids where none is. */
export interface RunningSpan {
  ids: SpanIds | undefined;
}

export interface LogOptions {
  readonly level: LogLevel;
  /** Takes lines; stderr by default. */
  readonly write?: ((line: string) => void) | undefined;
  /** A line could not be written: who reads stderr is slower than the log. */
  readonly dropped?: (() => void) | undefined;
  /** The span that is running; undefined where none is. */
  readonly span?: (() => SpanIds | undefined) | undefined;
}

/**
 * What the program writes of itself, and what pipelines log: JSON lines, one an event, never one a
 * frame. Each says where in the code it came from; secrets are scrubbed.
 */
export interface Log extends LogSink {
  debug(message: string, fields?: object): void;
  info(message: string, fields?: object): void;
  warn(message: string, fields?: object): void;
  error(message: string, fields?: object): void;
}

export function createLog(options: LogOptions): Log {
  const logger = createLogger(options);
  const isEnabled = (level: LogLevel): boolean => logger.isLevelEnabled(PINO_LEVELS[level]);
  const own =
    (level: LogLevel) =>
    (message: string, fields: object = {}): void => {
      if (!isEnabled(level)) return;
      const line = {
        timestamp: new Date().toISOString(),
        logger: OWN_LOGGER,
        ...callSite(0),
        ...spanFields(options.span?.()),
        ...(scrubFields(fields) as object),
      };
      logger[PINO_LEVELS[level]](line, scrubText(message));
    };
  return {
    debug: own('DEBUG'),
    info: own('INFO'),
    warn: own('WARNING'),
    error: own('ERROR'),
    isEnabled,
    write: (event) => {
      if (!isEnabled(event.level)) return;
      logger[PINO_LEVELS[event.level]](lineOf(event, options.span?.()), event.message);
    },
  };
}

function createLogger({ level, write, dropped }: LogOptions): Logger {
  const words = Object.entries(PINO_LEVELS).map(([word, label]) => [label, word] as const);
  const byLabel = new Map<string, string>(words);
  const settings = {
    level: PINO_LEVELS[level],
    base: null,
    messageKey: 'message',
    timestamp: false,
    formatters: { level: (label: string) => ({ level: byLabel.get(label) ?? 'INFO' }) },
  };
  return pino(settings, write === undefined ? standardError(dropped) : { write });
}

/** A reader of stderr that has stopped must not stop the service: what waits for it is bounded. */
function standardError(dropped: LogOptions['dropped']): DestinationStream {
  const destination = pino.destination({
    fd: 2,
    sync: false,
    minLength: 0,
    maxLength: WAITING_BYTES_MAX,
    maxWrite: WRITE_BYTES_MAX,
  });
  destination.on('drop', () => dropped?.());
  destination.on('error', () => {});
  process.on('exit', () => {
    try {
      destination.flushSync();
    } catch {
      // Nobody reads any more.
    }
  });
  return destination;
}

/**
 * A pipeline's event as the fields of a line (its time is the event's); secrets are out. One that
 * names no span is of the one that is running.
 */
function lineOf(event: LogEvent, running: SpanIds | undefined): object {
  return {
    timestamp: isoTime(event.timeUs),
    logger: event.logger,
    ...event.origin,
    ...(event.eventType !== undefined && { event_type: event.eventType }),
    ...event.fields,
    ...(event.fields['trace_id'] === undefined && spanFields(running)),
  };
}

function spanFields(span: SpanIds | undefined): object {
  return span === undefined ? {} : { trace_id: span.traceId, span_id: span.spanId };
}
