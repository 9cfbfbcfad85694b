import { existsSync } from 'node:fs';
import { parseDurationUs } from '../component/duration.ts';
import type { OutputFormat } from '../recordings/recording-output.ts';
import { outputFormat, RECORDING_WRITERS } from '../recordings/recording-writers.ts';
import { UsageError } from './config/config-error.ts';

export function formatNames(): string {
  return RECORDING_WRITERS.map((format) => format.name).join('|');
}

/** The format to write, and a file that may be written. */
export function requireOutput(
  out: string,
  flags: { readonly format?: string; readonly force?: boolean },
): OutputFormat {
  const format = outputFormat(out, flags.format);
  if (format === undefined) {
    const known = RECORDING_WRITERS.flatMap(({ suffixes }) => suffixes).join(', ');
    throw new UsageError(
      flags.format === undefined
        ? `${out}: its suffix says no format (${known}); say it with --format ${formatNames()}`
        : `--format needs ${formatNames()}, got "${flags.format}"`,
    );
  }
  if (flags.force !== true && existsSync(out)) {
    throw new UsageError(`${out} is there already; --force replaces it`);
  }
  return format;
}

export function parseFrameSpan(text: string): number {
  const frameSpanUs = parseDurationUs(text);
  if (frameSpanUs === undefined || frameSpanUs < 1000 || frameSpanUs > 60_000_000) {
    throw new UsageError(`--frame-span needs a time from 1ms to 60s, got "${text}"`);
  }
  return frameSpanUs;
}
