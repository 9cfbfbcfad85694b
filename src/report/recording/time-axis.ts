import type { PictureData } from '../../analysis/pictures/pictures.ts';
import type { Envelope } from '../../analysis/pictures/time-envelope.ts';
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

/** The middles of points of this length. */
export function pointTimes({ plan }: PictureData, pointUs: number, axis: TimeAxis): Float64Array {
  const { lengthUs } = plan;
  return Float64Array.from({ length: Math.ceil(lengthUs / pointUs) }, (_, i) => {
    return axis.of((i * pointUs + Math.min(lengthUs, (i + 1) * pointUs)) / 2);
  });
}

/** An envelope as it is drawn: points without a sample are a gap only where there are many. */
export interface DrawnEnvelope {
  readonly x: Float64Array;
  readonly mean: Float64Array;
  readonly low: Float64Array;
  readonly high: Float64Array;
}

/** Times as far as usual between two samples are a gap, where nothing is known. */
const GAP_STEPS = 8;

export function drawnEnvelope(
  pictures: PictureData,
  { mean, low, high }: Envelope,
  axis: TimeAxis,
): DrawnEnvelope {
  const times = pointTimes(pictures, pictures.plan.pointUs, axis);
  const known = Array.from(mean.keys()).filter((i) => !Number.isNaN(mean[i]));
  const steps = known.slice(1).map((at, i) => at - (known[i] as number));
  const usual = steps.toSorted((a, b) => a - b)[Math.floor(steps.length / 2)] ?? 1;
  // -1 is no point: what is looked up there is NaN, a gap.
  const points = known.flatMap((at, i) => {
    return i > 0 && (steps[i - 1] as number) > usual * GAP_STEPS ? [-1, at] : [at];
  });
  const of = (column: Float64Array) => Float64Array.from(points, (at) => column[at] ?? Number.NaN);
  return { x: of(times), mean: of(mean), low: of(low), high: of(high) };
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
