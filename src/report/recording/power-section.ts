import type { PictureData } from '../../analysis/pictures/pictures.ts';
import type { PowerTrace } from '../../analysis/pictures/power-traces.ts';
import type { Analysis } from '../../analysis/result.ts';
import { figure, figures, note } from '../blocks.ts';
import { type Child, element, fragment, type Markup } from '../markup.ts';
import { HALF } from '../plots/axes.ts';
import { legend } from '../plots/legend.ts';
import { linePlot } from '../plots/line-plot.ts';
import { fromZeroScale, linearScale } from '../plots/scale.ts';
import { table } from '../table.ts';
import { exact, si } from '../values.ts';
import type { Detail, ReportInput } from './report-input.ts';
import { drawnEnvelope, incidentMarks, timeAxis } from './time-axis.ts';

/** Lines of one picture: the whole, and rails beside it. */
const LINES_MAX = 6;

/** Undefined where no power was recorded. */
export function powerSection(input: ReportInput, detail: Detail): Markup | undefined {
  const { analysis, pictures } = input;
  const traces = pictures?.power ?? [];
  if (Object.keys(analysis.power).length === 0 && traces.length === 0) return undefined;
  const byChip = Map.groupBy(traces, ({ chip }) => chip);
  const chips = [...byChip].slice(0, detail.layers);
  return fragment(
    powerTable(analysis, detail),
    pictures !== undefined &&
      figures(chips.map(([chip, list]) => powerFigure(input, pictures, chip, list))),
    byChip.size > chips.length && note(`${byChip.size - chips.length} more chips are not drawn.`),
  );
}

function powerTable({ power }: Analysis, detail: Detail): Markup {
  const watts = (value: number | null): Child => exact(value, si(value, 'W'));
  const rows = Object.entries(power).slice(0, detail.rows);
  return table({
    caption: 'Power of the chips: rail and component total, of the best origin',
    titles: ['chip', 'samples', 'mean', 'min', 'max', 'energy'],
    rows: rows.map(([chip, { samples, mean_watts, min_watts, max_watts, energy_joules }]) => [
      element('bdi', {}, chip),
      exact(samples),
      watts(mean_watts),
      watts(min_watts),
      watts(max_watts),
      exact(energy_joules, si(energy_joules, 'J')),
    ]),
  });
}

function powerFigure(
  { analysis, startUs }: ReportInput,
  pictures: PictureData,
  chip: string,
  traces: readonly PowerTrace[],
): Markup {
  const axis = timeAxis(pictures);
  const isWhole = ({ rail, component }: PowerTrace) => rail === 'total' && component === 'total';
  const lines = traces
    .toSorted((a, b) => Number(isWhole(b)) - Number(isWhole(a)))
    .slice(0, LINES_MAX);
  const high = extreme(
    lines.map(({ watts }) => watts.high),
    Math.max,
  );
  const low = extreme(
    lines.map(({ watts }) => watts.low),
    Math.min,
  );
  const drawn = lines.map(({ watts }) => drawnEnvelope(pictures, watts, axis));
  const plot = linePlot({
    label: `Power of ${chip} over time, from ${si(low, 'W')} to ${si(high, 'W')}`,
    size: HALF,
    x: axis,
    // Measured dynamic power can be below 0.
    y: {
      title: 'power, W',
      scale: low < 0 ? linearScale(low, Math.max(0, high)) : fromZeroScale(high),
      text: (value) => si(value, ''),
    },
    bands: drawn.map((envelope, series) => ({ ...envelope, series })),
    lines: drawn.map(({ x, mean }, series) => ({ x, y: mean, series })),
    marks: incidentMarks(analysis, startUs, axis, ({ device_type, chip_id, layer_name }) => {
      return layer_name === null && `${device_type}/${chip_id}` === chip;
    }),
  });
  return figure(
    element('bdi', {}, chip),
    fragment(plot, legend(lines.map((line, i) => [lineName(line), i]))),
    'Line: mean; light: least to greatest.',
  );
}

function lineName({ rail, component, origin }: PowerTrace): string {
  const what = rail === component ? rail : `${rail}, ${component}`;
  return `${what} (${origin})`;
}

function extreme(columns: readonly Float64Array[], of: (a: number, b: number) => number): number {
  let found = Number.NaN;
  for (const column of columns) {
    for (const value of column) {
      if (!Number.isNaN(value)) found = Number.isNaN(found) ? value : of(found, value);
    }
  }
  return found;
}
