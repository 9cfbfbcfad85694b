import { FrameError, shown } from './frame-error.ts';
import type { FrameLimits } from './limits.ts';

/**
 * A decoded message before it is checked: wire names to plain values. Columns are `Uint8Array`
 * (msgpack bin) or lists of numbers (JSON). Only known names are ever read from it, so a
 * `__proto__` key in JSON is an own property that nobody looks at.
 */
export type Fields = Record<string, unknown>;

function missing(name: string): FrameError {
  return new FrameError('missing_field', name, 'is needed and absent');
}

function wrong(name: string, needed: string, value: unknown): FrameError {
  return new FrameError('wrong_type', name, `needs ${needed}, got ${shown(value)}`);
}

/** A finite number within [min, max]. */
export function numberField(fields: Fields, name: string, min: number, max: number): number {
  const value = fields[name];
  if (value === undefined || value === null) throw missing(name);
  if (typeof value !== 'number') throw wrong(name, 'a number', value);
  if (!Number.isFinite(value)) throw new FrameError('not_finite', name, `is ${value}`);
  if (value < min || value > max) {
    throw new FrameError('out_of_range', name, `${value} is not within ${min} … ${max}`);
  }
  return value;
}

export function optionalNumberField(
  fields: Fields,
  name: string,
  min: number,
  max: number,
): number | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  return numberField(fields, name, min, max);
}

/** A whole number within [min, max]; whole floats pass. */
export function integerField(fields: Fields, name: string, min: number, max: number): number {
  const value = fields[name];
  // The ordinary case first: this runs several times for every frame.
  if (typeof value === 'number' && value >= min && value <= max && Number.isInteger(value)) {
    return value;
  }
  const number = numberField(fields, name, min, max);
  throw new FrameError('wrong_type', name, `needs a whole number, got ${number}`);
}

export function optionalIntegerField(
  fields: Fields,
  name: string,
  min: number,
  max: number,
): number | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  return integerField(fields, name, min, max);
}

function stringField(fields: Fields, name: string, charsMax: number): string {
  const value = fields[name];
  if (typeof value === 'string') return requireText(value, name, charsMax);
  if (value === undefined || value === null) throw missing(name);
  throw wrong(name, 'a string', value);
}

/** Refuses a text of too many characters. */
export function requireText(text: string, name: string, charsMax: number): string {
  if (text.length <= charsMax) return text;
  // A character is one or two UTF-16 units, so that the ordinary case needs no counting.
  const chars = text.length > charsMax * 2 ? text.length : [...text].length;
  if (chars <= charsMax) return text;
  throw new FrameError('string_too_long', name, `${chars} characters, at most ${charsMax}`);
}

/** A name: a string that is not empty and may become a label. */
export function nameField(fields: Fields, name: string, limits: FrameLimits): string {
  const value = stringField(fields, name, limits.stringCharsMax);
  if (value.length === 0) throw new FrameError('out_of_range', name, 'is empty');
  return value;
}

export function optionalNameField(
  fields: Fields,
  name: string,
  limits: FrameLimits,
): string | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  return nameField(fields, name, limits);
}

/** Prose: longer than a name, possibly empty, never a label. */
export function optionalTextField(
  fields: Fields,
  name: string,
  limits: FrameLimits,
): string | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  return stringField(fields, name, limits.textCharsMax);
}

/** One of a fixed set of words. */
export function wordField<W extends string>(fields: Fields, name: string, words: readonly W[]): W {
  const value = fields[name];
  if (value === undefined || value === null) throw missing(name);
  if (typeof value !== 'string') throw wrong(name, 'a string', value);
  const index = words.indexOf(value as W);
  if (index < 0) {
    const detail = `${shown(value)} is none of ${words.join(', ')}`;
    throw new FrameError('out_of_range', name, detail);
  }
  return words[index] as W;
}

export function booleanField(fields: Fields, name: string): boolean {
  const value = fields[name];
  if (value === undefined || value === null) throw missing(name);
  if (typeof value !== 'boolean') throw wrong(name, 'true or false', value);
  return value;
}

export function optionalBooleanField(fields: Fields, name: string): boolean | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  return booleanField(fields, name);
}

/** A list that is not a column, bounded. */
export function listField(fields: Fields, name: string, limits: FrameLimits): readonly unknown[] {
  const value = fields[name];
  if (value === undefined || value === null) throw missing(name);
  if (!Array.isArray(value)) throw wrong(name, 'a list', value);
  if (value.length > limits.entriesMax) {
    throw new FrameError('too_many', name, `${value.length} entries, at most ${limits.entriesMax}`);
  }
  return value;
}

/** A map with names as keys, bounded. */
export function mapField(fields: Fields, name: string, limits: FrameLimits): Fields {
  const value = fields[name];
  if (value === undefined || value === null) throw missing(name);
  return asMap(value, name, limits);
}

export function asMap(value: unknown, name: string, limits: FrameLimits): Fields {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw wrong(name, 'a map', value);
  }
  if (value instanceof Uint8Array) throw wrong(name, 'a map', value);
  const count = Object.keys(value).length;
  if (count > limits.entriesMax) {
    throw new FrameError('too_many', name, `${count} entries, at most ${limits.entriesMax}`);
  }
  return value as Fields;
}
