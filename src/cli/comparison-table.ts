import type { Comparison, NumberResult, TestResult } from '../analysis/compare/result.ts';
import { printable, section, shown } from './text-table.ts';

/** Changes that a terminal has room for, the greatest first. */
const CHANGES_MAX = 30;

/** A comparison for a terminal: the tests, what changed most, what is beyond its limit. Rounded. */
export function comparisonTable(comparison: Comparison): string {
  const { a, b, tests, numbers, remarks, different, alpha } = comparison;
  const level = `${shown(alpha * 100)} %`;
  const seen = different
    ? `different (tests together at ${level})`
    : `no difference that the tests see (together at ${level})`;
  const verdict = tests.length === 0 ? 'no layer in both that a test could compare' : seen;
  return [
    `${printable(a.name)} and ${printable(b.name)}: ${verdict}`,
    ...section(testRows(tests)),
    ...section(numberRows(numbers)),
    '',
    ...remarks.map(printable),
    '',
  ].join('\n');
}

function testRows(tests: readonly TestResult[]): string[][] {
  if (tests.length === 0) return [];
  const titles = ['layer', 'quantity', 'median a', 'median b', 'effect', 'p', 'p adjusted', ''];
  return [
    titles,
    ...tests.map((test) => [
      printable(test.layer),
      test.quantity,
      shown(test.median_a),
      shown(test.median_b),
      shown(test.effect_size),
      shown(test.p_value),
      shown(test.p_adjusted),
      test.different ? 'different' : '',
    ]),
  ];
}

function numberRows(numbers: readonly NumberResult[]): string[][] {
  const size = ({ relative, difference, exceeds }: NumberResult): number =>
    exceeds ? Number.MAX_VALUE : Math.abs(relative ?? difference ?? 0);
  const changed = numbers
    .filter((number) => number.exceeds || number.difference !== 0)
    .sort((x, y) => size(y) - size(x))
    .slice(0, CHANGES_MAX);
  if (changed.length === 0) return [];
  return [
    ['number', 'a', 'b', 'change', ''],
    ...changed.map((number) => [
      printable(number.path),
      shown(number.a),
      shown(number.b),
      number.relative === null ? '-' : `${(number.relative * 100).toFixed(1)} %`,
      number.exceeds ? 'beyond its limit' : '',
    ]),
  ];
}
