import { z } from 'zod';

const UNITS_US: Readonly<Record<string, number>> = {
  us: 1,
  ms: 1000,
  s: 1_000_000,
  m: 60_000_000,
  h: 3_600_000_000,
};

/** Reads `250ms`, `1s`, `5m`, `1h` as whole µs; undefined for anything else. */
export function parseDurationUs(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(us|ms|s|m|h)$/.exec(text);
  if (match === null) return undefined;
  const us = Number(match[1]) * (UNITS_US[match[2] as string] as number);
  return Number.isSafeInteger(us) ? us : undefined;
}

/** A duration option, written as `250ms`, `1s`, `5m` or `1h`; its value is µs. */
export function duration(minUs: number, maxUs: number): z.ZodType<number, string> {
  return z.string().transform((text, context) => {
    const us = parseDurationUs(text);
    if (us === undefined || us < minUs || us > maxUs) {
      const range = `from ${minUs} µs to ${maxUs} µs`;
      context.addIssue(`needs a time such as 250ms, 1s, 5m or 1h, ${range}, got "${text}"`);
      return z.NEVER;
    }
    return us;
  }) as z.ZodType<number, string>;
}
