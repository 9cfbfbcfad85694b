import type { TestResult } from '../../analysis/compare/result.ts';
import { figure, figures, note } from '../blocks.ts';
import { fragment, type Markup } from '../markup.ts';
import { HALF } from '../plots/axes.ts';
import { legend } from '../plots/legend.ts';
import { linePlot } from '../plots/line-plot.ts';
import { fromZeroScale, linearScale } from '../plots/scale.ts';
import type { ComparisonInput } from './comparison-report.ts';

/** Pictures at most, those that differ first, and points of a line. */
const FIGURES_MAX = 24;
const POINTS_MAX = 240;

const AXES: Readonly<Record<string, string>> = {
  rate_hz: 'rate of a neuron, Hz',
  isi_mean_ms: 'mean interval of a neuron, ms',
  isi_cv: 'CV of a neuron’s intervals',
};

/** What share of neurons is at or below each value, of a and of b: what the tests look at. */
export function distributionFigures({ comparison, a, b }: ComparisonInput): Markup {
  const tests = comparison.tests.filter(({ quantity }) => AXES[quantity] !== undefined);
  const shownTests = [...tests]
    .sort((x, y) => Number(y.different) - Number(x.different))
    .slice(0, FIGURES_MAX);
  if (shownTests.length === 0) return note('No neuron’s own values are known of both.');
  const pictures = shownTests.map((test) => {
    const samples = [a, b].map((side) => side.samples.get(test.layer)?.[test.quantity]);
    return pictureOf(
      test,
      samples.map((values) => (values ?? new Float64Array(0)).slice().sort()),
    );
  });
  const left = tests.length - shownTests.length;
  return fragment(
    legend([
      [`a: ${a.side.name}`, 0],
      [`b: ${b.side.name}`, 1],
    ]),
    figures(pictures),
    left > 0 && note(`${left} more are not drawn.`),
  );
}

function pictureOf(test: TestResult, sides: readonly Float64Array[]): Markup {
  const max = Math.max(...sides.map((values) => values.at(-1) ?? 0));
  const plot = linePlot({
    label: `Share of neurons of ${test.layer} by ${test.quantity}, a and b`,
    size: HALF,
    x: { title: AXES[test.quantity] as string, scale: fromZeroScale(max) },
    y: { title: 'share of neurons', scale: linearScale(0, 1) },
    lines: sides.map((values, series) => ({ ...cumulative(values), series })),
  });
  return figure(`${test.layer}: ${test.quantity}${test.different ? ' (different)' : ''}`, plot);
}

/** The empirical distribution function, at some of its steps. */
function cumulative(values: Float64Array): { x: number[]; y: number[] } {
  const x: number[] = [];
  const y: number[] = [];
  const points = Math.min(values.length, POINTS_MAX);
  for (let k = 0; k < points; k++) {
    const i = Math.ceil(((k + 1) * values.length) / points) - 1;
    // A step: it is not reached before the value.
    x.push(values[i] as number, values[i] as number);
    y.push(y.at(-1) ?? 0, (i + 1) / values.length);
  }
  return { x, y };
}
