import { fisherExact, holmAdjusted } from '../../numerics/fisher-exact.ts';
import type { DocumentGroup } from '../../sinks/documents/document-store.ts';
import type { LogAnomaly } from './log-anomaly.ts';

/** A corrected p below this is out of line: one in a hundred reports of a healthy lab is wrong. */
const P_MAX = 0.01;

export const HARDWARE_TEST = "Fisher's exact test against all other hardware, one-sided, Holm";

interface Outcomes {
  finished: number;
  failed: number;
}

/**
 * Hardware on which more conversions fail than on all other hardware together, beyond chance.
 * Groups are [hardware_target, success, …]; those without a name have none to be told by.
 */
export function hardwareOutOfLine(ended: readonly DocumentGroup[]): LogAnomaly[] {
  const { byHardware, all } = outcomesOf(ended);
  const names = [...byHardware.keys()];
  const tables = [...byHardware.values()].map(({ finished, failed }) => ({
    having: failed,
    of: finished,
    otherHaving: all.failed - failed,
    otherOf: all.finished - finished,
  }));
  // Alone it has nothing to be compared with.
  if (names.length < 2) return [];
  const pValues = holmAdjusted(tables.map((table) => fisherExact(table, 'greater')));
  return names
    .map((hardware, i) => ({ hardware, p: pValues[i] as number, ...shares(tables[i] as Table) }))
    .filter(({ p }) => p < P_MAX)
    .sort((a, b) => a.p - b.p || (a.hardware < b.hardware ? -1 : 1))
    .map(({ hardware, p, failed, ...more }) => ({
      type: 'hardware_failure_share',
      count: failed,
      severity: 'warning',
      hardware,
      failed,
      ...more,
      test: HARDWARE_TEST,
      p_value: p,
    }));
}

interface Table {
  readonly having: number;
  readonly of: number;
  readonly otherHaving: number;
  readonly otherOf: number;
}

function shares({ having, of, otherHaving, otherOf }: Table) {
  return {
    failed: having,
    finished: of,
    failure_share: having / of,
    failure_share_elsewhere: otherHaving / otherOf,
  };
}

function outcomesOf(ended: readonly DocumentGroup[]): {
  readonly byHardware: ReadonlyMap<string, Outcomes>;
  readonly all: Outcomes;
} {
  const byHardware = new Map<string, Outcomes>();
  const all = { finished: 0, failed: 0 };
  for (const { key, count } of ended) {
    const [hardware, success] = key;
    if (typeof hardware !== 'string') continue;
    const outcomes = byHardware.get(hardware) ?? { finished: 0, failed: 0 };
    byHardware.set(hardware, outcomes);
    for (const each of [outcomes, all]) {
      each.finished += count;
      if (success === false) each.failed += count;
    }
  }
  return { byHardware, all };
}
