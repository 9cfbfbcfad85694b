import type { NumberResult } from './result.ts';
import { type Limit, patternMatcher } from './thresholds.ts';

/** By path, with dots; null where undefined. */
export type Numbers = ReadonlyMap<string, number | null>;

/** Long lists, which are compared by tests if at all. */
const LISTS = new Set(['windows', 'rate_histogram', 'histogram', 'incidents']);

/** All single numbers of a result, in its order; truths as 0 and 1. */
export function numbersOf(value: object): Map<string, number | null> {
  const found = new Map<string, number | null>();
  collect(value, '', found);
  return found;
}

function collect(value: object, prefix: string, into: Map<string, number | null>): void {
  for (const [key, each] of Object.entries(value) as [string, unknown][]) {
    const path = prefix === '' ? key : `${prefix}.${key}`;
    if (typeof each === 'number') into.set(path, each);
    else if (typeof each === 'boolean') into.set(path, each ? 1 : 0);
    else if (each === null) into.set(path, null);
    else if (typeof each === 'object' && !Array.isArray(each) && !LISTS.has(key)) {
      collect(each, path, into);
    }
  }
}

/**
 * Both sides' numbers, each with the limit of the first key that means it. A number that one side
 * does not have differs by nothing that can be told, and exceeds any limit.
 */
export function compareNumbers(
  a: Numbers,
  b: Numbers,
  limits: Readonly<Record<string, Limit>>,
): NumberResult[] {
  const matchers = Object.entries(limits).map(([pattern, limit]) => {
    return { pattern, limit, means: patternMatcher(pattern) };
  });
  const results: NumberResult[] = [];
  for (const path of new Set([...a.keys(), ...b.keys()])) {
    const ofA = a.get(path) ?? null;
    const ofB = b.get(path) ?? null;
    const found = matchers.find(({ means }) => means(path));
    // Names and texts are null in both and no numbers; what a limit is set for is kept.
    if (ofA === null && ofB === null && found === undefined) continue;
    const difference = ofA === null || ofB === null ? null : ofB - ofA;
    const relative =
      difference === null || ofA === null || ofA === 0 ? null : difference / Math.abs(ofA);
    const row = { path, a: ofA, b: ofB, difference, relative };
    if (found === undefined) results.push(row);
    else {
      const limit = { pattern: found.pattern, ...found.limit };
      results.push({ ...row, limit, exceeds: exceeds(row, found.limit) });
    }
  }
  return results;
}

function exceeds({ a, b, difference }: NumberResult, { relative, absolute }: Limit): boolean {
  if (difference === null) return a !== b;
  const size = Math.abs(difference);
  if (absolute !== undefined && size > absolute) return true;
  return relative !== undefined && size > relative * Math.abs(a as number);
}
