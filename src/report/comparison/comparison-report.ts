import type { Subject } from '../../analysis/compare/comparison.ts';
import type { Comparison } from '../../analysis/compare/result.ts';
import { badge, note, tiles } from '../blocks.ts';
import { element, fragment, type Markup } from '../markup.ts';
import { type ReportSection, reportPage } from '../page-shell.ts';
import { exact } from '../values.ts';
import { distributionFigures } from './distribution-figures.ts';
import { numberTable, testTable } from './tables.ts';

export interface ComparisonInput {
  readonly comparison: Comparison;
  readonly a: Subject;
  readonly b: Subject;
  /** Whether a file of thresholds says what may differ. */
  readonly hasThresholds: boolean;
  readonly version: string;
}

/** JSON in the page at most; beyond it the numbers are left out of it, and said to be. */
const JSON_BYTES_MAX = 600_000;

/** One page with both sides' numbers, the tests, and what of it is beyond the thresholds. */
export function comparisonReport(input: ComparisonInput): string {
  const { comparison, version } = input;
  const { a, b, remarks, failures } = comparison;
  const isWhole = Buffer.byteLength(JSON.stringify(comparison)) <= JSON_BYTES_MAX;
  const sections: ReportSection[] = [
    { id: 'summary', title: 'In short', content: summary(input) },
    ...listed('failures', 'Beyond the thresholds', failures),
    { id: 'tests', title: 'Tests', content: testTable(comparison) },
    { id: 'distributions', title: 'Distributions', content: distributionFigures(input) },
    { id: 'numbers', title: 'Numbers', content: numberTable(comparison) },
    ...listed('remarks', 'To know', remarks),
    { id: 'method', title: 'How this was made', content: method(comparison) },
  ];
  return reportPage({
    title: `${a.name} and ${b.name}`,
    subtitle: `${kind(a.kind)} a: ${a.name} · ${kind(b.kind)} b: ${b.name}`,
    sections,
    footer: [
      note(`Made by spikescope ${version} compare --html.`),
      !isWhole && note('Numbers are left out of the embedded JSON for its size; --json has them.'),
    ],
    data: { comparison: isWhole ? comparison : { ...comparison, numbers: [] } },
  });
}

function kind(of: 'recording' | 'run'): string {
  return of === 'run' ? 'Run' : 'Recording';
}

function summary({ comparison, hasThresholds }: ComparisonInput): Markup {
  const { different, passed, tests, numbers, alpha } = comparison;
  const changed = numbers.filter(({ difference }) => difference !== 0).length;
  const seen = different ? badge('warn', 'different') : badge('good', 'no difference seen');
  // Where nothing was tested nothing can have been seen.
  const word = tests.length === 0 ? 'nothing to test' : seen;
  const verdict = passed ? badge('good', 'passed') : badge('bad', 'failed');
  const called = tests.filter((test) => test.different).length;
  return tiles([
    {
      name: 'By the tests',
      value: word,
      note: `together at ${Number((alpha * 100).toFixed(6))} %`,
    },
    { name: 'Thresholds', value: hasThresholds ? verdict : 'none given' },
    { name: 'Tests that differ', value: exact(called), note: `of ${tests.length}` },
    { name: 'Numbers that differ', value: exact(changed), note: `of ${numbers.length}` },
  ]);
}

function listed(id: string, title: string, texts: readonly string[]): ReportSection[] {
  if (texts.length === 0) return [];
  const items = texts.map((text) => element('li', {}, text));
  return [{ id, title, content: element('ul', {}, items) }];
}

function method({ tests, alpha }: Comparison): Markup {
  const effect = tests[0]?.design_effect;
  return fragment(
    element(
      'p',
      {},
      'Rates: Mann–Whitney U, or Wilcoxon’s signed ranks where neurons of the same id do the same \
in both. Intervals: Kolmogorov–Smirnov, of one mean interval and one coefficient of variation a \
neuron. Both as SciPy 1.17.',
    ),
    element(
      'p',
      {},
      `Neurons of a network depend on one another: ${effect ?? 'several'} count as one. A test \
says “different” where its p, corrected for all tests together (Holm 1979), is below ${alpha}.`,
    ),
    element('p', {}, 'The numbers are in this page as JSON (the element with the id comparison).'),
  );
}
