import type { DocumentGroup } from '../../sinks/documents/document-store.ts';
import type { LogAnomaly } from './log-anomaly.ts';

/** Lines of level ERROR and CRITICAL by [event_type, error_type]. */
export interface ErrorKinds {
  readonly now: readonly DocumentGroup[];
  readonly before: readonly DocumentGroup[];
  /** Whether there is any line at all from before the range. */
  readonly hasHistory: boolean;
}

/**
 * Types of errors that no line before the range has. A line without an `error_type` is told by its
 * event (`hardware_error`). Where nothing is stored from before, each is new, and that says little.
 */
export function newErrorTypes({ now, before, hasHistory }: ErrorKinds): LogAnomaly[] {
  const known = countsByType(before);
  return [...countsByType(now)]
    .filter(([type]) => !known.has(type))
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .map(([type, count]) => ({
      type: 'new_error_type',
      count,
      severity: hasHistory ? 'warning' : 'info',
      error_type: type,
      has_history: hasHistory,
    }));
}

function countsByType(groups: readonly DocumentGroup[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { key, count } of groups) {
    const type = key[1] ?? key[0];
    if (typeof type === 'string') counts.set(type, (counts.get(type) ?? 0) + count);
  }
  return counts;
}
