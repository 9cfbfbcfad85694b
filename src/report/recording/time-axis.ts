import type { PictureData } from '../../analysis/pictures/pictures.ts';
import type { Analysis } from '../../analysis/result.ts';
import type { Axis } from '../plots/axes.ts';
import type { Stretch } from '../plots/line-plot.ts';
import { timeText } from '../values.ts';

/** Time since the start of the recording, in a unit that fits its length. */
export interface TimeAxis extends Axis {
  /** From µs since the start. */
  readonly of: (us: number) => number;
}

const UNITS: readonly (readonly [fromUs: number, unit: string, us: number])[] = [
  [7_200e6, 'h', 3_600e6],
  [300e6, 'min', 60e6],
  [1e6, 's', 1e6],
  [1e3, 'ms', 1e3],
  [0, 'µs', 1],
];

export function timeAxis({ plan: { startUs, lengthUs } }: PictureData): TimeAxis {
  const [, unit, us] = UNITS.find(([fromUs]) => lengthUs >= fromUs) ?? [0, 'µs', 1];
  const since = startUs === 0 ? '' : ` since ${timeText(startUs)}`;
  const scale = { from: 0, to: lengthUs / us, isLog: false };
  return { title: `time${since}, ${unit}`, scale, of: (at) => at / us };
}

/** The middles of the points of lines. */
export function pointTimes({ plan }: PictureData, axis: TimeAxis): Float64Array {
  const { points, pointUs, lengthUs } = plan;
  return Float64Array.from({ length: points }, (_, i) => {
    return axis.of((i * pointUs + Math.min(lengthUs, (i + 1) * pointUs)) / 2);
  });
}

/** Stretches that are marked; more of them are no help. */
const MARKS_MAX = 60;

/** When there were incidents: of the layer or chip, where one is named. */
export function incidentMarks(
  { incidents, duration_us }: Analysis,
  startUs: number,
  axis: TimeAxis,
  isOf: (incident: Analysis['incidents'][number]) => boolean = () => true,
): Stretch[] {
  return incidents
    .filter(isOf)
    .slice(0, MARKS_MAX)
    .map(({ t_start_us, t_end_us }) => ({
      from: axis.of(t_start_us - startUs),
      to: axis.of((t_end_us ?? startUs + duration_us) - startUs),
    }));
}
