import { z } from 'zod';

const UNITS_US: Readonly<Record<string, number>> = {
  us: 1,
  ms: 1000,
  s: 1_000_000,
  m: 60_000_000,
  h: 3_600_000_000,
  d: 86_400_000_000,
};

/** Reads `250ms`, `1s`, `5m`, `1h`, `30d` as whole µs; undefined for anything else. */
export function parseDurationUs(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(us|ms|s|m|h|d)$/.exec(text);
  if (match === null) return undefined;
  const us = Number(match[1]) * (UNITS_US[match[2] as string] as number);
  return Number.isSafeInteger(us) ? us : undefined;
}

/** The shortest whole writing of a time in µs, as `parseDurationUs` reads it. */
export function formatDuration(us: number): string {
  const units = Object.entries(UNITS_US).reverse();
  const [unit, unitUs] = units.find(([, each]) => us > 0 && us % each === 0) ?? ['us', 1];
  return `${us / unitUs}${unit}`;
}

/** A duration option, written as `250ms`, `1s`, `5m` or `1h`; its value is µs. */
export function duration(minUs: number, maxUs: number) {
  return z.codec(z.string(), z.number(), {
    decode: (text, context) => {
      const us = parseDurationUs(text);
      if (us === undefined || us < minUs || us > maxUs) {
        const range = `from ${formatDuration(minUs)} to ${formatDuration(maxUs)}`;
        const message = `needs a time such as 250ms, 1s, 5m or 1h, ${range}, got "${text}"`;
        context.issues.push({ code: 'custom', message, input: text });
        return z.NEVER;
      }
      return us;
    },
    encode: formatDuration,
  });
}
