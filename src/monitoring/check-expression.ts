import type { MetricCatalog } from './catalog.ts';
import { readExpression } from './promql.ts';

const OF_COUNTERS = new Set(['rate', 'irate', 'increase']);

/**
 * What is wrong with an expression, as far as the table of metrics tells: a series that nobody
 * gives, a label that it does not have, a rate of what is no counter.
 */
export function expressionFaults(expression: string, catalog: MetricCatalog): string[] {
  const { selectors, grouping } = readExpression(expression);
  const faults: string[] = [];
  const labels = new Set<string>();
  for (const { name, labels: named, isRange, within } of selectors) {
    const metric = catalog.get(name);
    if (metric === undefined) {
      faults.push(`there is no metric ${name}`);
      continue;
    }
    for (const label of metric.labels) labels.add(label);
    for (const label of named) {
      if (!metric.labels.includes(label)) faults.push(`${name} has no label ${label}`);
    }
    if (isRange && OF_COUNTERS.has(within ?? '') && metric.type !== 'counter') {
      faults.push(`${within} of ${name}, which is no counter`);
    }
  }
  if (faults.length > 0) return faults;
  for (const label of grouping) {
    if (!labels.has(label)) faults.push(`no metric in it has the label ${label}`);
  }
  return faults;
}

/** @throws Error that names where the expression stands and all that is wrong with it */
export function checkExpression(where: string, expression: string, catalog: MetricCatalog): void {
  const faults = expressionFaults(expression, catalog);
  if (faults.length > 0) throw new Error(`${where}: ${faults.join('; ')}: ${expression}`);
}
