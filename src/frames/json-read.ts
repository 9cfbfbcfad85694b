import { isUtf8 } from 'node:buffer';
import type { Fields } from './fields.ts';
import { FrameError, shown } from './frame-error.ts';
import type { FrameLimits } from './limits.ts';

const { utf8Slice } = Buffer.prototype as unknown as {
  utf8Slice(this: Uint8Array, start: number, end: number): string;
};

/** Reads one JSON object; throws a FrameError for anything else, and for nesting past the limit. */
export function readJson(bytes: Uint8Array, limits: FrameLimits): Fields {
  const text = utf8Slice.call(bytes, 0, bytes.length);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new FrameError('malformed', 'payload', `is not JSON: ${(error as Error).message}`);
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new FrameError('malformed', 'payload', 'is not a JSON object');
  }
  if (text.includes('\ufffd') && !isUtf8(bytes)) {
    throw new FrameError('malformed', 'payload', 'is not UTF-8');
  }
  const fields = value as Fields;
  for (const name in fields) {
    const entry = fields[name];
    if (typeof entry === 'object') requireShallow(entry, 1, limits);
  }
  // Only an escape can say half of a surrogate pair: what came as UTF-8 has none.
  if (text.includes('\\ud') || text.includes('\\uD')) requireWellFormed(fields);
  return fields;
}

function requireShallow(value: object | null, depth: number, limits: FrameLimits): void {
  if (value === null) return;
  if (depth >= limits.nestingMax) {
    throw new FrameError('too_deep', 'payload', `nested deeper than ${limits.nestingMax}`);
  }
  const entries: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
  for (let i = 0; i < entries.length; i++) {
    const entry = entries[i];
    if (typeof entry === 'object') requireShallow(entry as object | null, depth + 1, limits);
  }
}

/** Two names that differ in such a half only would be one label; RFC 7493 forbids them. */
function requireWellFormed(value: unknown): void {
  if (typeof value === 'string' && !value.isWellFormed()) {
    throw new FrameError('malformed', 'payload', `${shown(value)} has half of a surrogate pair`);
  }
  if (value === null || typeof value !== 'object') return;
  if (!Array.isArray(value)) for (const name of Object.keys(value)) requireWellFormed(name);
  const entries: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
  for (let i = 0; i < entries.length; i++) requireWellFormed(entries[i]);
}
