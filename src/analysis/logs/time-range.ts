import { parseDurationUs } from '../../component/duration.ts';

/** [fromMs, toMs) since the Unix epoch. */
export interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A parameter that can't be read; its name, and what it needs. */
export class ParameterError extends Error {
  override readonly name = 'ParameterError';
  readonly parameter: string;

  constructor(parameter: string, message: string) {
    super(message);
    this.parameter = parameter;
  }
}

export const SINCE_DEFAULT = '1h';

const ISO = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2}))?$/;

/**
 * The range that `since` and `until` mean: each a time ago (`1h`, `30d`) or one of its own
 * (`2026-11-25`, `2026-11-25T08:00:00Z`). Without `until` it ends now, and this very ms is in it.
 * @throws ParameterError
 */
export function timeRange(
  { since = SINCE_DEFAULT, until }: { readonly since?: string; readonly until?: string },
  nowMs: number,
): TimeRange {
  const toMs = until === undefined ? nowMs + 1 : timeOf('until', until, nowMs);
  const fromMs = timeOf('since', since, nowMs);
  if (fromMs >= toMs) {
    const [from, to] = [fromMs, toMs].map((ms) => new Date(ms).toISOString());
    throw new ParameterError('since', `needs a time before the end, got ${from} and ${to}`);
  }
  return { fromMs, toMs };
}

function timeOf(parameter: string, text: string, nowMs: number): number {
  const agoUs = parseDurationUs(text);
  const ms = agoUs === undefined ? Date.parse(ISO.test(text) ? text : '') : nowMs - agoUs / 1000;
  if (ms >= 0) return Math.floor(ms);
  throw new ParameterError(
    parameter,
    `needs a time ago such as 1h or 30d, or one such as 2026-11-25T08:00:00Z, got "${text}"`,
  );
}

/** The range of the same length that ends where this one begins. */
export function rangeBefore({ fromMs, toMs }: TimeRange): TimeRange {
  return { fromMs: Math.max(0, fromMs - (toMs - fromMs)), toMs: fromMs };
}

/** A range as it is told: ISO 8601. */
export function shownRange({ fromMs, toMs }: TimeRange): {
  readonly from: string;
  readonly to: string;
} {
  return { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() };
}
