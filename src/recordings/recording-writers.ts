import { csvOutput } from './csv-write.ts';
import { ndjsonOutput } from './ndjson-write.ts';
import type { OutputFormat } from './recording-output.ts';
import { sonataOutput } from './sonata-output.ts';
import { spkOutput } from './spk-output.ts';

/** Formats that recordings are written in; a new one is a line here. */
export const RECORDING_WRITERS: readonly OutputFormat[] = [
  spkOutput,
  ndjsonOutput,
  csvOutput,
  sonataOutput,
];

/** The format of a name, or the one that the suffix of a path means; undefined for none. */
export function outputFormat(path: string, name: string | undefined): OutputFormat | undefined {
  if (name !== undefined) return RECORDING_WRITERS.find((format) => format.name === name);
  const lower = path.toLowerCase();
  return RECORDING_WRITERS.find(({ suffixes }) => suffixes.some((end) => lower.endsWith(end)));
}
