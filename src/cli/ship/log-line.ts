import { scrubFields, scrubText } from '../../component/scrub.ts';
import { LOG_LEVELS, type LogLevel } from '../../frames/log.ts';
import type { DocumentValue, StoredDocument } from '../../sinks/documents/document.ts';
import { documentFault } from '../../sinks/documents/document-fault.ts';
import { INDEX_FIELDS } from '../../sinks/documents/indices.ts';

/** What is known of a line beside its text. */
export interface LineOrigin {
  readonly id: string;
  /** Of the program that wrote it, where the line does not say. */
  readonly service: string;
  /** When it was read: for a line that tells no time of its own. */
  readonly readUs: number;
  /** A field of the line has no place in the index. */
  readonly leftOut: (field: string) => void;
}

const MESSAGE_CHARS_MAX = 65_536;

/** Other programs' words for the levels. */
const LEVELS: Readonly<Record<string, LogLevel>> = {
  TRACE: 'DEBUG',
  NOTICE: 'INFO',
  WARN: 'WARNING',
  ERR: 'ERROR',
  FATAL: 'CRITICAL',
  PANIC: 'CRITICAL',
  EMERGENCY: 'CRITICAL',
  ALERT: 'CRITICAL',
  CRIT: 'CRITICAL',
};

/**
 * A line of another program's log as a document of `logs`. A JSON object with a `message` has its
 * fields by the kit's names; all else is kept as the message. What sounds secret is taken out.
 * Undefined for a line with nothing in it.
 */
export function logLineDocument(line: string, origin: LineOrigin): StoredDocument | undefined {
  const text = line.trim();
  if (text === '') return undefined;
  const given = objectOf(text);
  const { id, service, readUs } = origin;
  if (given === undefined) {
    const fields = { message: messageOf(text), service };
    return { id, index: 'logs', timeUs: readUs, fields };
  }
  const { timestamp, ...rest } = given;
  const fields: Record<string, DocumentValue> = { service };
  for (const [name, value] of Object.entries(scrubFields(rest) as object)) {
    const kept = keptValue(name, value);
    if (kept !== undefined) fields[name] = kept;
    else if (value !== null) origin.leftOut(name);
  }
  const timeUs = timeOf(timestamp);
  if (timestamp !== undefined && timeUs === undefined) origin.leftOut('timestamp');
  return { id, index: 'logs', timeUs: timeUs ?? readUs, fields };
}

/** A line of the kit; undefined for what is none. */
function objectOf(text: string): Readonly<Record<string, unknown>> | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    const value = JSON.parse(text) as Readonly<Record<string, unknown>>;
    return typeof value['message'] === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

function messageOf(text: string): string {
  return scrubText(text).toWellFormed().slice(0, MESSAGE_CHARS_MAX).toWellFormed();
}

/** A value as the index has it; undefined where it has no place there. */
function keptValue(name: string, value: unknown): DocumentValue | undefined {
  if (name === 'message') return messageOf(value as string);
  if (name === 'level') return levelOf(value);
  if (!Object.hasOwn(INDEX_FIELDS.logs, name)) return undefined;
  const wanted = typeof value === 'string' ? value.toWellFormed() : value;
  const fields = { [name]: wanted as DocumentValue };
  const fault = documentFault({ id: 'line', index: 'logs', timeUs: 0, fields });
  return fault === undefined ? fields[name] : undefined;
}

function levelOf(value: unknown): LogLevel | undefined {
  if (typeof value !== 'string') return undefined;
  const word = value.toUpperCase();
  return LOG_LEVELS.find((level) => level === word) ?? LEVELS[word];
}

const ISO = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(?:[.,](\d{1,9}))?(Z|[+-]\d{2}:?\d{2})?$/;

/** µs since the epoch of an ISO 8601 time (UTC where it names no zone, as the kit writes it). */
function timeOf(value: unknown): number | undefined {
  if (typeof value !== 'string') return undefined;
  const match = ISO.exec(value);
  if (match === null) return undefined;
  const [, day, time, fraction = '', zone = 'Z'] = match;
  const ms = Date.parse(`${day}T${time}${zone.replace(/^(...)(\d\d)$/, '$1:$2')}`);
  const us = Number(fraction.padEnd(6, '0').slice(0, 6));
  return Number.isNaN(ms) ? undefined : ms * 1000 + us;
}
