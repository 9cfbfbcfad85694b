import { metadataFields, type SpkHeader } from './spk-header.ts';

/**
 * NDJSON as this program writes it: every line is a frame in the JSON of the wire, but for one of
 * metadata, `{"recording": {"version": 1, "name", "start_us", "duration_us", "layers", …}}`, with
 * the fields of a `.spk` header. It is the first line, and may be missing. A frame that was
 * received has its arrival as a last field `arrived_us`, which readers of the wire ignore.
 */
export const NDJSON_VERSION = 1;

/** The longest line that is read or written. */
export const NDJSON_LINE_BYTES_MAX = 16 * 1024 * 1024;

const ARRIVAL = /,"arrived_us":(\d{1,16})\}$/;
const ARRIVAL_CHARS_MAX = 40;

export function metadataLine(header: SpkHeader): string {
  const recording = { version: NDJSON_VERSION, ...metadataFields(header) };
  return `${JSON.stringify({ recording })}\n`;
}

/** What is put before a frame's closing brace; nothing where no clock was involved. */
export function arrivalField(arrivedUs: number): string {
  return Number.isSafeInteger(arrivedUs) && arrivedUs >= 0 ? `,"arrived_us":${arrivedUs}` : '';
}

/** Arrival by the end of a line, µs; NaN for none. */
export function arrivalOf(line: Uint8Array): number {
  const end = Buffer.from(line.buffer, line.byteOffset, line.length);
  const match = ARRIVAL.exec(end.toString('latin1', Math.max(0, line.length - ARRIVAL_CHARS_MAX)));
  return match === null ? Number.NaN : Number(match[1]);
}
