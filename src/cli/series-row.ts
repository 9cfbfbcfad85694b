import { splitFields, unquoted } from './table-lines.ts';

/** Which columns of a table hold the series. */
export interface SeriesColumns {
  readonly timestamp: number;
  readonly value: number;
}

/** One row: what is written again as it stands, and what it means. */
export interface SeriesRow {
  readonly timestamp: string;
  readonly value: string;
  readonly timeUs: number;
  /** NaN where there is none: an empty field, NaN, NA or null. */
  readonly number: number;
}

const MISSING = new Set(['', 'nan', 'na', 'null', 'none']);
const ISO = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?)?(?:Z|[+-]\d\d:?\d\d)?$/i;
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

/** The columns that a header names; undefined where the line is a row already. */
export function findColumns(line: string): SeriesColumns | undefined {
  const names = splitFields(line).map((field) => unquoted(field).toLowerCase());
  const [timestamp, value] = [names.indexOf('timestamp'), names.indexOf('value')];
  if (timestamp >= 0 && value >= 0) return { timestamp, value };
  return Number.isNaN(parseTimeUs(names[0] ?? '')) ? { timestamp: 0, value: 1 } : undefined;
}

/** Reads a row; a mistake in it is told with the field and the value. */
export function parseRow(line: string, columns: SeriesColumns): SeriesRow {
  const fields = splitFields(line);
  const timestamp = fieldOf(fields, columns.timestamp, 'timestamp');
  const value = fieldOf(fields, columns.value, 'value');
  const timeUs = parseTimeUs(unquoted(timestamp));
  if (Number.isNaN(timeUs)) {
    const wanted = 'an ISO 8601 time or a number of s, ms, µs or ns';
    throw new Error(`field timestamp: needs ${wanted}, got ${JSON.stringify(unquoted(timestamp))}`);
  }
  const text = unquoted(value);
  const isMissing = MISSING.has(text.toLowerCase());
  const number = NUMBER.test(text) ? Number(text) : Number.NaN;
  if (!isMissing && !Number.isFinite(number)) {
    throw new Error(`field value: needs a finite number or nothing, got ${JSON.stringify(text)}`);
  }
  return { timestamp, value, timeUs, number };
}

function fieldOf(fields: readonly string[], column: number, name: string): string {
  const field = fields[column];
  if (field !== undefined) return field;
  throw new Error(`field ${name}: column ${column + 1} is missing; the row has ${fields.length}`);
}

/** A time in µs; a number is s, ms, µs or ns by its size; without a zone it is UTC. */
export function parseTimeUs(text: string): number {
  if (NUMBER.test(text)) {
    const number = Number(text);
    const size = Math.abs(number);
    if (size < 1e11) return number * 1e6;
    if (size < 1e14) return number * 1e3;
    return size < 1e17 ? number : number / 1e3;
  }
  if (!ISO.test(text)) return Number.NaN;
  const time = text.replace(' ', 'T').replace(',', '.');
  const hasZone = /(?:Z|[+-]\d\d:?\d\d)$/i.test(time.slice(10));
  const isDay = time.length === 10;
  return Date.parse(hasZone || isDay ? time : `${time}Z`) * 1000;
}
