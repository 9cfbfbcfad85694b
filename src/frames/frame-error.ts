/**
 * Why a message is not a frame. The codes are stable: they are the `reason` of
 * `spikescope_frames_invalid_total`, and the last token of the dead-letter subject.
 */
export const INVALID_REASONS = {
  malformed: 'the bytes are not one msgpack map or one JSON object',
  extension: 'a msgpack extension type; the wire takes maps, arrays, str, bin, numbers, bool, nil',
  too_large: 'the payload is longer than the limit',
  too_deep: 'maps and arrays are nested deeper than the limit',
  too_many: 'more samples, entries or names than the limit',
  string_too_long: 'a string is longer than the limit',
  subject: 'the subject is not <prefix>.<kind>.<device_type>.<chip_id>',
  subject_mismatch: 'kind, device_type or chip_id differ between subject and payload',
  version: 'the field v is not a version this program reads',
  kind: 'the kind is not known',
  missing_field: 'a field that this kind needs is absent',
  wrong_type: 'a field is not of the type that this kind needs',
  not_finite: 'a number is NaN or infinite',
  out_of_range: 'a number or a word is outside what the field takes',
  length_mismatch: 'columns differ in length, or a column is cut inside a value',
  dt_outside_span: 'a sample lies outside [t0, t0 + span_us)',
  dt_decreasing: 'sample times decrease',
  neuron_outside_population: 'a neuron_id is not below neuron_count',
} as const;

export type InvalidReason = keyof typeof INVALID_REASONS;

/** A message that is not a valid frame. `reason` is stable, `message` names field and value. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
  readonly reason: InvalidReason;
  readonly field: string;

  constructor(reason: InvalidReason, field: string, detail: string) {
    super(oneLine(`${field}: ${detail}`));
    this.reason = reason;
    this.field = oneLine(field);
  }
}

/** Names and parsers' messages may quote what came in: no line breaks reach a log or a header. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ').toWellFormed();
}

/** Shows a value from outside in an error: short, on one line, never the whole thing. */
export function shown(value: unknown): string {
  if (typeof value === 'string') {
    const cut = value.length > 40 ? `${value.slice(0, 40)}…` : value;
    return JSON.stringify(cut);
  }
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (value !== null && typeof value === 'object') return 'a map';
  return String(value);
}
