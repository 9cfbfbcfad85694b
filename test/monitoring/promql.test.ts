import { expect, it } from 'vitest';
import type { MetricCatalog } from '../../src/monitoring/catalog.ts';
import { checkExpression, expressionFaults } from '../../src/monitoring/check-expression.ts';
import { readExpression } from '../../src/monitoring/promql.ts';

function names(expression: string): string[] {
  return readExpression(expression).selectors.map(({ name }) => name);
}

it.each([
  ['up == 0 or absent(up{job="x"})', ['up', 'up']],
  ['sum by (a, b) (rate(c_total[5m])) / on (a) group_left (z) d', ['c_total', 'd']],
  ['sum(rate(c_total{l=~"a(b|c)"}[5m])) without (x)', ['c_total']],
  ['histogram_quantile(0.5, sum by (le) (rate(h_bucket[$__rate_interval])))', ['h_bucket']],
  ['x:y:rate5m > 1e3 # c_total\nand on () (vector(1) == 1)', ['x:y:rate5m']],
  ['max_over_time(a[1h] offset 5m) unless b', ['a', 'b']],
  ['a == bool 1 and b', ['a', 'b']],
])('%s names %j', (expression, expected) => {
  expect(names(expression)).toEqual(expected);
});

it('reads labels, ranges, groupings and what a selector is an argument of', () => {
  const read = readExpression('sum by (a) (rate(c_total{x="1",y!~"}"}[5m])) > on (b) d');
  expect(read).toEqual({
    selectors: [
      { name: 'c_total', labels: ['x', 'y'], isRange: true, within: 'rate' },
      { name: 'd', labels: [], isRange: false, within: undefined },
    ],
    grouping: ['a', 'b'],
  });
});

const CATALOG: MetricCatalog = new Map([
  ['c_total', { type: 'counter', labels: ['x'] }],
  ['g', { type: 'gauge', labels: ['x', 'y'] }],
]);

it.each([
  ['sum by (x) (rate(c_total{x="1"}[5m])) > g', []],
  ['rate(d_total[5m])', ['there is no metric d_total']],
  ['c_total{z="1"}', ['c_total has no label z']],
  ['rate(g[5m])', ['rate of g, which is no counter']],
  ['max_over_time(g[5m])', []],
  ['sum by (z) (g)', ['no metric in it has the label z']],
])('%s has the faults %j', (expression, faults) => {
  expect(expressionFaults(expression, CATALOG)).toEqual(faults);
});

it('says where an expression stands', () => {
  expect(() => checkExpression('panel P', 'nothing', CATALOG)).toThrow(
    'panel P: there is no metric nothing: nothing',
  );
});
