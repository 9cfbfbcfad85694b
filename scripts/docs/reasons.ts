import { INVALID_REASONS, type InvalidReason } from '../../src/frames/frame-error.ts';

/** What somebody who publishes does about a reason. */
const REMEDIES: Readonly<Record<InvalidReason, string>> = {
  malformed:
    'is the payload cut, packed twice, or other than Content-Type says? Is a key there twice?',
  extension: 'pack plain types: times as integers, columns as bin; no timestamps, no records',
  too_large: 'cut the span into several frames, or raise limits.payload_bytes_max',
  too_deep: 'frames are flat: take nested data of your own out',
  too_many: 'cut the span into several frames, or raise limits.samples_max',
  string_too_long: 'shorten the name; prose belongs into message',
  subject: 'publish on four tokens after the rules above; a dot in chip_id makes five',
  subject_mismatch: 'build the subject from the same kind, device_type and chip_id as the payload',
  version: 'set v to 1, or update Spikescope',
  kind: 'correct the spelling, or update Spikescope',
  missing_field: 'add the field; null counts as absent',
  wrong_type: 'in msgpack a column is bin, not an array; NumPy numbers need int() or float()',
  not_finite: 'leave the sample out; only membrane values may be NaN',
  out_of_range: 'look at the bounds in the tables: units (µs, %), words, empty names',
  length_mismatch: 'send as many values in each column as the table says; check the dtype',
  dt_outside_span:
    'dt counts from t0 in µs: span_us is the time the frame covers, above its last dt',
  dt_decreasing: 'sort the samples by time',
  neuron_outside_population:
    'ids run from 0 in each layer and chip: subtract the first global id (neuron_offset keeps it)',
};

/** Why messages are refused, as a table. */
export function reasonsTable(): string {
  const rows = Object.entries(INVALID_REASONS).map(([code, text]) => {
    return `| \`${code}\` | ${plain(text)} | ${plain(REMEDIES[code as InvalidReason])} |`;
  });
  const head = '| reason | the message was refused because | what to do |';
  return [head, '|---|---|---|', ...rows].join('\n');
}

/** Angle brackets as text, not as HTML. */
function plain(text: string): string {
  return text.replaceAll('<', '\\<');
}
