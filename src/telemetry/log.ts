import pino, { type Logger } from 'pino';

export type LogLevelName = 'DEBUG' | 'INFO' | 'WARNING' | 'ERROR' | 'CRITICAL';

/** pino's numbers in the kit's words. */
const LEVEL_WORDS: Readonly<Record<string, LogLevelName>> = {
  debug: 'DEBUG',
  info: 'INFO',
  warn: 'WARNING',
  error: 'ERROR',
  fatal: 'CRITICAL',
};

const PINO_LEVELS: Readonly<Record<LogLevelName, string>> = {
  DEBUG: 'debug',
  INFO: 'info',
  WARNING: 'warn',
  ERROR: 'error',
  CRITICAL: 'fatal',
};

const SECRET_KEY = /token|password|secret|seed|credential|authorization|api_?key/i;
const USERINFO = /([a-z][a-z0-9+.-]*:\/\/)[^/\s@"']*@/gi;

/** A text without the userinfo of URLs in it. */
export function scrubText(text: string): string {
  return text.replace(USERINFO, '$1***@');
}

/** Fields without secrets: values of secret-sounding keys, and userinfo in any string. */
export function scrubFields(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return scrubText(value);
  if (value === null || typeof value !== 'object' || depth > 6) return value;
  if (value instanceof Error) return scrubText(value.stack ?? value.message);
  if (Array.isArray(value)) return value.map((entry) => scrubFields(entry, depth + 1));
  const entries = Object.entries(value).map(([key, entry]) => [
    key,
    SECRET_KEY.test(key) ? '***' : scrubFields(entry, depth + 1),
  ]);
  return Object.fromEntries(entries) as unknown;
}

/** What the program writes of itself: JSON lines, one an event, never one a frame. */
export interface Log {
  debug(message: string, fields?: object): void;
  info(message: string, fields?: object): void;
  warn(message: string, fields?: object): void;
  error(message: string, fields?: object): void;
}

/** A log to stderr, or to `write` in tests. */
export function createLog(level: LogLevelName, write?: (line: string) => void): Log {
  const options = {
    level: PINO_LEVELS[level],
    base: { logger: 'spikeformer' },
    messageKey: 'message',
    timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: LEVEL_WORDS[label] ?? 'INFO' }) },
  };
  const target = write === undefined ? pino.destination({ fd: 2, sync: true }) : { write };
  const logger: Logger = pino(options, target);
  const at =
    (name: 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, fields: object = {}): void => {
      if (logger.isLevelEnabled(name)) {
        logger[name](scrubFields(fields) as object, scrubText(message));
      }
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
